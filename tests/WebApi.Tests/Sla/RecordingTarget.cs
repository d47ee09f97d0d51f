using System.Collections.Concurrent;
using System.Collections.Immutable;
using Forge.Domain.Sla;
using Forge.WebApi.Sla.Ingest;

namespace Forge.WebApi.Tests.Sla;

/// <summary>The port behind ingestion, in memory: records what arrives and answers as told.</summary>
internal sealed class RecordingTarget(params string[] organizationIds) : IIngestTarget, IMappingSource, IRefusalTarget
{
    public ConcurrentBag<string> Known { get; } = [.. organizationIds];

    public ConcurrentQueue<(string OrganizationId, TelemetryBatch Batch)> Batches { get; } = new();

    public ConcurrentQueue<(string OrganizationId, long Ticket)> Waits { get; } = new();

    /// <summary>What organizations were told of refusals at the edge.</summary>
    public ConcurrentQueue<(string OrganizationId, string Reason, int Count)> Refusals { get; } = new();

    public Func<string, Task> OnRefused { get; set; } = _ => Task.CompletedTask;

    public Func<string, TelemetryBatch, Task<IngestReceipt>> OnIngest { get; set; } = (_, batch) => Task.FromResult(IngestReceipt.Empty with { Accepted = batch.Samples.Length + batch.Intervals.Length + batch.Histograms.Length + batch.Gauges.Length });

    public Func<string, Task> OnDurable { get; set; } = _ => Task.CompletedTask;

    /// <summary>What an administrator stored; every reading looks here.</summary>
    public SlaMappings Mappings { get; set; } = new("0", []);

    public Func<Task> OnList { get; set; } = () => Task.CompletedTask;

    public int Lists { get; private set; }

    public Task<IngestReceipt> Ingest(string organizationId, TelemetryBatch batch)
    {
        Batches.Enqueue((organizationId, batch));
        return OnIngest(organizationId, batch);
    }

    public Task Durable(string organizationId, long ticket)
    {
        Waits.Enqueue((organizationId, ticket));
        return OnDurable(organizationId);
    }

    public async Task Refused(string organizationId, ImmutableArray<ReasonCount> counts)
    {
        await OnRefused(organizationId);
        foreach (var (reason, count) in counts) Refusals.Enqueue((organizationId, reason, count));
    }

    public Task<SlaMappings> All(string stamp) => Task.FromResult(stamp == Mappings.Stamp ? Mappings with { Mappings = [] } : Mappings);

    public async Task<ImmutableArray<string>> OrganizationIds()
    {
        Lists++;
        await OnList();
        return [.. Known];
    }
}
