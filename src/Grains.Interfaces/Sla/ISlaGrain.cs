using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Sla;
using Orleans.Concurrency;

namespace Forge.Grains.Interfaces.Sla;

/// <summary>Service levels of one organization; key = its id. Single writer of its windows and violations.</summary>
[Alias("forge.ISlaGrain")]
public interface ISlaGrain : IDeadlineTarget
{
    /// <summary>
    /// Applies a batch, judges it and commits what it opens or closes before answering. When the receipt carries a ticket, acknowledge the sender only after <see cref="Durable"/>.
    /// </summary>
    [Alias("Ingest")]
    Task<IngestReceipt> Ingest(TelemetryBatch batch);

    /// <summary>Completes when a checkpoint holds everything up to the ticket; faults when it cannot be written.</summary>
    [Alias("Durable"), AlwaysInterleave]
    Task Durable(long ticket);

    /// <summary>What the organization page shows; null when there is no such organization.</summary>
    [Alias("View"), ReadOnly]
    Task<SlaOrganizationView?> View();

    /// <summary>Points of the last 6 h: step 10 s or 60 s, half-open range.</summary>
    [Alias("History"), ReadOnly]
    Task<SlaHistory> History(DateTimeOffset from, DateTimeOffset to, int stepSeconds);

    /// <summary>Name, flags or terms changed in the store: read them again. Idempotent.</summary>
    [Alias("ProfileChanged")]
    Task ProfileChanged();

    /// <summary>Activates the grain and publishes its tile.</summary>
    [Alias("Wake")]
    Task Wake();
}

/// <summary>Lists over all organizations' violations; stateless worker, key 0.</summary>
[Alias("forge.ISlaQueryGrain")]
public interface ISlaQueryGrain : IGrainWithIntegerKey
{
    /// <summary>One page.</summary>
    [Alias("Violations"), ReadOnly]
    Task<ViolationPage> Violations(ViolationQuery query);

    /// <summary>One violation, or <c>not_found</c>.</summary>
    [Alias("Violation"), ReadOnly]
    Task<Outcome<ViolationRow>> Violation(string id);
}
