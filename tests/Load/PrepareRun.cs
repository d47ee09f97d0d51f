using System.Diagnostics;
using System.Globalization;
using Forge.Domain.Contracts;

namespace Forge.Load;

/// <summary>
/// Fills a product with enterprise organizations under a signed contract, and makes an ingest key for all of them, through the public API.
/// Continues where an earlier run stopped: what exists already counts.
/// </summary>
public sealed class PrepareRun(ProductSession session, TimeProvider clock)
{
    private static readonly ParallelOptions Parallelism = new() { MaxDegreeOfParallelism = 8 };

    /// <summary>Fills up to <paramref name="count"/> organizations; writes their ids, one a line, and the key's secret, each to its file.</summary>
    public async Task RunAsync(int count, string idsFile, string keyFile, TextWriter output, CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        var existing = await session.OrganizationIdsAsync(count, cancellation);
        var today = DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);
        var created = new string[count - existing.Length];
        await Parallel.ForAsync(0, created.Length, Parallelism, async (i, c) =>
            created[i] = (await session.CreateMonitoredOrganizationAsync("Load " + (existing.Length + i + 1).ToString("D5", CultureInfo.InvariantCulture), SlaTerms.Default, today, c)).Id);
        await File.WriteAllLinesAsync(idsFile, existing.Concat(created), cancellation);
        if (!File.Exists(keyFile)) await File.WriteAllTextAsync(keyFile, await session.CreateKeyAsync("load", [], cancellation), cancellation);
        await output.WriteLineAsync($"prepared            {created.Length} organizations made, {count} there, {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s");
    }
}
