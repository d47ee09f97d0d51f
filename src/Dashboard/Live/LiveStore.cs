using Forge.Domain.Live;
using Forge.Domain.Sla;

namespace Forge.Dashboard.Live;

/// <summary>State of the live connection as a person reads it.</summary>
public enum LinkState
{
    /// <summary>Not connected yet.</summary>
    Connecting,

    /// <summary>Connected, heard within the last 10 s.</summary>
    Live,

    /// <summary>Connected, but neither frame nor heartbeat for 10 s, or the server itself hears nothing from its silos.</summary>
    Silent,

    /// <summary>The connection is gone; reconnecting.</summary>
    Lost,
}

/// <summary>What was caught up after a loss.</summary>
/// <param name="LostFor">How long nothing was heard.</param>
/// <param name="Changes">Things that changed meanwhile.</param>
/// <param name="Fresh">A whole new snapshot was needed.</param>
/// <param name="At">When it was caught up, monotonic.</param>
public sealed record Recovery(TimeSpan LostFor, int Changes, bool Fresh, long At);

/// <summary>
/// The browser's board: numbered frames in, Domain's reducer, ages on the monotonic clock counted from the server's time at receipt.
/// Changes are announced at most every 100 ms; <see cref="Second"/> drives ages.
/// </summary>
public sealed class LiveStore : IDisposable
{
    /// <summary>Silence after which nothing on the board is trusted any more.</summary>
    public static readonly TimeSpan SilentAfter = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan RepaintEvery = TimeSpan.FromMilliseconds(100);

    private readonly TimeProvider _time;
    private readonly HashSet<string> _changed = new(StringComparer.Ordinal);
    private readonly List<LiveFrame> _held = [];
    private readonly ITimer _repaint;
    private readonly ITimer _second;
    private bool _repaintDue;
    private bool _starting;
    private bool _behind;
    private DateTimeOffset? _serverTime;
    private long _serverTimeAt;
    private long _heardAt;
    private TimeSpan _feedAge;

    /// <summary>Makes an empty store.</summary>
    public LiveStore(TimeProvider time)
    {
        _time = time;
        _repaint = time.CreateTimer(_ => Announce(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _second = time.CreateTimer(_ => Second?.Invoke(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    /// <summary>Keys of things that changed since the last announcement; at most every 100 ms.</summary>
    public event Action<IReadOnlySet<string>>? Changed;

    /// <summary>Once a second, for ages and clocks.</summary>
    public event Action? Second;

    /// <summary>The link changed its state.</summary>
    public event Action? LinkChanged;

    /// <summary>The board.</summary>
    public LiveBoard Board { get; } = new();

    /// <summary>Run of the web node, null before the first start.</summary>
    public string? NodeEpoch { get; private set; }

    /// <summary>Number of the last delta taken in.</summary>
    public long Sequence { get; private set; }

    /// <summary>Beats heard; a wall shows it moving.</summary>
    public long Beats { get; private set; }

    /// <summary>Version of the server, once heard.</summary>
    public string? ServerVersion { get; private set; }

    /// <summary>Whether the connection is up.</summary>
    public bool Connected { get; private set; }

    /// <summary>True once a snapshot was taken in.</summary>
    public bool HasBoard { get; private set; }

    /// <summary>What the last recovery caught up, null when there was none.</summary>
    public Recovery? Recovered { get; private set; }

    /// <summary>The server's clock, carried on by the monotonic one.</summary>
    public DateTimeOffset Now => _serverTime is { } t ? t + _time.GetElapsedTime(_serverTimeAt) : _time.GetUtcNow();

    /// <summary>Time since the server was last heard; zero before it ever was.</summary>
    public TimeSpan Silence => _heardAt == 0 ? TimeSpan.Zero : _time.GetElapsedTime(_heardAt);

    /// <summary>The instant up to which the board can be trusted.</summary>
    public DateTimeOffset LastGood => Now - (Silence > FeedSilence ? Silence : FeedSilence);

    /// <summary>State of the link now.</summary>
    public LinkState Link =>
        !HasBoard && !Connected ? LinkState.Connecting
        : !Connected ? LinkState.Lost
        : !HasBoard ? LinkState.Connecting
        : Silence > SilentAfter || FeedSilence > SilentAfter ? LinkState.Silent
        : LinkState.Live;

    /// <summary>True when no figure on the board may be shown as current.</summary>
    public bool Untrusted => HasBoard && (Silence > SilentAfter || FeedSilence > SilentAfter);

    private TimeSpan FeedSilence => _feedAge == TimeSpan.Zero ? TimeSpan.Zero : _feedAge + Silence;

    /// <summary>Age of a tile's data at the reader's clock; <see cref="TimeSpan.MaxValue"/> when there never was any.</summary>
    public TimeSpan AgeOf(SlaTile tile) => tile.DataAt is { } at ? Now - at : TimeSpan.MaxValue;

    /// <summary>Level of a tile at the reader's clock.</summary>
    public Health HealthOf(SlaTile tile) => tile.HealthAt(AgeOf(tile));

    /// <summary>A start was asked for: frames that come before its answer wait.</summary>
    public void Starting()
    {
        Connected = true;
        _starting = true;
        LinkChanged?.Invoke();
    }

    /// <summary>Takes the answer to a start in, then the frames that waited. False when those leave a gap.</summary>
    public bool Take(LiveStart start)
    {
        var lostFor = HasBoard ? Silence : TimeSpan.Zero;
        var changes = 0;
        if (start.Snapshot is { } snapshot)
        {
            var before = Board.Things.ToDictionary(StringComparer.Ordinal);
            Board.Reset(snapshot.Things);
            foreach (var thing in snapshot.Things)
            {
                if (!before.Remove(thing.Thing, out var old) || thing.IsNewerThan(old)) changes++;
                Mark(thing.Thing);
            }
            foreach (var gone in before.Keys) Mark(gone);
            (NodeEpoch, Sequence) = (snapshot.NodeEpoch, snapshot.Sequence);
            Heard(snapshot.ServerTime);
        }
        else if (start.Resume is { } resume)
        {
            changes = resume.Deltas.Count(Apply);
            (NodeEpoch, Sequence) = (resume.NodeEpoch, resume.To);
            Heard(resume.ServerTime);
        }
        if (HasBoard && lostFor > SilentAfter / 2) Recovered = new Recovery(lostFor, changes, start.Snapshot is not null, _time.GetTimestamp());
        (HasBoard, Connected, _starting, _behind, _feedAge) = (true, true, false, false, TimeSpan.Zero);
        var held = _held.ToArray();
        _held.Clear();
        LinkChanged?.Invoke();
        return held.All(Take);
    }

    /// <summary>Takes a frame in. False when frames are missing before it: ask for a start again.</summary>
    public bool Take(LiveFrame frame)
    {
        if (_starting || !HasBoard)
        {
            if (_held.Count < 1_000) _held.Add(frame);
            return true;
        }
        if (!string.Equals(frame.NodeEpoch, NodeEpoch, StringComparison.Ordinal) || frame.From > Sequence + 1) return false;
        if (frame.To <= Sequence) return true;
        foreach (var delta in frame.Deltas) Apply(delta);
        Sequence = frame.To;
        _behind = false;
        _feedAge = TimeSpan.Zero;
        Heard(frame.ServerTime);
        return true;
    }

    /// <summary>Takes a heartbeat in. False when it shows that frames were lost.</summary>
    public bool Take(LiveHeartbeat beat)
    {
        if (!HasBoard || _starting) return true;
        if (!string.Equals(beat.NodeEpoch, NodeEpoch, StringComparison.Ordinal)) return false;
        // A beat may overtake the frame it announces once; twice in a row means that the frame is lost.
        var behind = beat.Sequence > Sequence;
        if (behind && _behind) return false;
        _behind = behind;
        Beats++;
        ServerVersion = beat.Version;
        _feedAge = TimeSpan.FromMilliseconds(beat.FeedAgeMs);
        Heard(beat.ServerTime);
        LinkChanged?.Invoke();
        return true;
    }

    /// <summary>The connection is gone; the board stays, greyed by the clock.</summary>
    public void Lost()
    {
        Connected = false;
        _starting = false;
        _held.Clear();
        LinkChanged?.Invoke();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _repaint.Dispose();
        _second.Dispose();
    }

    private bool Apply(LiveDelta delta)
    {
        if (!Board.Apply(delta)) return false;
        Mark(delta.Thing);
        return true;
    }

    private void Heard(DateTimeOffset serverTime)
    {
        _heardAt = _time.GetTimestamp();
        (_serverTime, _serverTimeAt) = (serverTime, _heardAt);
    }

    private void Mark(string thing)
    {
        _changed.Add(thing);
        if (_repaintDue) return;
        _repaintDue = true;
        _repaint.Change(RepaintEvery, Timeout.InfiniteTimeSpan);
    }

    private void Announce()
    {
        _repaintDue = false;
        if (_changed.Count == 0) return;
        var changed = _changed.ToHashSet(StringComparer.Ordinal);
        _changed.Clear();
        Changed?.Invoke(changed);
    }
}
