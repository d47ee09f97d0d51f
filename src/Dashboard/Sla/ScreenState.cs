using Forge.Dashboard.Api;
using Forge.Dashboard.Live;
using Forge.Domain.Audit;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Sla;

/// <summary>What a screen without a person shows.</summary>
public enum ScreenStep
{
    /// <summary>Asks the server what it is.</summary>
    Asking,

    /// <summary>Shows a code and waits for an administrator.</summary>
    Pairing,

    /// <summary>Shows the board.</summary>
    Paired,

    /// <summary>An administrator took the board away.</summary>
    Revoked,
}

/// <summary>
/// A wall screen without a person: asks to be paired, waits, then shows the board for as long as it may, and reports how far it is. It goes on by itself after any failure.
/// Source: sla.md 11.
/// </summary>
public sealed class ScreenState(ForgeApi api, LiveConnection connection, LiveStore store, NavigationManager navigation, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan PollEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan TryAgainAfter = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ReportEvery = TimeSpan.FromSeconds(15);

    private ITimer? _next;
    private long _begunAt;
    private TimeSpan _left;
    private bool _busy;

    /// <summary>Something to show changed.</summary>
    public event Action? Changed;

    /// <summary>What it shows.</summary>
    public ScreenStep Step { get; private set; }

    /// <summary>The code it shows, null while there is none.</summary>
    public PairingStarted? Pairing { get; private set; }

    /// <summary>What an administrator called it.</summary>
    public string? Name { get; private set; }

    /// <summary>Why it cannot go on now; it tries again by itself.</summary>
    public Problem? Problem { get; private set; }

    /// <summary>True while the page is a screen's and not a person's.</summary>
    public bool Running { get; private set; }

    /// <summary>Time until the code runs out.</summary>
    public TimeSpan Left => _left - time.GetElapsedTime(_begunAt) is { Ticks: > 0 } left ? left : TimeSpan.Zero;

    /// <summary>Age of the board on this screen.</summary>
    public TimeSpan DataAge => store.HasBoard ? store.Now - store.LastGood : TimeSpan.Zero;

    /// <summary>Begins: nobody is signed in, and this is the wallboard.</summary>
    public void Start()
    {
        if (Running) return;
        Running = true;
        connection.Refused += Refused;
        store.Second += Second;
        _ = AskAsync();
    }

    /// <summary>Asks for a new code, also after the board was taken away.</summary>
    public async Task PairAsync()
    {
        var answer = await api.SendAsync(HttpMethod.Post, "api/displays/pairings", ForgeJson.Default.PairingStarted);
        Problem = answer.Problem;
        Step = ScreenStep.Pairing;
        if (answer.Value is { } begun) (Pairing, _begunAt, _left) = (begun, time.GetTimestamp(), begun.ExpiresAt - begun.ServerTime);
        Then(answer.Succeeded ? PollEvery : TryAgainAfter, answer.Succeeded ? PollAsync : PairAsync);
        Changed?.Invoke();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        connection.Refused -= Refused;
        store.Second -= Second;
        _next?.Dispose();
    }

    private async Task AskAsync()
    {
        var answer = await api.GetAsync("api/displays/self", ForgeJson.Default.DisplaySelf);
        Problem = answer.Problem;
        if (answer.Value is not { } self) Then(TryAgainAfter, AskAsync);
        else if (self.State == DisplayState.PAIRED) Show(self);
        else if (Step == ScreenStep.Paired) navigation.NavigateTo(navigation.Uri, forceLoad: true);   // nothing of the board stays in memory
        else if (self.State == DisplayState.REVOKED) (Step, Name) = (ScreenStep.Revoked, self.Name);
        else await PairAsync();
        Changed?.Invoke();
    }

    private void Show(DisplaySelf self)
    {
        (Step, Name, Pairing) = (ScreenStep.Paired, self.Name, null);
        connection.Start();
    }

    private async Task PollAsync()
    {
        if (Pairing is not { } pairing) return;
        var answer = await api.GetAsync("api/displays/pairings/" + pairing.Id, ForgeJson.Default.PairingView);
        if (answer.Value?.State == DisplayState.PAIRED) await AskAsync();
        else if (answer.Value?.State == DisplayState.EXPIRED || answer.Problem?.Status == 404 || Left == TimeSpan.Zero) await PairAsync();
        else Then(PollEvery, PollAsync);
    }

    // The connection is tried again for ever; the first refusal of a screen that showed the board asks why.
    private void Refused()
    {
        if (Step != ScreenStep.Paired || _busy) return;
        _busy = true;
        _ = AskOnceAsync();

        async Task AskOnceAsync()
        {
            await AskAsync();
            _busy = false;
        }
    }

    private void Second()
    {
        if (Step == ScreenStep.Pairing) Changed?.Invoke();
        if (Step != ScreenStep.Paired) return;
        Changed?.Invoke();
        if (store.HasBoard && store.Now.ToUnixTimeSeconds() % (long)ReportEvery.TotalSeconds == 0) _ = connection.ReportAsync(store.Sequence, (long)DataAge.TotalMilliseconds);
    }

    private void Then(TimeSpan after, Func<Task> what)
    {
        _next?.Dispose();
        _next = time.CreateTimer(_ => _ = what(), null, after, Timeout.InfiniteTimeSpan);
    }
}
