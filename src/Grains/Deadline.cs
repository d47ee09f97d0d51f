using Forge.Storage;
using Orleans.Runtime;

namespace Forge.Grains;

/// <summary>
/// "At this instant, at the latest, do X" for one grain: a timer for precision while the activation lives, a reminder so that it survives the process,
/// and a row so that the sweep finds it when both were lost. What is due is always decided from the grain's own timestamps; this only wakes it up.
/// </summary>
public sealed class Deadline(IGrainBase grain, TimeProvider time, DeadlineStore store, string kind, string name, Func<Task> due) : IDisposable
{
    private static readonly TimeSpan ReminderPeriod = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(20);
    private IGrainTimer? _timer;

    /// <summary>The instant it is armed for, or null.</summary>
    public DateTimeOffset? DueAt { get; private set; }

    /// <summary>Arms it for an instant; the row is written first, so that nothing but the store has to survive. Nothing is written when row and reminder are there already.</summary>
    public async Task ArmAsync(DateTimeOffset at)
    {
        if (DueAt == at) return;
        var key = grain.GrainContext.GrainId.Key.ToString()!;
        // At a start every grain arms what an earlier activation has armed: two reads instead of two writes that each wait for the disk, one after the other for all grains.
        if (DueAt is not null || await store.FindAsync(kind, key, name, default) != at || await grain.GetReminder(name) is null)
        {
            await store.SetAsync(kind, key, name, at, default);
            await grain.RegisterOrUpdateReminder(name, Wait(at), ReminderPeriod);
        }
        DueAt = at;
        StartTimer(Wait(at));
    }

    /// <summary>Done: nothing will wake the grain for it any more.</summary>
    public async Task DisarmAsync()
    {
        _timer?.Dispose();
        (_timer, DueAt) = (null, null);
        await store.ClearAsync(kind, grain.GrainContext.GrainId.Key.ToString()!, name, default);
        if (await grain.GetReminder(name) is { } reminder) await grain.UnregisterReminder(reminder);
    }

    /// <inheritdoc/>
    public void Dispose() => _timer?.Dispose();

    private TimeSpan Wait(DateTimeOffset at)
    {
        var wait = at - time.GetUtcNow();
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }

    private void StartTimer(TimeSpan wait)
    {
        _timer?.Dispose();
        var first = wait < LongestTimer ? wait : LongestTimer;
        _timer = grain.RegisterGrainTimer(
            async _ =>
            {
                if (DueAt is { } at && Wait(at) > TimeSpan.Zero) StartTimer(Wait(at));   // timers may fire some milliseconds early
                else await due();
            },
            new GrainTimerCreationOptions(first, Timeout.InfiniteTimeSpan) { KeepAlive = true });
    }
}
