using Forge.Domain.Sla;
using Forge.Grains.Interfaces.Sla;
using Forge.Storage;
using Forge.Storage.Audit;
using Forge.Storage.Contracts;
using Forge.Storage.Sla;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace Forge.Grains.Tests.Sla;

/// <summary>The SLA grain on a real store: what it commits, what it survives, what it never counts twice.</summary>
public sealed class SlaGrainTests(SpineFixture fixture) : IClassFixture<SpineFixture>
{
    private static readonly TimeSpan CheckpointWithin = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly SpineCluster _spine = fixture.Spine;

    private async Task<(ISlaGrain Grain, string Id, Traffic Traffic)> Start()
    {
        var id = await _spine.EnterpriseAsync();
        var grain = _spine.Grains.GetGrain<ISlaGrain>(id);
        var traffic = new Traffic();
        await Acknowledged(grain, traffic.Scrape(_spine.Time.GetUtcNow(), 0, 0));
        return (grain, id, traffic);
    }

    /// <summary>Ingests and waits as the web node does before it answers the sender.</summary>
    private async Task<IngestReceipt> Acknowledged(ISlaGrain grain, TelemetryBatch batch)
    {
        var receipt = await grain.Ingest(batch);
        if (receipt.Durable != 0) await Durable(grain, receipt.Durable);
        return receipt;
    }

    private async Task Durable(ISlaGrain grain, long ticket)
    {
        var durable = grain.Durable(ticket);
        _spine.Time.Advance(CheckpointWithin);
        await durable.WaitAsync(Patience);
    }

    private static async Task<SlaOrganizationView> View(ISlaGrain grain) => await grain.View() ?? throw new InvalidOperationException("The grain knows no such organization.");

    private async Task Feed(ISlaGrain grain, Traffic traffic, int slots, long good, long bad)
    {
        for (var i = 0; i < slots; i++)
        {
            _spine.Time.Advance(TimeSpan.FromSeconds(10));
            await Acknowledged(grain, traffic.Scrape(_spine.Time.GetUtcNow(), good, bad));
        }
    }

    [Fact]
    public async Task Ingest_ThreeBadSlots_OpensOneViolationInTheLedgerBeforeAnswering()
    {
        var (grain, id, traffic) = await Start();
        await Feed(grain, traffic, 6, 100, 0);
        Assert.Empty((await View(grain)).OpenViolations);

        await Feed(grain, traffic, 3, 50, 50);

        var open = Assert.Single((await View(grain)).OpenViolations, v => v.MetricType == SlaMetricType.UPTIME);
        Assert.Equal(30, open.BadSeconds);
        var stored = await _spine.Services.GetRequiredService<ViolationReader>().OpenForAsync(id, default);
        Assert.Contains(stored, s => s.State.Id == open.Id);
        var journal = await _spine.Services.GetRequiredService<JournalReader>().ReadAsync(id, 0, 100, default);
        Assert.Contains(journal, e => e.Action == "sla.violation.opened" && e.Subject == "violation:" + open.Id);
    }

    [Fact]
    public async Task Ingest_RecoveryForTwoMinutes_ClosesWithItsTrueBadTime()
    {
        var (grain, id, traffic) = await Start();
        await Feed(grain, traffic, 3, 100, 0);
        await Feed(grain, traffic, 6, 0, 100);
        await Feed(grain, traffic, 12, 100, 0);

        Assert.Empty((await View(grain)).OpenViolations);
        var all = await _spine.Services.GetRequiredService<ViolationReader>().SinceAsync(id, DateTimeOffset.UnixEpoch, default);
        var closed = Assert.Single(all, v => v.State.MetricType == SlaMetricType.UPTIME).State;
        Assert.Equal(ViolationState.CLOSED, closed.State);
        Assert.Equal(60, closed.BadSeconds);
        Assert.Equal(1, closed.DurationMinutes);
        Assert.Equal(closed.StartTime.AddSeconds(60), closed.EndTime);
    }

    [Fact]
    public async Task Ingest_SameBatchTwice_CountsOnce()
    {
        var (grain, _, traffic) = await Start();
        await Feed(grain, traffic, 5, 100, 1);
        _spine.Time.Advance(TimeSpan.FromSeconds(10));
        var batch = traffic.Scrape(_spine.Time.GetUtcNow(), 100, 0);
        await Acknowledged(grain, batch);
        var again = await Acknowledged(grain, batch);

        Assert.Equal(0, again.Accepted);
        Assert.Contains(again.Ignored, r => r.Reason == IngestReason.Duplicate);
        var month = (await View(grain)).Month;
        Assert.Equal((traffic.Requests, traffic.BadRequests), (month.Requests, month.BadRequests));
    }

    [Fact]
    public async Task Deactivation_Graceful_LosesNothing()
    {
        var (grain, _, traffic) = await Start();
        await Feed(grain, traffic, 7, 90, 1);

        await _spine.IdleAsync(grain);

        var month = (await View(grain)).Month;
        Assert.Equal((traffic.Requests, traffic.BadRequests), (month.Requests, month.BadRequests));
    }

    [Fact]
    public async Task Ingest_StoreRefusesToOpen_ShowsPendingThenCommitsWhenItIsBack()
    {
        var (grain, id, traffic) = await Start();
        await Feed(grain, traffic, 3, 100, 0);
        await using var blocker = new SqliteConnection($"Data Source={_spine.DatabaseFile}");
        await blocker.OpenAsync();
        await using (var begin = new SqliteCommand("CREATE TRIGGER refuse BEFORE INSERT ON sla_violation BEGIN SELECT RAISE(ABORT, 'refused by the test'); END", blocker)) await begin.ExecuteNonQueryAsync();
        try
        {
            await Feed(grain, traffic, 3, 0, 100);
            var tile = (await View(grain)).Tile;
            Assert.Contains(tile.Open, v => v.Pending);
        }
        finally
        {
            await using var end = new SqliteCommand("DROP TRIGGER refuse", blocker);
            await end.ExecuteNonQueryAsync();
        }

        await Feed(grain, traffic, 1, 0, 100);

        Assert.DoesNotContain((await View(grain)).Tile.Open, v => v.Pending);
        Assert.NotEmpty(await _spine.Services.GetRequiredService<ViolationReader>().OpenForAsync(id, default));
    }

    [Fact]
    public async Task Terms_AmendedForNextMonth_ComeIntoForceAtItsFirstInstant()
    {
        var (grain, id, _) = await Start();
        Assert.Equal(999_500, (await View(grain)).Tile.TargetPpm);
        var contracts = await _spine.Services.GetRequiredService<ContractReader>().ListAsync(id, default);
        var contract = _spine.Grains.GetGrain<Interfaces.Contracts.IContractGrain>(contracts[0].State.Id);
        var stricter = Domain.Contracts.SlaTerms.Default with { Uptime = new Domain.Contracts.UptimeTerms(999_900) };
        var first = new DateOnly(_spine.Time.GetUtcNow().Year, _spine.Time.GetUtcNow().Month, 1).AddMonths(1);
        SpineCluster.Must(await contract.Amend(new Domain.Contracts.AmendContract(first, stricter, "stricter"), SpineCluster.Context()));
        await _spine.Inside.GetGrain<Interfaces.IOutboxGrain>(0).Sweep();
        Assert.Equal(999_500, (await View(grain)).Tile.TargetPpm);

        _spine.Time.SetUtcNow(new DateTimeOffset(first.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero));
        await _spine.Inside.GetGrain<Interfaces.IDeadlineSweepGrain>(0).Sweep();

        Assert.Equal(999_900, (await View(grain)).Tile.TargetPpm);
    }

    [Fact]
    public async Task Journal_OfAViolation_ReplaysToItsRow()
    {
        var (grain, id, traffic) = await Start();
        await Feed(grain, traffic, 3, 100, 0);
        await Feed(grain, traffic, 12, 0, 100);
        await Feed(grain, traffic, 13, 100, 0);

        var rows = await _spine.Services.GetRequiredService<ViolationReader>().SinceAsync(id, DateTimeOffset.UnixEpoch, default);
        var entries = await _spine.Services.GetRequiredService<JournalReader>().ReadAsync(id, 0, 1_000, default);
        Assert.NotEmpty(rows);
        foreach (var row in rows)
        {
            SlaViolation? replayed = null;
            foreach (var entry in entries.Where(e => e.Subject == "violation:" + row.State.Id))
                replayed = SlaViolation.Apply(replayed, System.Text.Json.JsonSerializer.Deserialize(entry.Body!, Domain.ForgeJson.Default.ViolationEvent)!);
            Assert.Equal(row.State, replayed);
        }
    }
}
