using Forge.Dashboard.Api;

namespace Forge.Dashboard.Live;

/// <summary>Something of the API that a page reads again while it is open: one question at a time, the newest answer with its age, and the problem of the last question.</summary>
/// <param name="store">The page's clock.</param>
/// <param name="ask">Asks once.</param>
public sealed class Reread<T>(LiveStore store, Func<Task<Answer<T>>> ask)
    where T : class
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StaleAfter = TimeSpan.FromSeconds(15);

    private DateTimeOffset _askedAt;
    private DateTimeOffset _loadedAt;
    private bool _asking;

    /// <summary>The newest answer; null before the first.</summary>
    public T? Value { get; private set; }

    /// <summary>Why the last question was not answered; null when it was.</summary>
    public Problem? Problem { get; private set; }

    /// <summary>Age of <see cref="Value"/>.</summary>
    public TimeSpan Age => store.Now - _loadedAt;

    /// <summary>True when three answers are missing: what is shown may not be true any more.</summary>
    public bool Old => Value is not null && Age >= StaleAfter;

    /// <summary>Asks now, unless a question is under way.</summary>
    public async Task LoadAsync()
    {
        if (_asking) return;
        (_asking, _askedAt) = (true, store.Now);
        var answer = await ask();
        _asking = false;
        Problem = answer.Problem;
        if (answer.Value is { } value) (Value, _loadedAt) = (value, store.Now);
    }

    /// <summary>Asks when it is time; called every second.</summary>
    public Task TickAsync() => store.Now - _askedAt >= Every ? LoadAsync() : Task.CompletedTask;
}
