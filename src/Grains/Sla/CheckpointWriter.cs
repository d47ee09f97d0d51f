using Forge.Domain.Sla;
using Forge.Storage.Sla;
using Orleans.Runtime;

namespace Forge.Grains.Sla;

/// <summary>
/// The Checkpoint mechanism of one SLA grain: every 10 s when dirty, at most 250 ms after somebody waits for it, and on deactivation.
/// Tickets tell waiting senders when a checkpoint holds their batch. Hours that were sealed travel with it.
/// </summary>
internal sealed class CheckpointWriter(CheckpointBatcher batcher, string organizationId, TimeProvider time, Action giveUp)
{
    private static readonly TimeSpan Lazy = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Eager = TimeSpan.FromMilliseconds(250);

    private const long HourMs = 3_600_000;

    private readonly List<(long Ticket, TaskCompletionSource Done)> _waiting = [];
    private IGrainTimer _timer = null!;
    private SlaEngine _engine = null!;
    private DateTimeOffset? _due;
    private Task _inFlight = Task.CompletedTask;
    private long _version;
    private long _epoch;
    private long _first;
    private long _issued;
    private long _saved;
    private bool _writing;
    private bool _lost;

    /// <summary>Since when no checkpoint could be written; null while all is well.</summary>
    public DateTimeOffset? FailingSince { get; private set; }

    /// <summary>Binds it to the grain's engine and timer; <paramref name="version"/> is the stored checkpoint's, 0 without one.</summary>
    public void Start(SlaEngine engine, long epoch, long version, Func<Func<CancellationToken, Task>, IGrainTimer> register)
    {
        // Tickets of another activation must never look like ours.
        (_engine, _epoch, _version) = (engine, epoch, version);
        _first = _issued = _saved = time.GetUtcNow().UtcTicks;
        _timer = register(WriteAsync);
        Schedule(Lazy);   // hours may have been sealed while nobody was here
    }

    /// <summary>A ticket for what has been applied up to now; brings the next checkpoint forward.</summary>
    public long Issue()
    {
        Schedule(Eager);
        return ++_issued;
    }

    /// <summary>Something changed: the next checkpoint follows within 10 s, or at once when a sender runs ahead of it.</summary>
    public void Touch()
    {
        if (_engine.WantsCheckpoint) Schedule(TimeSpan.Zero);
        else if (_engine.Dirty) Schedule(Lazy);
    }

    /// <summary>Completes when a checkpoint holds the ticket; a ticket of an earlier activation is unknown and faults, so that the sender repeats.</summary>
    public Task WaitAsync(long ticket)
    {
        if (ticket > _first && ticket <= _saved) return Task.CompletedTask;
        if (ticket <= _first || ticket > _issued) return Task.FromException(new InvalidOperationException("The activation that took this batch is gone; send it again."));
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Add((ticket, done));
        return done.Task;
    }

    /// <summary>Writes everything there is, also what changed while a write was under way; for deactivation.</summary>
    public async Task FlushAsync(CancellationToken cancellation)
    {
        while (_writing) await _inFlight.WaitAsync(cancellation);
        await WriteAsync(cancellation);
    }

    /// <summary>Writes now (timer). A newer checkpoint in the store means another activation writes: this one gives up.</summary>
    public Task WriteAsync(CancellationToken cancellation)
    {
        _due = null;   // also while a write is under way: its end schedules the next one, which a due time in the past would keep from being set
        if (_writing) return Task.CompletedTask;
        return _inFlight = WriteOneAsync(cancellation);
    }

    private async Task WriteOneAsync(CancellationToken cancellation)
    {
        _writing = true;
        var ticket = _issued;
        var replaced = false;
        try
        {
            var now = time.GetUtcNow();
            var (hours, urgent) = (_engine.TakeSealedHours(organizationId, now), _engine.WantsCheckpoint);   // taking the checkpoint answers the wish
            if (_engine.Dirty || _lost || ticket > _saved || !hours.IsEmpty)
            {
                replaced = !await batcher.WriteAsync(new CheckpointWrite(organizationId, _version, _epoch, now, _engine.Checkpoint(), hours), urgent, cancellation);
                if (replaced) throw new InvalidOperationException("Another activation has written a newer checkpoint.");
                _version++;
                _engine.MarkClean();   // only now: a repetition that arrives meanwhile has to wait too
                _engine.MarkHoursStored(hours);
            }
            (_saved, _lost, FailingSince) = (ticket, false, null);
            Settle(ticket, null);
        }
        catch (Exception error)
        {
            _lost = true;
            FailingSince ??= time.GetUtcNow();
            Settle(ticket, error);
            if (replaced) giveUp();
        }
        finally
        {
            (_writing, _due) = (false, null);   // a tick that came meanwhile did nothing: what it was for is scheduled anew
        }
        if (_lost && !replaced) Schedule(TimeSpan.FromSeconds(1));
        if (_issued > _saved) Schedule(Eager);
        else Touch();
        Schedule(UntilAnHourIsSealed());
    }

    /// <summary>An hour becomes a row although nothing new arrives.</summary>
    private TimeSpan UntilAnHourIsSealed()
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        return TimeSpan.FromMilliseconds(HourMs - ((now - SlaEngine.SealAfterMs) % HourMs));
    }

    private void Schedule(TimeSpan wait)
    {
        var now = time.GetUtcNow();
        var due = wait < Lazy ? now + wait : Pace.BeforeStep(now + wait);
        if (_due is { } earlier && earlier <= due) return;
        _due = due;
        _timer.Change(due - now, Timeout.InfiniteTimeSpan);
    }

    private void Settle(long ticket, Exception? error)
    {
        for (var i = _waiting.Count - 1; i >= 0; i--)
        {
            if (_waiting[i].Ticket > ticket) continue;
            if (error is null) _waiting[i].Done.TrySetResult();
            else _waiting[i].Done.TrySetException(new InvalidOperationException("The checkpoint could not be written.", error));
            _waiting.RemoveAt(i);
        }
    }
}
