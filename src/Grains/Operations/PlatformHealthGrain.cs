using System.Collections.Immutable;
using Forge.Domain.Audit;
using Forge.Domain.Operations;
using Forge.Grains.Interfaces.Audit;
using Forge.Grains.Interfaces.Operations;
using Forge.Storage.Operations;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace Forge.Grains.Operations;

/// <summary>What keeps strangers from this silo's ports, as its host decided.</summary>
public sealed record SiloNetwork(ClusterNetwork Kind);

/// <summary>Asks Orleans' own management for silos and activations, the store for what waits, and the verifier for the journal.</summary>
[StatelessWorker]
public sealed class PlatformHealthGrain(PlatformReader reader, SiloNetwork network, TimeProvider time) : Grain, IPlatformHealthGrain
{
    private const int MostKinds = 20;

    /// <inheritdoc/>
    public async Task<ClusterReading> Read()
    {
        var now = time.GetUtcNow();
        var management = GrainFactory.GetGrain<IManagementGrain>(0);
        var members = await management.GetDetailedHosts(onlyActive: false);
        var alive = members.Where(m => m.Status != SiloStatus.Dead).OrderBy(m => m.SiloName, StringComparer.Ordinal).ToArray();
        var active = alive.Where(m => m.Status == SiloStatus.Active).Select(m => m.SiloAddress).ToArray();
        var statistics = await management.GetRuntimeStatistics(active);
        var bySilo = active.Zip(statistics).ToDictionary(p => p.First, p => p.Second);
        var kinds = await management.GetSimpleGrainStatistics(active);
        var journal = await GrainFactory.GetGrain<IJournalQueryGrain>(0).Status();
        var figures = await reader.ReadAsync(now, default);
        return new ClusterReading(
            [.. alive.Select(m => View(m, bySilo.GetValueOrDefault(m.SiloAddress)))],
            [.. kinds.GroupBy(k => ShortName(k.GrainType), StringComparer.Ordinal).Select(g => new GrainCount(g.Key, g.Sum(k => k.ActivationCount)))
                .OrderByDescending(g => g.Activations).ThenBy(g => g.Kind, StringComparer.Ordinal).Take(MostKinds)],
            [.. figures, .. Of(journal, now)],
            now,
            network.Kind);
    }

    private static ImmutableArray<FigureReading> Of(JournalStatus journal, DateTimeOffset now) =>
    [
        new(PlatformFigure.JournalCheckAge, (now - journal.CheckedAt)?.TotalSeconds, now),
        new(PlatformFigure.JournalFindings, journal.Findings.IsDefault ? 0 : journal.Findings.Length, now),
    ];

    private static SiloView View(MembershipEntry member, SiloRuntimeStatistics? statistics) => new(
        $"{member.SiloName} ({member.SiloAddress.Endpoint})", member.Status.ToString(), new DateTimeOffset(DateTime.SpecifyKind(member.StartTime, DateTimeKind.Utc)),
        statistics?.ActivationCount, statistics is null ? null : (int)(statistics.EnvironmentStatistics.FilteredCpuUsagePercentage * 10_000), statistics?.EnvironmentStatistics.FilteredMemoryUsageBytes);

    /// <summary><c>Forge.Grains.Sla.SlaGrain,Forge.Grains</c> is <c>SlaGrain</c> to people.</summary>
    private static string ShortName(string type)
    {
        var name = type.Split(',')[0];
        return name[(name.LastIndexOf('.') + 1)..];
    }
}
