using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using Forge.Domain;
using Forge.Domain.Organizations;
using Forge.EndToEnd.Tests.Harness;
using Npgsql;

namespace Forge.EndToEnd.Tests.Faults;

/// <summary>PostgreSQL goes, hangs, crawls or refuses one table while telemetry flows. Source: security.md 15, F-5, F-6 and F-14 as far as no grant is needed.</summary>
[Trait("Category", "Fault")]
public sealed class DatabaseFaultTests(PublishedProduct published)
{
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LongestCommand = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestHealth = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData("stop -m immediate")]
    [InlineData("kill -9")]
    public async Task Postgres_Gone_ServesAgainWithinFifteenSeconds_AndNothingAcknowledgedIsLost(string how)
    {
        FaultReport.OnlyWhenAll();
        await using var scene = await FaultScene.StartAsync(published);
        var (cluster, load, board) = scene;

        if (how == "kill -9") await cluster.Postgres.KillAsync();
        else await cluster.Postgres.CrashAsync();
        await Task.Delay(TimeSpan.FromSeconds(10));
        var status = await CommandAsync(cluster, "While it is gone");
        await Task.Delay(TimeSpan.FromSeconds(10));
        await cluster.Postgres.StartAgainAsync();
        var startedAt = TimeProvider.System.GetTimestamp();
        await Invariants.FlowsAsync(load, board, TimeSpan.Zero);
        var ingest = TimeProvider.System.GetElapsedTime(startedAt);
        await Eventually.GetAsync("a command", TimeSpan.FromSeconds(60), async () => (await CommandAsync(cluster, "After it is back")).Status, s => s == HttpStatusCode.Created);
        var commands = TimeProvider.System.GetElapsedTime(startedAt);

        await Invariants.HoldAsync(cluster, load, board);
        FaultReport.Note("F-5 " + how, $"20 s without: a command answered {(int)status.Status} after {FaultReport.S(status.Took)}; once back, ingest flows after {FaultReport.S(ingest)}, commands after {FaultReport.S(commands)}", "503 not 200; ≤ 15 s; totals equal, journal verifies");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status.Status);
        Assert.InRange(ingest, TimeSpan.Zero, Recovery);
        Assert.InRange(commands, TimeSpan.Zero, Recovery);
    }

    [Fact]
    public async Task Postgres_HalfOpenForAMinute_CommandsFailInTime_AndHealthAnswers()
    {
        FaultReport.OnlyWhenAll();
        FaultProxy? wire = null;
        await using var scene = await FaultScene.StartAsync(published, plan: SilosThrough(port => wire ??= FaultProxy.To(port)));
        var (cluster, load, board) = scene;
        await using var _ = wire!;

        wire!.Swallow();
        var (longestCommand, longestHealth, worked, answers) = (TimeSpan.Zero, TimeSpan.Zero, 0, 0);
        for (var since = Stopwatch.StartNew(); since.Elapsed < TimeSpan.FromSeconds(60);)
        {
            var health = Stopwatch.StartNew();
            foreach (var process in cluster.Silos.Concat(cluster.Webs))
            {
                using var answer = await cluster.Session().Http.GetAsync(new Uri(process.Url, "/healthz/live"));
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            }
            longestHealth = Longer(longestHealth, health.Elapsed / (cluster.Silos.Count + cluster.Webs.Count));
            var (status, took) = await CommandAsync(cluster, "In the hole");
            longestCommand = Longer(longestCommand, took);
            answers++;
            if (status == HttpStatusCode.Created) worked++;
        }
        wire.Mend();
        var mendedAt = TimeProvider.System.GetTimestamp();
        await Invariants.FlowsAsync(load, board, TimeSpan.Zero);
        var back = TimeProvider.System.GetElapsedTime(mendedAt);

        await Invariants.HoldAsync(cluster, load, board);
        FaultReport.Note("F-6 black hole", $"{answers} commands, {worked} worked, the slowest answer after {FaultReport.S(longestCommand)}; liveness in {longestHealth.TotalMilliseconds:0} ms; flows {FaultReport.S(back)} after the end", "commands ≤ 5 s, health < 1 s, totals equal");
        Assert.Equal(0, worked);
        Assert.InRange(longestCommand, TimeSpan.Zero, LongestCommand);
        Assert.InRange(longestHealth, TimeSpan.Zero, LongestHealth);
        Assert.InRange(back, TimeSpan.Zero, Recovery);
    }

    [Fact]
    public async Task Postgres_SlowByAFifthOfASecond_EverythingStillWorks()
    {
        FaultReport.OnlyWhenAll();
        FaultProxy? wire = null;
        await using var scene = await FaultScene.StartAsync(published, plan: SilosThrough(port => wire ??= FaultProxy.To(port)));
        var (cluster, load, board) = scene;
        await using var _ = wire!;

        wire!.Slow(TimeSpan.FromMilliseconds(100));
        scene.Mark();
        var (longest, worked) = (TimeSpan.Zero, 0);
        for (var i = 0; i < 5; i++)
        {
            var (status, took) = await CommandAsync(cluster, $"Slow {i}");
            longest = Longer(longest, took);
            if (status == HttpStatusCode.Created) worked++;
        }
        await Invariants.FlowsAsync(load, board, TimeSpan.FromSeconds(15));
        var (ingest, tiles) = (load.WorstGap, board.WorstGap);
        wire.Mend();

        await Invariants.HoldAsync(cluster, load, board);
        FaultReport.Note("F-6 slow", $"200 ms more a round trip: {worked} of 5 commands worked, the slowest in {FaultReport.S(longest)}; longest wait of a sender {FaultReport.S(ingest)}, of a tile {FaultReport.S(tiles)}", "commands ≤ 5 s, totals equal");
        Assert.Equal(5, worked);
        Assert.InRange(longest, TimeSpan.Zero, LongestCommand);
    }

    [Fact]
    public async Task Journal_RefusingAppends_LetsNoCommandHappen_AndComesBackByItself()
    {
        FaultReport.OnlyWhenAll();
        await using var scene = await FaultScene.StartAsync(published, silos: 2, webs: 1);
        var (cluster, load, board) = scene;

        await ExecuteAsync(cluster.Database, "CREATE FUNCTION refuse_append() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$; CREATE TRIGGER refuse_append BEFORE INSERT ON journal_entry FOR EACH ROW EXECUTE FUNCTION refuse_append()");
        var before = await RowsAsync(cluster.Database);
        var (status, took) = await CommandAsync(cluster, "Without a journal");
        var after = await RowsAsync(cluster.Database);
        await ExecuteAsync(cluster.Database, "DROP TRIGGER refuse_append ON journal_entry; DROP FUNCTION refuse_append()");
        await Eventually.GetAsync("a command", TimeSpan.FromSeconds(30), async () => (await CommandAsync(cluster, "With a journal")).Status, s => s == HttpStatusCode.Created);

        await Invariants.HoldAsync(cluster, load, board);
        FaultReport.Note("F-14", $"command answered {(int)status} after {FaultReport.S(took)}, organizations before and after {before} and {after}", "nothing happens without its entry");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Equal(before, after);
    }

    private static TimeSpan Longer(TimeSpan a, TimeSpan b) => a > b ? a : b;

    /// <summary>Silos reach the database through a wire, everybody else directly.</summary>
    private static Func<FaultCluster, string, int, ProcessPlan> SilosThrough(Func<int, FaultProxy> wire) => (cluster, role, _) => role != "silo" ? ProcessPlan.Plain
        : ProcessPlan.Plain with { Database = new NpgsqlConnectionStringBuilder(cluster.Database) { Port = wire(cluster.Postgres.Port).Port }.ConnectionString };

    private static async Task<(HttpStatusCode Status, TimeSpan Took)> CommandAsync(FaultCluster cluster, string name)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/organizations") { Content = JsonContent.Create(new CreateOrganization(name, null, null, Region.EU, OrganizationPlan.TEAM, false, 1), ForgeJson.Default.CreateOrganization) };
        request.Headers.Add("Idempotency-Key", Guid.CreateVersion7().ToString("N"));
        var watch = Stopwatch.StartNew();
        using var answer = await cluster.Session().Http.SendAsync(request);
        return (answer.StatusCode, watch.Elapsed);
    }

    private static async Task ExecuteAsync(string database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<long> RowsAsync(string database)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand("SELECT count(*) FROM organization");
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
