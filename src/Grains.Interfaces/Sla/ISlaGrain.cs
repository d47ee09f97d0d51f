using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Sla;
using Orleans.Concurrency;

namespace Forge.Grains.Interfaces.Sla;

/// <summary>Service levels of one organization; key = its id. Single writer of its windows and violations.</summary>
[Alias("forge.ISlaGrain"), ClientCallable]
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

    /// <summary>Counts telemetry that was refused in its name before it reached this grain, for TELEMETRY_REFUSED; forgotten with the activation.</summary>
    [Alias("Refused")]
    Task Refused(ImmutableArray<ReasonCount> counts);

    /// <summary>What the organization page shows; null when there is no such organization.</summary>
    [Alias("View"), ReadOnly]
    Task<SlaOrganizationView?> View();

    /// <summary>Points of the last 6 h: step 10 s or 60 s, half-open range.</summary>
    [Alias("History"), ReadOnly]
    Task<SlaHistory> History(DateTimeOffset from, DateTimeOffset to, int stepSeconds);

    /// <summary>Burn-rate rules with the figures of now; version 0 is the default that nobody has changed. <c>not_found</c> when there is no such organization.</summary>
    [Alias("BurnRules"), ReadOnly]
    Task<Outcome<BurnRulesView>> BurnRules();

    /// <summary>Replaces the burn-rate rules as a whole; refuses <c>burn_threshold_unreachable</c>.</summary>
    [Alias("SetBurnRules")]
    Task<Outcome<BurnRulesView>> SetBurnRules(BurnRules rules, CommandContext context);

    /// <summary>Somebody looks at a firing alert; a resolved one is refused with <c>transition_not_allowed</c>.</summary>
    [Alias("AcknowledgeAlert")]
    Task<Outcome<AlertRow>> AcknowledgeAlert(string alertId, CommandContext context);

    /// <summary>Name, flags or terms changed in the store: read them again. Idempotent.</summary>
    [Alias("ProfileChanged")]
    Task ProfileChanged();

    /// <summary>Activates the grain and publishes its tile.</summary>
    [Alias("Wake")]
    Task Wake();
}

/// <summary>Lists over all organizations' violations and alerts; stateless worker, key 0.</summary>
[Alias("forge.ISlaQueryGrain"), ClientCallable]
public interface ISlaQueryGrain : IGrainWithIntegerKey
{
    /// <summary>One page.</summary>
    [Alias("Violations"), ReadOnly]
    Task<ViolationPage> Violations(ViolationQuery query);

    /// <summary>One violation, or <c>not_found</c>.</summary>
    [Alias("Violation"), ReadOnly]
    Task<Outcome<ViolationRow>> Violation(string id);

    /// <summary>One page of alerts.</summary>
    [Alias("Alerts"), ReadOnly]
    Task<AlertPage> Alerts(AlertQuery query);

    /// <summary>One alert, or <c>not_found</c>.</summary>
    [Alias("Alert"), ReadOnly]
    Task<Outcome<AlertRow>> Alert(string id);
}
