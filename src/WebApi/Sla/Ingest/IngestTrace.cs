using System.Diagnostics;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>Spans of ingestion. Nobody listening, <see cref="Start"/> answers null and allocates nothing.</summary>
internal static class IngestTrace
{
    /// <summary>Name of the source.</summary>
    public const string SourceName = "Forge.Ingest";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>A request of a format begins; its grain calls are children.</summary>
    public static Activity? Start(string format) => Source.StartActivity("ingest")?.SetTag("forge.ingest.format", format);

    /// <summary>What became of it.</summary>
    public static void End(Activity? span, int status, IngestBatch? batch, IngestFault? fault)
    {
        if (span is null) return;
        span.SetTag("forge.ingest.status", status).SetTag("forge.ingest.organizations", batch?.Parts.Count ?? 0);
        if (fault is not null) span.SetStatus(ActivityStatusCode.Error, fault.Code);
        span.Dispose();
    }
}
