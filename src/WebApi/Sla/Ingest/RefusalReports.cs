using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Sla;
using Forge.Grains.Interfaces.Sla;
using Forge.WebApi.Identity;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>Where an organization learns what was refused in its name before anything reached it.</summary>
internal interface IRefusalTarget
{
    /// <summary>Adds refused samples by reason; a failure is an exception and means: tell again later.</summary>
    Task Refused(string organizationId, ImmutableArray<ReasonCount> counts);
}

/// <summary>The organizations' grains.</summary>
internal sealed class GrainRefusalTarget(IGrainFactory grains) : IRefusalTarget
{
    /// <inheritdoc/>
    public Task Refused(string organizationId, ImmutableArray<ReasonCount> counts) => grains.GetGrain<ISlaGrain>(organizationId).Refused(counts);
}

/// <summary>
/// Refusals that no grain sees, because the edge made them (labels, values, limits, whole bodies): counted per organization and told to its grain every 5 s, for TELEMETRY_REFUSED. What is accepted passes nothing here.
/// A refusal belongs to the organization that its sample names, if the key may write for it; otherwise to the key's only organization; that of a key for several which names none, or has labels that cannot be read, stands in the counts of the key alone.
/// </summary>
internal sealed class RefusalReports(IRefusalTarget target, OrganizationDirectory directory, TimeProvider time, ILogger<RefusalReports> log) : BackgroundService
{
    /// <summary>How often grains are told.</summary>
    public static TimeSpan Period { get; } = TimeSpan.FromSeconds(5);

    // Names come from senders: what they invent must not fill the memory.
    private const int MaxCounts = 10_000;
    private readonly Lock _gate = new();
    private Dictionary<(string OrganizationId, string Reason), long> _counts = [];

    /// <summary>Counts what the edge refused of a request that was applied.</summary>
    public void Count(IngestKey key, IngestTally tally)
    {
        foreach (var ((named, reason), count) in tally.RefusedHere)
            if (OwnerOf(key, named) is { } owner) Add(owner, reason, count);
    }

    /// <summary>Counts a whole request as refused: with the samples that were read of it, at least one. Not what only has to be sent again, nor what is no telemetry.</summary>
    public void TurnedAway(IngestKey key, IngestFault fault, int samples)
    {
        if (fault.Status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status403Forbidden || OwnerOf(key, "") is not { } owner) return;
        Add(owner, fault.Code, Math.Max(1, samples));
    }

    /// <summary>Tells every organization what came together since the last time; what could not be told waits for the next.</summary>
    public async Task Flush()
    {
        Dictionary<(string OrganizationId, string Reason), long> counts;
        lock (_gate)
        {
            if (_counts.Count == 0) return;
            (counts, _counts) = (_counts, []);
        }
        var organizations = counts.ToLookup(c => c.Key.OrganizationId, c => new ReasonCount(c.Key.Reason, (int)Math.Min(c.Value, int.MaxValue)), StringComparer.Ordinal);
        try
        {
            await directory.Learn(organizations.Select(o => o.Key));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            log.LogWarning(e, "Refused telemetry is reported later: the list of organizations cannot be read");
            foreach (var ((id, reason), count) in counts) Add(id, reason, count);
            return;
        }
        foreach (var organization in organizations)
        {
            if (!directory.Contains(organization.Key)) continue;
            try
            {
                await target.Refused(organization.Key, [.. organization]);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                log.LogWarning(e, "Refused telemetry of {OrganizationId} is reported later", organization.Key);
                foreach (var (reason, count) in organization) Add(organization.Key, reason, count);
            }
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Period, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!stoppingToken.IsCancellationRequested) await Flush();
        }
    }

    private static string? OwnerOf(IngestKey key, string named) =>
        named.Length > 0 && key.Allows(named) ? OrganizationId.IsValid(named) ? named : null : key.OrganizationIds is [var only] ? only : null;

    private void Add(string organizationId, string reason, long count)
    {
        lock (_gate)
        {
            if (_counts.Count < MaxCounts || _counts.ContainsKey((organizationId, reason)))
                _counts[(organizationId, reason)] = _counts.GetValueOrDefault((organizationId, reason)) + count;
        }
    }
}
