using System.Diagnostics;
using Forge.Domain.Live;

namespace Forge.WebApi.Live;

/// <summary>The last span that we see of a violation's way: its frame went to this node's browsers, which show the trace on the violation's page.</summary>
internal static class LiveTrace
{
    /// <summary>Name of the source.</summary>
    public const string SourceName = "Forge.Live";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>A frame went out; traced deltas in it get a span from <paramref name="from"/> until now.</summary>
    public static void Sent(LiveFrame frame, DateTimeOffset from)
    {
        if (!Source.HasListeners()) return;
        foreach (var delta in frame.Deltas)
            if (delta.Trace is { } trace && ActivityContext.TryParse(trace, null, isRemote: true, out var cause))
                Source.StartActivity("live.frame", ActivityKind.Producer, cause, startTime: from)?.SetTag("forge.thing", delta.Thing).SetTag("forge.live.sequence", frame.To).Dispose();
    }
}
