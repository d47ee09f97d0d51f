using System.Collections.Immutable;

namespace Forge.Domain.Operations;

/// <summary>Joins what Orleans knows about silos with what the processes say about themselves, and judges it.</summary>
public static class ClusterRules
{
    private const string Active = "Active";

    /// <summary>How often a process reports.</summary>
    public static TimeSpan ReportEvery { get; } = TimeSpan.FromSeconds(5);

    /// <summary>A process that was not heard for longer is silent: three reports are missing.</summary>
    public static TimeSpan SilentAfter { get; } = TimeSpan.FromSeconds(16);

    /// <summary>How far a clock may be off. Signed calls are refused at 5 s (security.md 6).</summary>
    public static TimeSpan ClockMost { get; } = TimeSpan.FromSeconds(2);

    /// <summary>A pump sends at least every second and waits 2 s at most for its answer.</summary>
    public static TimeSpan PumpMost { get; } = TimeSpan.FromSeconds(3);

    /// <summary>Organizations whose newest data is older do not send any more: they are silent, not late.</summary>
    public static TimeSpan LagOver { get; } = TimeSpan.FromMinutes(15);

    /// <summary>By how much the asker's clock is ahead of the answerer's, when the answer took its time half on each way; wrong by half of that time at most.</summary>
    /// <param name="sentAt">Asker's clock when it asked.</param>
    /// <param name="receivedAt">Asker's clock when the answer came.</param>
    /// <param name="answeredAt">Answerer's clock.</param>
    public static TimeSpan ClockAhead(DateTimeOffset sentAt, DateTimeOffset receivedAt, DateTimeOffset answeredAt) => sentAt + ((receivedAt - sentAt) / 2) - answeredAt;

    /// <summary>Lateness over the newest data of each organization; null when none is recent.</summary>
    public static TelemetryLag? LagOf(IEnumerable<DateTimeOffset?> newest, DateTimeOffset now)
    {
        // Data may end a little after now: it is the end of its slot.
        var ages = newest.OfType<DateTimeOffset>().Select(at => Math.Max(0, (now - at).TotalSeconds)).Where(age => age <= LagOver.TotalSeconds).Order().ToArray();
        return ages.Length == 0 ? null : new TelemetryLag(ages.Length, ages[(ages.Length - 1) / 2], ages[^1]);
    }

    /// <summary>Every process, joined and judged: silos by address, then web nodes.</summary>
    public static ImmutableArray<ClusterMember> Members(IEnumerable<SiloMember> silos, ClusterReports reports, DateTimeOffset now)
    {
        var web = reports.Parts.Values.Where(p => p.Report.Web is not null).ToDictionary(p => p.Report.Process, StringComparer.Ordinal);
        var members = ImmutableArray.CreateBuilder<ClusterMember>();
        var joined = new HashSet<string>(StringComparer.Ordinal);
        foreach (var silo in silos.OrderBy(s => s.Address, StringComparer.Ordinal))
        {
            var own = reports.Parts.Values.FirstOrDefault(p => p.Report.Silo?.Address == silo.Address);
            var pages = own is not null && web.TryGetValue(own.Report.Process, out var part) ? part : null;
            if (pages is not null) joined.Add(pages.Report.Process);
            members.Add(Of(silo, own, pages, now));
        }
        foreach (var node in web.Values.Where(n => !joined.Contains(n.Report.Process)).OrderBy(n => n.Report.Process, StringComparer.Ordinal)) members.Add(Of(node, now));
        return members.ToImmutable();
    }

    /// <summary>Every pump of every silo that is a member, the oldest first.</summary>
    public static ImmutableArray<PumpView> Pumps(ImmutableArray<ClusterMember> members, ClusterReports reports, DateTimeOffset now)
    {
        var names = reports.Parts.Values.Where(p => p.Report.Web is not null).ToLookup(p => p.Report.Web!.Run, p => p.Report.Process, StringComparer.Ordinal);
        var silos = members.Where(m => m.Role != MemberRole.Web).ToDictionary(m => m.Id, m => m.Name, StringComparer.Ordinal);
        return
        [
            .. reports.Parts.Values.Where(p => p.Report.Silo is { } silo && silos.ContainsKey(silo.Address))
                .SelectMany(p => p.Report.Silo!.Pumps.Select(pump => View(silos[p.Report.Silo.Address], names[pump.Node].FirstOrDefault() ?? pump.Node, pump, p.HeardAt, now)))
                .OrderBy(v => v.State).ThenByDescending(v => v.AgeSeconds ?? double.MaxValue).ThenBy(v => v.Silo, StringComparer.Ordinal).ThenBy(v => v.Node, StringComparer.Ordinal),
        ];
    }

    /// <summary>Readings over all processes: the largest clock difference, the latest reminders, the lateness of telemetry as the best informed node sees it.</summary>
    public static ImmutableArray<FigureReading> Figures(ClusterReports reports, DateTimeOffset now)
    {
        var heard = reports.Parts.Values.Where(p => now - p.HeardAt <= SilentAfter).Select(p => p.Report).ToArray();
        var lag = heard.Select(r => r.Web?.Lag).OfType<TelemetryLag>().MaxBy(l => l.Organizations);
        return
        [
            new(PlatformFigure.ClockOffset, heard.Max(r => r.ClockAheadMs is { } ahead ? Math.Abs((double)ahead) : (double?)null), now),
            new(PlatformFigure.ReminderLate, heard.Max(r => r.Silo?.ReminderLateP99Seconds), now),
            new(PlatformFigure.TelemetryLag, lag?.MedianSeconds, now), new(PlatformFigure.TelemetryLagWorst, lag?.WorstSeconds, now),
            new(PlatformFigure.IngestAccepted, Sum(r => r.AcceptedPerSecond), now), new(PlatformFigure.IngestRefused, Sum(r => r.RefusedPerSecond), now),
            new(PlatformFigure.LiveConnections, Sum(r => r.Connections), now),
        ];

        double? Sum(Func<WebPart, double> value) => heard.Any(r => r.Web is not null) ? heard.Sum(r => r.Web is { } web ? value(web) : 0) : null;
    }

    /// <summary>Fields that members can be sorted by.</summary>
    public static ImmutableArray<string> SortFields { get; } = ["name", "role", "version", "state", "startedAt", "cpu", "memory", "clock", "activations", "accepted", "refused", "connections"];

    /// <summary>Members in an order; equal ones by name. An unknown field is <c>name</c>.</summary>
    public static ImmutableArray<ClusterMember> Sort(ImmutableArray<ClusterMember> members, string field, bool descending)
    {
        Func<ClusterMember, IComparable?> by = field switch
        {
            "role" => m => (int)m.Role,
            "version" => m => m.Version,
            "state" => m => (int)m.State,
            "startedAt" => m => m.StartedAt,
            "cpu" => m => m.CpuPpm,
            "memory" => m => m.MemoryBytes,
            "clock" => m => m.ClockAheadMs is { } ahead ? Math.Abs(ahead) : null,
            "activations" => m => m.Activations,
            "accepted" => m => m.AcceptedPerSecond,
            "refused" => m => m.RefusedPerSecond,
            "connections" => m => m.Connections,
            _ => m => m.Name,
        };
        var order = Comparer<IComparable?>.Create((a, b) => a is string x && b is string y ? string.CompareOrdinal(x, y) : Comparer<IComparable?>.Default.Compare(a, b));
        return [.. (descending ? members.OrderByDescending(by, order) : members.OrderBy(by, order)).ThenBy(m => m.Name, StringComparer.Ordinal)];
    }

    private static ClusterMember Of(SiloMember silo, HeardReport? own, HeardReport? pages, DateTimeOffset now)
    {
        var heard = own?.HeardAt;
        var ahead = own?.Report.ClockAheadMs ?? pages?.Report.ClockAheadMs;
        // A silo that just joined has not reported yet; it has as long for that as for any report.
        var silent = silo.Activations is null || now - (heard ?? silo.StartedAt) > SilentAfter;
        return new ClusterMember(
            silo.Address, silo.Name, pages is null ? MemberRole.Silo : MemberRole.SiloAndWeb, silo.Address, pages?.Report.Web!.Address, own?.Report.Version,
            silo.Status != Active ? MemberState.Changing : State(silent, ahead), silo.Status, own?.Report.StartedAt ?? silo.StartedAt,
            pages?.Report.CpuPpm ?? silo.CpuPpm, pages?.Report.MemoryBytes ?? silo.MemoryBytes, ahead, silo.Activations,
            pages?.Report.Web!.AcceptedPerSecond, pages?.Report.Web!.RefusedPerSecond, pages?.Report.Web!.Connections, own?.Report.Silo!.ReminderLateP99Seconds, heard);
    }

    private static ClusterMember Of(HeardReport node, DateTimeOffset now)
    {
        var (report, web) = (node.Report, node.Report.Web!);
        var silent = now - node.HeardAt > SilentAfter;
        return new ClusterMember(
            report.Process, report.Process, MemberRole.Web, web.Address, web.Address, report.Version, State(silent, report.ClockAheadMs), silent ? "Silent" : Active, report.StartedAt,
            report.CpuPpm, report.MemoryBytes, report.ClockAheadMs, null, web.AcceptedPerSecond, web.RefusedPerSecond, web.Connections, null, node.HeardAt);
    }

    private static MemberState State(bool silent, long? aheadMs) =>
        silent ? MemberState.Silent : aheadMs is { } ahead && Math.Abs(ahead) > ClockMost.TotalMilliseconds ? MemberState.ClockOff : MemberState.Well;

    private static PumpView View(string silo, string node, PumpReport pump, DateTimeOffset heardAt, DateTimeOffset now)
    {
        var state = now - heardAt > SilentAfter || pump.AgeSeconds is not { } age ? FigureState.Unknown : age <= PumpMost.TotalSeconds ? FigureState.Within : FigureState.Beyond;
        return new PumpView(silo, node, pump.AgeSeconds, pump.Waiting, pump.Failures, state);
    }
}
