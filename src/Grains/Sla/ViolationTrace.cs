using System.Collections.Immutable;
using System.Diagnostics;
using Forge.Domain.Live;
using Forge.Domain.Sla;

namespace Forge.Grains.Sla;

/// <summary>Spans of violations and of their way to web nodes. Nobody listening, nothing is made.</summary>
internal static class ViolationTrace
{
    private static readonly ActivitySource Source = new("Forge.Grains");

    /// <summary>The sampled trace that is running, or none.</summary>
    public static ActivityContext Running => Activity.Current is { Recorded: true } running ? running.Context : default;

    /// <summary>A change of a violation begins to be committed. A tick has no caller: then it belongs to the trace of the batch before it, which brought its data.</summary>
    public static Activity? Start(string organizationId, ViolationChange change, ActivityContext batch)
    {
        var span = Activity.Current is null && batch != default ? Source.StartActivity("sla.violation", ActivityKind.Internal, batch) : Source.StartActivity("sla.violation");
        return span?.SetTag("forge.organization", organizationId).SetTag("forge.violation", change.ViolationId).SetTag("forge.metric", change.After.MetricType.ToString());
    }

    /// <summary>A batch was taken by a web node: its traced deltas get a span from <paramref name="from"/> until now.</summary>
    public static void Pushed(ImmutableArray<LiveDelta> batch, DateTimeOffset from)
    {
        if (!Source.HasListeners()) return;
        foreach (var delta in batch)
            if (delta.Trace is { } trace && ActivityContext.TryParse(trace, null, isRemote: true, out var cause))
                Source.StartActivity("live.push", ActivityKind.Producer, cause, startTime: from)?.SetTag("forge.thing", delta.Thing).Dispose();
    }
}
