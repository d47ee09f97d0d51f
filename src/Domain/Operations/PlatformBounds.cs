using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Forge.Domain.Operations;

/// <summary>The bounds that our own figures are judged by, and the judgement.</summary>
public static class PlatformBounds
{
    /// <summary>A deadline is met by its timer, else by the sweep of every 5 s: later than twice that, somebody missed it.</summary>
    public static readonly TimeSpan DeadlineGrace = TimeSpan.FromSeconds(10);

    /// <summary>Age beyond which a reading says nothing about now.</summary>
    public static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(30);

    /// <summary>Largest value that is well. A figure that is not here has no bound.</summary>
    private static readonly FrozenDictionary<PlatformFigure, double> Most = new Dictionary<PlatformFigure, double>
    {
        [PlatformFigure.Cpu] = 800_000,          // above it every queue grows
        [PlatformFigure.GcPause] = 50_000,       // 50 ms of every second
        [PlatformFigure.PoolQueue] = 200,        // answers begin to wait
        [PlatformFigure.IngestRefused] = 0,      // somebody's figures are incomplete
        [PlatformFigure.DecodeP99] = 50,
        [PlatformFigure.TelemetryLag] = 60,      // senders report every 15 s, some every minute
        [PlatformFigure.LiveAge] = 3,            // a silo sends at least every second; the browser greys at 10 s
        [PlatformFigure.WriteP99] = 250,
        [PlatformFigure.WriteQueue] = 50,
        [PlatformFigure.OutboxAge] = 60,
        [PlatformFigure.OutboxDead] = 0,
        [PlatformFigure.DeadlinesOverdue] = 0,
        [PlatformFigure.CheckpointAge] = 30,     // written every 10 s while telemetry comes
        [PlatformFigure.ReminderLate] = 15,      // a period of a reminder; until then timers and sweeps do its work
        [PlatformFigure.ClockOffset] = 2_000,    // signed calls are refused at 5 s
        [PlatformFigure.JournalCheckAge] = 180,  // checked every 60 s
        [PlatformFigure.JournalFindings] = 0,
    }.ToFrozenDictionary();

    /// <summary>Share of the allowed memory above which the process is near its end, ppm.</summary>
    public const int MemoryPpm = 850_000;

    /// <summary>Judges every reading at an instant.</summary>
    /// <param name="readings">What was measured.</param>
    /// <param name="memoryLimitBytes">Memory that the process may use; 0 = not known.</param>
    /// <param name="now">The reader's instant.</param>
    public static ImmutableArray<JudgedFigure> Judge(IEnumerable<FigureReading> readings, long memoryLimitBytes, DateTimeOffset now)
    {
        var all = readings.ToArray();
        // Checkpoints are written while telemetry comes: without it an old one is as good as a new one.
        var quiet = !all.Any(r => r is { Figure: PlatformFigure.IngestAccepted, Value: > 0 });
        return
        [
            .. all.Select(r =>
            {
                var bound = BoundOf(r.Figure, memoryLimitBytes);
                return new JudgedFigure(r.Figure, r.Value, bound, StateOf(r, bound, quiet, now), r.At);
            }),
        ];
    }

    /// <summary>The bound of a figure, or null.</summary>
    public static double? BoundOf(PlatformFigure figure, long memoryLimitBytes) =>
        figure == PlatformFigure.Memory ? (memoryLimitBytes > 0 ? (double)(memoryLimitBytes / 1_000_000 * MemoryPpm) : null)
        : Most.TryGetValue(figure, out var most) ? most
        : null;

    private static FigureState StateOf(FigureReading reading, double? bound, bool quiet, DateTimeOffset now) =>
        bound is not { } most || (quiet && reading.Figure == PlatformFigure.CheckpointAge) ? FigureState.NotJudged
        : now - reading.At > FreshFor ? FigureState.Unknown
        : reading.Value is not { } value ? (MayBeMissing(reading.Figure) ? FigureState.NotJudged : FigureState.Unknown)
        : value > most ? FigureState.Beyond
        : FigureState.Within;

    /// <summary>Nothing was decoded, nothing written, nothing waits: then there is no such figure, and nothing is wrong.</summary>
    private static bool MayBeMissing(PlatformFigure figure) =>
        figure is PlatformFigure.DecodeP99 or PlatformFigure.WriteP99 or PlatformFigure.OutboxAge or PlatformFigure.JournalCheckAge or PlatformFigure.TelemetryLag or PlatformFigure.ReminderLate or PlatformFigure.ClockOffset;
}
