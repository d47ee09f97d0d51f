using Forge.Domain.Sla;
using Forge.Grains.Interfaces;
using Forge.Grains.Interfaces.Sla;
using Forge.Storage.Sla;
using Microsoft.Extensions.DependencyInjection;

namespace Forge.Grains.Tests.Sla;

/// <summary>Sealed hours and checkpoints when the silo dies, stops, or the store refuses. Each test has its own cluster.</summary>
public sealed class SlaGrainStoreTests : IAsyncLifetime
{
    private SpineCluster _spine = null!;
    private ulong _identity = 1_000;

    private DateTimeOffset Now => _spine.Time.GetUtcNow();

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => _spine = await SpineCluster.StartAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _spine.DisposeAsync();

    [Fact]
    public async Task Hour_SixMinutesAfterItsEnd_IsARowWithEveryRequest()
    {
        var (grain, id, traffic) = await Start();
        await Feed(grain, traffic, minutes: 65, good: 540, bad: 60);
        await Checkpoint(grain);
        Assert.Empty(await Rows(id));

        await Feed(grain, traffic, minutes: 1, good: 540, bad: 60);
        await Checkpoint(grain);

        var hour = Assert.Single(await Rows(id));
        Assert.Equal((60L * 600 * 60, 60L * 60 * 60), (hour.Minutes.Sum(m => m.Total60), hour.Minutes.Sum(m => m.Bad60)));
        Assert.All(hour.Minutes, m => Assert.Equal(36_000, m.Total60));
        Assert.All(hour.Slots, state => Assert.Equal(SlotVerdict.Good, (SlotVerdict)(state & 3)));
        Assert.True(hour.Monitored);
    }

    [Fact]
    public async Task Hour_WhenTheSiloDiesBeforeItIsSealed_StillHoldsEveryRequest()
    {
        var (grain, id, traffic) = await Start();
        await Feed(grain, traffic, minutes: 63, good: 600, bad: 0);

        await _spine.ReplaceSiloAsync(grain, kill: true);
        await Feed(grain, traffic, minutes: 5, good: 600, bad: 0);
        await Checkpoint(grain);

        Assert.All(Assert.Single(await Rows(id)).Minutes, m => Assert.Equal(36_000, m.Total60));
        Assert.Equal(68L * 600, (await View(grain)).Month.Requests - 10);
    }

    [Fact]
    public async Task Hour_ChangedByASenderThatCatchesUp_IsStoredAgainWithTheNextRevision()
    {
        var (grain, id, traffic) = await Start();
        var at = await Feed(grain, traffic, minutes: 30, good: 600, bad: 0);
        _spine.Time.Advance(TimeSpan.FromMinutes(40));
        await Checkpoint(grain);
        var before = Assert.Single(await Rows(id));
        Assert.Equal(1, before.Revision);

        for (var minute = 1; minute <= 40; minute++) await Acknowledged(grain, traffic.Scrape(at.AddMinutes(minute), 600, 0));
        await Checkpoint(grain);

        var after = (await Rows(id))[0];
        Assert.True(after.Revision > 1);
        // Nobody of the organization was heard for 40 min, so its cursors were kept: nothing is missing.
        Assert.Equal(Enumerable.Repeat(36_000L, 60), after.Minutes.Select(m => m.Total60));
        Assert.Equal([.. Enumerable.Repeat(36_000L, 30), .. Enumerable.Repeat(0L, 30)], before.Minutes.Select(m => m.Total60));
    }

    [Fact]
    public async Task Stop_Gracefully_LosesNothingThatWasTaken()
    {
        var (grain, _, traffic) = await Start();
        await Feed(grain, traffic, minutes: 3, good: 600, bad: 6);
        _spine.Time.Advance(TimeSpan.FromSeconds(1));
        await grain.Ingest(traffic.Scrape(Now, 17, 0));   // no timer has seen this

        await _spine.ReplaceSiloAsync(grain, kill: false);

        Assert.Equal(traffic.Requests, (await View(grain)).Month.Requests);
    }

    [Fact]
    public async Task Store_DownForTwoMinutes_TakesCountersAndRefusesToPromiseDeltas()
    {
        var (grain, _, traffic) = await Start();
        await Feed(grain, traffic, minutes: 1, good: 600, bad: 0);
        await _spine.SqlAsync("ALTER TABLE sla_checkpoint RENAME TO hidden");

        TelemetryBatch delta = Traffic.Interval(77, Now, 500, 5);
        for (var i = 0; i < 12; i++)
        {
            _spine.Time.Advance(TimeSpan.FromSeconds(10));
            var receipt = await grain.Ingest(traffic.Scrape(Now, 100, 0));
            Assert.Equal((2, 0L), (receipt.Accepted, receipt.Durable));
        }
        var refused = await grain.Ingest(delta);
        await Assert.ThrowsAnyAsync<StoreUnavailableException>(() => _spine.SettledAsync(grain.Durable(refused.Durable)));
        await _spine.SqlAsync("ALTER TABLE hidden RENAME TO sla_checkpoint");
        await Acknowledged(grain, delta);   // its sender repeats it

        await _spine.ReplaceSiloAsync(grain, kill: true);
        _spine.Time.Advance(TimeSpan.FromSeconds(10));
        await Acknowledged(grain, traffic.Scrape(Now, 100, 0));

        Assert.Equal((traffic.Requests + 500, 5), ((await View(grain)).Month.Requests, (await View(grain)).Month.BadRequests));
    }

    private static async Task<SlaOrganizationView> View(ISlaGrain grain) => await grain.View() ?? throw new InvalidOperationException("The grain knows no such organization.");

    private async Task<System.Collections.Immutable.ImmutableArray<SlaHour>> Rows(string id) => await _spine.Services.GetRequiredService<SlaHourReader>().HoursAsync(id, 0, 1_000_000, default);

    private async Task<(ISlaGrain Grain, string Id, Traffic Traffic)> Start()
    {
        var id = await _spine.EnterpriseAsync();
        var grain = _spine.Grains.GetGrain<ISlaGrain>(id);
        var traffic = new Traffic();
        await Acknowledged(grain, traffic.Scrape(Now, 0, 0));
        return (grain, id, traffic);
    }

    /// <summary>Answers when the last scrape was.</summary>
    private async Task<DateTimeOffset> Feed(ISlaGrain grain, Traffic traffic, int minutes, long good, long bad)
    {
        var next = Now;
        for (var i = 0; i < minutes; i++)
        {
            next = next.AddMinutes(1);
            next = next.AddTicks(-(next.Ticks % TimeSpan.TicksPerMinute));   // waiting for a checkpoint moves the clock a little
            _spine.Time.Advance(next - Now);
            await Acknowledged(grain, traffic.Scrape(Now, good, bad));
        }
        return next;
    }

    /// <summary>Ten requests of another sender, acknowledged: the checkpoint that holds them is stored.</summary>
    private Task Checkpoint(ISlaGrain grain) => Acknowledged(grain, Traffic.Interval(++_identity, Now, 10, 0));

    private async Task Acknowledged(ISlaGrain grain, TelemetryBatch batch)
    {
        var receipt = await grain.Ingest(batch);
        if (receipt.Durable != 0) await _spine.SettledAsync(grain.Durable(receipt.Durable));
    }
}
