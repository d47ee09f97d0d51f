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
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public async Task<ClusterReading> Read()
    {
        var now = time.GetUtcNow();
        var (alive, bySilo, kinds) = await SilosAsync();
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

    /// <inheritdoc/>
    public async Task<ClusterBoardReading> Cluster()
    {
        var now = time.GetUtcNow();
        var (alive, bySilo, kinds) = await SilosAsync();
        var reports = ClusterReports.Of(await GrainFactory.GetGrain<IClusterReportsGrain>(0).Reports());
        var journal = await GrainFactory.GetGrain<IJournalQueryGrain>(0).Status();
        var figures = await reader.ReadAsync(now, default);
        var members = ClusterRules.Members(alive.Select(m => Member(m, bySilo.GetValueOrDefault(m.SiloAddress))), reports, now);
        var names = alive.ToDictionary(m => m.SiloAddress, m => m.SiloName);
        return new ClusterBoardReading(
            members,
            ClusterRules.Pumps(members, reports, now),
            [.. kinds.Where(k => names.ContainsKey(k.SiloAddress)).GroupBy(k => (Kind: ShortName(k.GrainType), k.SiloAddress)).Select(g => new SiloGrains(g.Key.Kind, names[g.Key.SiloAddress], g.Sum(k => k.ActivationCount)))
                .OrderBy(g => g.Kind, StringComparer.Ordinal).ThenBy(g => g.Silo, StringComparer.Ordinal)],
            [.. figures, .. Of(journal, now), new(PlatformFigure.JournalVerified, journal.VerifiedThrough, now), .. ClusterRules.Figures(reports, now)],
            now);
    }

    /// <summary>Silos that are not dead. One that dies while it is asked has no statistics; the others have theirs.</summary>
    private async Task<(MembershipEntry[] Alive, Dictionary<SiloAddress, SiloRuntimeStatistics> Statistics, SimpleGrainStatistic[] Kinds)> SilosAsync()
    {
        var management = GrainFactory.GetGrain<IManagementGrain>(0);
        var members = await management.GetDetailedHosts(onlyActive: false);
        var alive = members.Where(m => m.Status != SiloStatus.Dead).OrderBy(m => m.SiloName, StringComparer.Ordinal).ToArray();
        var asked = await Task.WhenAll(alive.Where(m => m.Status == SiloStatus.Active).Select(m => OfSiloAsync(management, m.SiloAddress)));
        var known = asked.Where(a => a.Statistics is not null).ToArray();
        return (alive, known.ToDictionary(a => a.Silo, a => a.Statistics!), [.. known.SelectMany(a => a.Kinds)]);
    }

    private async Task<(SiloAddress Silo, SiloRuntimeStatistics? Statistics, SimpleGrainStatistic[] Kinds)> OfSiloAsync(IManagementGrain management, SiloAddress silo)
    {
        try
        {
            var statistics = await management.GetRuntimeStatistics([silo]).WaitAsync(Patience, time);
            return (silo, statistics[0], await management.GetSimpleGrainStatistics([silo]).WaitAsync(Patience, time));
        }
        catch (Exception error) when (error is TimeoutException or OrleansException or SiloUnavailableException)
        {
            return (silo, null, []);
        }
    }

    private static SiloMember Member(MembershipEntry member, SiloRuntimeStatistics? statistics)
    {
        var view = View(member, statistics);
        return new SiloMember(member.SiloName, member.SiloAddress.Endpoint.ToString(), view.Status, view.StartedAt, view.Activations, view.CpuPpm, view.MemoryBytes);
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
