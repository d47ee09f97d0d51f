namespace Forge.Dashboard.Identity;

/// <summary>A command that waits until the person has proved who they are.</summary>
/// <param name="Purpose">What the proof is for.</param>
/// <param name="Subject">On what.</param>
public sealed record StepUpQuestion(string Purpose, string Subject);

/// <summary>Between a refused command and the dialog that asks for the proof. One question at a time; the others wait.</summary>
public sealed class StepUpDesk
{
    private TaskCompletionSource<string?>? _answer;

    /// <summary>A question came or went.</summary>
    public event Action? Changed;

    /// <summary>What is asked now, or null.</summary>
    public StepUpQuestion? Question { get; private set; }

    /// <summary>Asks. The step-up's id, or null when the person left it or no dialog is there to ask.</summary>
    public async Task<string?> AskAsync(StepUpQuestion question)
    {
        while (_answer is { } before) await before.Task;
        if (Changed is null) return null;
        (_answer, Question) = (new TaskCompletionSource<string?>(), question);
        Changed.Invoke();
        return await _answer.Task;
    }

    /// <summary>The dialog's answer: the step-up's id, or null when it was left.</summary>
    public void Answer(string? stepUpId)
    {
        var waiting = _answer;
        (_answer, Question) = (null, null);
        Changed?.Invoke();
        waiting?.SetResult(stepUpId);
    }
}
