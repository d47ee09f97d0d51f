using Forge.Domain.Sla;
using Forge.Grains.Interfaces.Sla;
using Forge.Storage.Sla;
using Microsoft.Extensions.DependencyInjection;

namespace Forge.Grains.Tests.Sla;

/// <summary>What must hold around silence, lost activations and catching up.</summary>
public sealed class SlaGrainRecoveryTests(SpineFixture fixture) : IClassFixture<SpineFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly SpineCluster _spine = fixture.Spine;

    [Fact]
    public async Task Silence_ForEightHours_RecordsNoViolationTwice()
    {
        var (grain, id, traffic) = await Start();
        await Feed(grain, traffic, 3, 100, 0);
        await Feed(grain, traffic, 6, 0, 100);
        await Feed(grain, traffic, 13, 100, 0);
        var reader = _spine.Services.GetRequiredService<ViolationReader>();
        var recorded = (await reader.SinceAsync(id, DateTimeOffset.UnixEpoch, default)).Length;

        for (var hour = 0; hour < 8; hour++)
        {
            _spine.Time.Advance(TimeSpan.FromHours(1));
            await grain.ProfileChanged();
        }

        Assert.Equal(recorded, (await reader.SinceAsync(id, DateTimeOffset.UnixEpoch, default)).Length);
    }

    [Fact]
    public async Task Ingest_CatchingUpMinutesOfCounters_RarelyWaitsBecauseACheckpointIsWrittenHalfWay()
    {
        var (grain, _, traffic) = await Start();
        var at = _spine.Time.GetUtcNow();
        _spine.Time.Advance(TimeSpan.FromMinutes(10));
        var waits = 0;
        for (var i = 1; i <= 40; i++)
        {
            var receipt = await grain.Ingest(traffic.Scrape(at.AddSeconds(10 * i), 50, 1));
            if (receipt.Durable == 0) continue;
            waits++;
            await Stored(grain, receipt);
        }

        Assert.InRange(waits, 0, 4);
    }

    [Fact]
    public async Task Contract_ThatStartsLater_IsJudgedFromItsFirstInstant()
    {
        var id = await _spine.EnterpriseAsync(starts: DateOnly.FromDateTime(_spine.Time.GetUtcNow().UtcDateTime).AddDays(3));
        var grain = _spine.Grains.GetGrain<ISlaGrain>(id);
        Assert.False((await View(grain)).Tile.Monitored);

        _spine.Time.Advance(TimeSpan.FromDays(3));
        await _spine.Inside.GetGrain<Interfaces.IDeadlineSweepGrain>(0).Sweep();

        Assert.True((await View(grain)).Tile.Monitored);
    }

    private static async Task<SlaOrganizationView> View(ISlaGrain grain) => await grain.View() ?? throw new InvalidOperationException("The grain knows no such organization.");

    private async Task<(ISlaGrain Grain, string Id, Traffic Traffic)> Start()
    {
        var id = await _spine.EnterpriseAsync();
        var grain = _spine.Grains.GetGrain<ISlaGrain>(id);
        var traffic = new Traffic();
        await Acknowledged(grain, traffic.Scrape(_spine.Time.GetUtcNow(), 0, 0));
        return (grain, id, traffic);
    }

    private async Task Acknowledged(ISlaGrain grain, TelemetryBatch batch)
    {
        var receipt = await grain.Ingest(batch);
        if (receipt.Durable != 0) await Stored(grain, receipt);
    }

    private Task Stored(ISlaGrain grain, IngestReceipt receipt) => _spine.SettledAsync(grain.Durable(receipt.Durable));

    private async Task Feed(ISlaGrain grain, Traffic traffic, int slots, long good, long bad)
    {
        for (var i = 0; i < slots; i++)
        {
            _spine.Time.Advance(TimeSpan.FromSeconds(10));
            await Acknowledged(grain, traffic.Scrape(_spine.Time.GetUtcNow(), good, bad));
        }
    }
}
