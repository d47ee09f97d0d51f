using System.Globalization;
using Forge.Dashboard.Format;
using Forge.Domain.Operations;

namespace Forge.Dashboard.Operations;

/// <summary>The cluster in words.</summary>
public static class ClusterWords
{
    /// <summary>The cluster's figures by group, in the order of the page.</summary>
    public static IReadOnlyList<(string Name, PlatformFigure[] Figures)> Groups { get; } =
    [
        ("Telemetry", [PlatformFigure.IngestAccepted, PlatformFigure.IngestRefused, PlatformFigure.TelemetryLag, PlatformFigure.TelemetryLagWorst]),
        ("Database", [PlatformFigure.WriteP99, PlatformFigure.WriteQueue, PlatformFigure.CheckpointAge]),
        ("Work that waits", [PlatformFigure.OutboxPending, PlatformFigure.OutboxAge, PlatformFigure.OutboxDead, PlatformFigure.DeadlinesOverdue, PlatformFigure.ReminderLate]),
        ("Journal and clocks", [PlatformFigure.JournalHead, PlatformFigure.JournalVerified, PlatformFigure.JournalCheckAge, PlatformFigure.JournalFindings, PlatformFigure.ClockOffset]),
    ];

    /// <summary>What a process does.</summary>
    public static string Role(MemberRole role) => role switch { MemberRole.Silo => "Silo", MemberRole.Web => "Web node", _ => "Silo and web node" };

    /// <summary>Its state in a word or two.</summary>
    public static string State(ClusterMember member) => member.State switch
    {
        MemberState.Silent => "Silent",
        MemberState.ClockOff => "Clock off",
        MemberState.Changing => member.Status,
        _ => "Well",
    };

    /// <summary>What the state means and what to do.</summary>
    public static string StateHint(ClusterMember member) => member.State switch
    {
        MemberState.Silent => "It should report every 5 s and does not. Look whether the process runs and reaches the silos.",
        MemberState.ClockOff => "Its clock is too far from the others'. Calls that it signs are refused beyond 5 s: look at its time service.",
        MemberState.Changing => "It joins or leaves the cluster.",
        _ => "It reports and answers.",
    };

    /// <summary>Level whose mark stands before the word.</summary>
    public static Health Level(MemberState state) => state switch
    {
        MemberState.Silent => Health.Stale,
        MemberState.ClockOff => Health.Warning,
        MemberState.Changing => Health.NoSla,
        _ => Health.Good,
    };

    /// <summary>A clock against the others: <c>12 ms ahead</c>.</summary>
    public static string Clock(long? aheadMs) => aheadMs switch
    {
        null => Say.Nothing,
        > -10 and < 10 => "agrees",
        var ms => Say.Milliseconds(Math.Abs(ms.Value)) + (ms > 0 ? " ahead" : " behind"),
    };

    /// <summary>State of a pump in one word.</summary>
    public static string Pump(FigureState state) => state switch { FigureState.Within => "Flows", FigureState.Beyond => "Late", _ => "Not known" };

    /// <summary>How long ago a batch was taken.</summary>
    public static string Age(double? seconds) => seconds is not { } s ? "never" : s < 10 ? s.ToString("0.0", CultureInfo.InvariantCulture) + " s ago" : Say.Age(TimeSpan.FromSeconds(s)) + " ago";

    /// <summary>Everything in one sentence.</summary>
    public static string Sentence(ClusterView view)
    {
        if (view.Problem is not null) return "The cluster does not answer; only the process that answers you is known.";
        var silos = view.Members.Count(m => m.Role != MemberRole.Web);
        var nodes = view.Members.Count(m => m.Role != MemberRole.Silo);
        var ill = view.Members.Count(m => m.State is MemberState.Silent or MemberState.ClockOff);
        var late = view.Pumps.Count(p => p.State == FigureState.Beyond);
        var beyond = view.Figures.Count(f => f.State == FigureState.Beyond);
        var wrong = new List<string>();
        if (ill > 0) wrong.Add(Say.Many(ill, "process needs a look", "processes need a look"));
        if (late > 0) wrong.Add(Say.Many(late, "feed is late", "feeds are late"));
        if (beyond > 0) wrong.Add(Say.Many(beyond, "figure is beyond its bound", "figures are beyond their bounds"));
        return $"{Say.Many(silos, "silo", "silos")}, {Say.Many(nodes, "web node", "web nodes")}: " + (wrong.Count == 0 ? "all is well." : string.Join(", ", wrong) + ".");
    }
}
