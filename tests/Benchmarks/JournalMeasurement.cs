using System.Diagnostics;
using System.Globalization;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Storage;
using Forge.Storage.Audit;
using Forge.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Forge.Benchmarks;

/// <summary>
/// How fast the journal is written and checked: <c>journal [entries] [sqlite|postgres]</c>. Appends come from one writer for each of 15 chains, each in a transaction of its own as the product
/// does it (SQLite: durable against power loss; the throw-away PostgreSQL runs without fsync). The check opens and hashes every body.
/// </summary>
internal static class JournalMeasurement
{
    private const int Chains = 15;
    private const int Rounds = 3;

    public static async Task<int> RunAsync(string[] args)
    {
        var entries = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 60_000;
        await using var cluster = new PostgresCluster();
        await using var database = args is [_, "postgres", ..] ? await TestDatabase.PostgresAsync(cluster) : TestDatabase.Sqlite();
        var options = database.ConnectionString is { } connection
            ? new StorageOptions { Provider = StorageProvider.Postgres, ConnectionString = connection, DataDirectory = database.Folder }
            : new StorageOptions { DataDirectory = database.Folder };
        await using var services = new ServiceCollection().AddTestKeys().AddForgeStorage(options).BuildServiceProvider();
        await services.GetRequiredService<StorageMigrator>().MigrateAsync(default);

        var took = await AppendAsync(services.GetRequiredService<Ledger>(), entries);
        Say($"appends over {Chains} chains", entries, took);
        await services.GetRequiredService<SealStore>().SealAsync([.. (await services.GetRequiredService<JournalReader>().HeadsAsync(default)).Where(h => h.Chain != OrganizationId.PlatformChain)], default);

        var auditor = services.GetRequiredService<JournalAuditor>();
        var keys = services.GetRequiredService<SealFileWriter>().Keys();
        foreach (var headersOnly in new[] { false, true })
        {
            for (var round = 0; round < Rounds; round++)
            {
                var begun = Now();
                var report = await auditor.CheckAsync(new AuditScope(null, headersOnly, keys, SealFile: null), null, default);
                Say(headersOnly ? "verified, headers only" : "verified", report.Entries, Since(begun));
                if (!report.Agrees) return 1;
            }
        }
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        return 0;
    }

    private static async Task<(TimeSpan Took, TimeSpan Cpu)> AppendAsync(Ledger ledger, int entries)
    {
        var reason = new string('x', 200);
        string Chain(int i) => string.Create(CultureInfo.InvariantCulture, $"eu-{i:0000000000}");
        for (var i = 0; i < Chains; i++) await ledger.AppendAsync(Chain(i), "user:ana", "c", new JournalDraft("measure.warm", "s", "{}"), default);
        var begun = Now();
        await Task.WhenAll(Enumerable.Range(0, Chains).Select(chain => Task.Run(async () =>
        {
            for (var i = chain; i < entries; i += Chains)
                await ledger.AppendAsync(Chain(chain), "user:0198f3c2a7b44c1e9d2f6a5b8c7d6e5f", "0198f3c2a7b44c1e9d2f6a5b8c7d6e5f", new JournalDraft("access.use.intent", "grant:0198f3c2a7b44c1e9d2f6a5b8c7d6e5f", $$"""{"n":{{i}},"reason":"{{reason}}"}"""), default);
        })));
        return Since(begun);
    }

    private static (long At, TimeSpan Cpu) Now() => (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);

    private static (TimeSpan Took, TimeSpan Cpu) Since((long At, TimeSpan Cpu) begun) => (Stopwatch.GetElapsedTime(begun.At), Environment.CpuUsage.TotalTime - begun.Cpu);

    private static void Say(string what, long entries, (TimeSpan Took, TimeSpan Cpu) since) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"{what}: {entries} entries in {since.Took.TotalSeconds:F2} s, {entries / since.Took.TotalSeconds:F0}/s, {since.Cpu.TotalMicroseconds / entries:F1} us of processor time each"));
}
