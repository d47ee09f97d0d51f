using System.Globalization;
using Forge.Dashboard.Format;
using Forge.Domain.Operations;

namespace Forge.Dashboard.Operations;

/// <summary>Our own figures in words: what each is called, how it is written, and what its bound means.</summary>
public static class HealthWords
{
    /// <summary>The figures by group, in the order of the page.</summary>
    public static IReadOnlyList<(string Name, PlatformFigure[] Figures)> Groups { get; } =
    [
        ("This process", [PlatformFigure.Cpu, PlatformFigure.Memory, PlatformFigure.Heap, PlatformFigure.GcPause, PlatformFigure.PoolThreads, PlatformFigure.PoolQueue]),
        ("Telemetry", [PlatformFigure.IngestAccepted, PlatformFigure.IngestRefused, PlatformFigure.DecodeP50, PlatformFigure.DecodeP99, PlatformFigure.TelemetryLag, PlatformFigure.TelemetryLagWorst]),
        ("Live feed", [PlatformFigure.LiveAge, PlatformFigure.LiveConnections]),
        ("Database", [PlatformFigure.WriteP50, PlatformFigure.WriteP99, PlatformFigure.WriteQueue, PlatformFigure.CheckpointAge]),
        ("Work that waits", [PlatformFigure.OutboxPending, PlatformFigure.OutboxAge, PlatformFigure.OutboxDead, PlatformFigure.DeadlinesOverdue, PlatformFigure.ReminderLate]),
        ("Journal", [PlatformFigure.JournalHead, PlatformFigure.JournalCheckAge, PlatformFigure.JournalVerified, PlatformFigure.JournalFindings]),
        ("Clocks", [PlatformFigure.ClockOffset]),
    ];

    /// <summary>What keeps strangers from the cluster's ports.</summary>
    public static string Network(ClusterNetwork network) => network switch
    {
        ClusterNetwork.Loopback => "on this machine only",
        ClusterNetwork.MutualTls => "mutual TLS",
        _ => "open to the network; the operator says only silos and nodes reach them",
    };

    /// <summary>Name of a figure.</summary>
    public static string Name(PlatformFigure figure) => figure switch
    {
        PlatformFigure.Cpu => "Processor",
        PlatformFigure.Memory => "Memory in use",
        PlatformFigure.Heap => "Managed heap",
        PlatformFigure.GcPause => "Held up by garbage collection",
        PlatformFigure.PoolThreads => "Pool threads",
        PlatformFigure.PoolQueue => "Work waiting for a thread",
        PlatformFigure.IngestAccepted => "Samples accepted",
        PlatformFigure.IngestRefused => "Samples refused",
        PlatformFigure.DecodeP50 => "Decoding a request, median",
        PlatformFigure.DecodeP99 => "Decoding a request, p99",
        PlatformFigure.TelemetryLag => "Newest data, median organization",
        PlatformFigure.TelemetryLagWorst => "Newest data, latest organization",
        PlatformFigure.LiveAge => "Silos last heard",
        PlatformFigure.LiveConnections => "Open live connections",
        PlatformFigure.WriteP50 => "Commit, median",
        PlatformFigure.WriteP99 => "Commit, p99",
        PlatformFigure.WriteQueue => "Writers waiting",
        PlatformFigure.CheckpointAge => "Newest checkpoint",
        PlatformFigure.OutboxPending => "Messages waiting",
        PlatformFigure.OutboxAge => "Oldest waiting message",
        PlatformFigure.OutboxDead => "Messages given up",
        PlatformFigure.DeadlinesOverdue => "Deadlines missed",
        PlatformFigure.ReminderLate => "Reminders late, p99",
        PlatformFigure.JournalVerified => "Verified through entry",
        PlatformFigure.ClockOffset => "Clocks apart, at most",
        PlatformFigure.JournalHead => "Entries of the platform chain",
        PlatformFigure.JournalCheckAge => "Journal checked",
        _ => "Disagreements in the journal",
    };

    /// <summary>A value in the unit of its figure.</summary>
    public static string Value(PlatformFigure figure, double? value) => value is not { } v ? Say.Nothing : figure switch
    {
        PlatformFigure.Cpu or PlatformFigure.GcPause => Say.Percent((int)v, 1),
        PlatformFigure.Memory or PlatformFigure.Heap => Bytes((long)v),
        PlatformFigure.IngestAccepted or PlatformFigure.IngestRefused => Say.Rate(v),
        PlatformFigure.DecodeP50 or PlatformFigure.DecodeP99 or PlatformFigure.WriteP50 or PlatformFigure.WriteP99 => v < 10 ? v.ToString("0.00", CultureInfo.InvariantCulture) + " ms" : Say.Milliseconds(v),
        PlatformFigure.LiveAge => v.ToString("0.0", CultureInfo.InvariantCulture) + " s ago",
        PlatformFigure.TelemetryLag or PlatformFigure.TelemetryLagWorst => Say.Age(TimeSpan.FromSeconds(v)) + " old",
        PlatformFigure.ReminderLate => v < 1 ? Say.Milliseconds(1_000 * v) : Say.Age(TimeSpan.FromSeconds(v)),
        PlatformFigure.ClockOffset => Say.Milliseconds(v),
        PlatformFigure.CheckpointAge or PlatformFigure.JournalCheckAge => Say.Age(TimeSpan.FromSeconds(v)) + " ago",
        PlatformFigure.OutboxAge => Say.Age(TimeSpan.FromSeconds(v)),
        _ => Say.Count((long)v),
    };

    /// <summary>What the figure is judged by.</summary>
    public static string Bound(JudgedFigure figure) => figure.Bound is not { } bound ? ""
        : figure.Figure switch
        {
            PlatformFigure.Cpu => $"At most {Say.Percent((int)bound, 0)} of all cores; above that every queue grows.",
            PlatformFigure.Memory => $"At most {Bytes((long)bound)}, 85 % of what the process may use.",
            PlatformFigure.GcPause => $"At most {Say.Percent((int)bound, 0)} of the time.",
            PlatformFigure.PoolQueue => $"At most {Say.Count((long)bound)}; beyond that answers are late.",
            PlatformFigure.IngestRefused => "None: somebody's figures are incomplete.",
            PlatformFigure.DecodeP99 => $"At most {Say.Milliseconds(bound)}, of the last 5 min.",
            PlatformFigure.TelemetryLag => $"At most {Say.Seconds((long)bound)}; senders report every 15 to 60 s.",
            PlatformFigure.ReminderLate => $"At most {Say.Seconds((long)bound)}; until then timers and sweeps do their work.",
            PlatformFigure.ClockOffset => $"At most {Say.Milliseconds(bound)}; signed calls are refused at 5 s.",
            PlatformFigure.LiveAge => $"At most {bound:0} s; screens turn grey at 10 s.",
            PlatformFigure.WriteP99 => $"At most {Say.Milliseconds(bound)}, of the last 5 min, waiting included.",
            PlatformFigure.WriteQueue => $"At most {Say.Count((long)bound)}.",
            PlatformFigure.CheckpointAge => $"At most {Say.Seconds((long)bound)} while telemetry comes.",
            PlatformFigure.OutboxAge => $"At most {Say.Seconds((long)bound)}.",
            PlatformFigure.OutboxDead => "None: each is something that nobody was told.",
            PlatformFigure.DeadlinesOverdue => "None more than 10 s late.",
            PlatformFigure.JournalCheckAge => $"At most {Say.Seconds((long)bound)}; new entries are checked every minute.",
            _ => "None.",
        };

    /// <summary>State in one word.</summary>
    public static string State(FigureState state) => state switch
    {
        FigureState.Beyond => "Beyond",
        FigureState.Unknown => "Not known",
        FigureState.Within => "Within",
        _ => "Not judged",
    };

    /// <summary>Level whose mark stands before the word.</summary>
    public static Health Level(FigureState state) => state switch
    {
        FigureState.Beyond => Health.Warning,
        FigureState.Unknown => Health.Stale,
        FigureState.Within => Health.Good,
        _ => Health.NoSla,
    };

    /// <summary>Everything in one sentence.</summary>
    public static string Sentence(PlatformHealthView view)
    {
        var (beyond, unknown) = (view.Figures.Count(f => f.State == FigureState.Beyond), view.Figures.Count(f => f.State == FigureState.Unknown));
        var judged = view.Figures.Count(f => f.State is FigureState.Beyond or FigureState.Within or FigureState.Unknown);
        if (beyond == 0 && unknown == 0) return $"All {judged} judged figures are within their bounds.";
        var parts = new List<string>();
        if (beyond > 0) parts.Add($"{Say.Count(beyond)} of {judged} judged figures {(beyond == 1 ? "is" : "are")} beyond {(beyond == 1 ? "its" : "their")} bound");
        if (unknown > 0) parts.Add($"{(beyond > 0 ? Say.Count(unknown) : $"{Say.Count(unknown)} of {judged} judged figures")} {(unknown == 1 ? "is" : "are")} not known");
        return string.Join("; ", parts) + ".";
    }

    /// <summary>Bytes in the largest unit that leaves digits: <c>312 MB</c>.</summary>
    public static string Bytes(long bytes) => bytes switch
    {
        >= 10_000_000_000 => (bytes / 1_000_000_000).ToString("N0", CultureInfo.InvariantCulture) + " GB",
        >= 1_000_000_000 => (bytes / 100_000_000 / 10m).ToString("0.0", CultureInfo.InvariantCulture) + " GB",
        >= 1_000_000 => (bytes / 1_000_000).ToString("N0", CultureInfo.InvariantCulture) + " MB",
        _ => (bytes / 1_000).ToString("N0", CultureInfo.InvariantCulture) + " kB",
    };
}
