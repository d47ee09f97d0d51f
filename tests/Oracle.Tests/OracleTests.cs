using System.Diagnostics;
using System.Globalization;
using Forge.Oracle.Tests.Model;
using Xunit;

namespace Forge.Oracle.Tests;

/// <summary>The engine against the brute force. FORGE_ORACLE_ORGANIZATIONS and FORGE_ORACLE_DAYS make it the whole thing, FORGE_ORACLE_SEED runs some of them again, as "15,21".</summary>
public sealed class OracleTests(ITestOutputHelper output)
{
    private static int Setting(string name, int fallback) => int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : fallback;

    private static string? Only => Environment.GetEnvironmentVariable("FORGE_ORACLE_SEED");

    [Fact]
    public void Engine_RandomOrganizations_EqualsBruteForce()
    {
        var (organizations, days) = (Setting("FORGE_ORACLE_ORGANIZATIONS", 4), Setting("FORGE_ORACLE_DAYS", 3));
        var seeds = Only is { } only ? [.. only.Split(',').Select(n => int.Parse(n, CultureInfo.InvariantCulture))] : Enumerable.Range(1, organizations).ToList();
        var (started, outcomes) = (Stopwatch.GetTimestamp(), new List<Outcome>());
        foreach (var seed in seeds)
        {
            var simulation = new Simulation(seed, days);
            var begun = Stopwatch.GetTimestamp();
            simulation.Run();
            var outcome = simulation.Outcome;
            outcomes.Add(outcome);
            Say($"{seed,4} {outcome.Title}: {outcome.Batches} batches, {outcome.Samples} samples, {outcome.Violations} violations ({outcome.Withdrawn} withdrawn), {outcome.Restarts} restarts, {outcome.Metrics} metrics, {outcome.AlertChanges} alert changes, engine {outcome.EngineTime.TotalSeconds:F1}, model {outcome.ModelTime.TotalSeconds:F1}, comparison {outcome.CompareTime.TotalSeconds:F1} of {Stopwatch.GetElapsedTime(begun).TotalSeconds:F1} s, {outcome.Differences.Count} differences");
            foreach (var difference in outcome.Differences) Say("     " + difference);
        }
        Say($"{outcomes.Count} organizations x {days} days in {Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s ({Environment.CpuUsage.TotalTime.TotalSeconds:F0} s of CPU): {outcomes.Sum(o => o.Batches)} batches, {outcomes.Sum(o => o.Samples)} samples; compared {outcomes.Sum(o => o.Slots)} slots ({outcomes.Sum(o => o.OrderDependentSlots)} by order of arrival), {outcomes.Sum(o => o.Points)} minutes, {outcomes.Sum(o => o.Periods)} periods, {outcomes.Sum(o => o.Violations)} violations (+ {outcomes.Sum(o => o.Withdrawn)} withdrawn), {outcomes.Sum(o => o.Percentiles)} percentiles, {outcomes.Sum(o => o.Metrics)} period metrics ({outcomes.Sum(o => o.Rewritten)} hours rewritten), {outcomes.Sum(o => o.AlertChanges)} alert changes in {outcomes.Sum(o => o.AlertRounds)} rounds, {outcomes.Sum(o => o.Restarts)} restarts");
        Say(string.Join(", ", outcomes.SelectMany(o => o.Alerts).GroupBy(r => r.Key, StringComparer.Ordinal).Select(g => $"{g.Key} {g.Sum(r => r.Value)}")));
        Say(string.Join(", ", outcomes.SelectMany(o => o.Reasons).GroupBy(r => r.Key, StringComparer.Ordinal).Select(g => $"{g.Key} {g.Sum(r => r.Value)}")));
        Say($"{outcomes.Count(o => o.Differences.Count > 0)} organizations differ");
        Assert.Empty(outcomes.SelectMany(o => o.Differences.Select(d => $"seed {o.Seed}: {d}")));
    }

    /// <summary>The comparison can fail.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(6)]
    [InlineData(12)]
    public void Engine_ThatMissedBatches_IsNoticed(int seed)
    {
        var simulation = new Simulation(seed, 1, withheld: 25);
        simulation.Run();
        Assert.NotEmpty(simulation.Outcome.Differences);
    }

    private void Say(string line)
    {
        output.WriteLine(line);
        if (Environment.GetEnvironmentVariable("FORGE_ORACLE_ORGANIZATIONS") is not null || Only is not null) Console.WriteLine(line);
    }
}
