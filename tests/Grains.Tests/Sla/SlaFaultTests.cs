using System.Collections.Immutable;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Forge.Grains.Interfaces.Sla;
using Forge.Storage.Audit;
using Forge.Storage.Sla;
using Microsoft.Extensions.DependencyInjection;

namespace Forge.Grains.Tests.Sla;

/// <summary>
/// The faults of sla.md 14 that end in one record all the same: two activations of one grain, a clock that is an hour wrong, a silo killed while it opens a violation, reminders that come late.
/// Each test has its own cluster.
/// </summary>
public sealed class SlaFaultTests : IAsyncLifetime
{
    private const int Attempts = 40;
    private static readonly SlaTerms UptimeOnly = new(new UptimeTerms(), new LatencyTerms(P99Ms: null), null);
    private SpineCluster _spine = null!;
    private DateTimeOffset _scrape;

    private DateTimeOffset Now => _spine.Time.GetUtcNow();

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => _spine = await SpineCluster.StartAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _spine.DisposeAsync();

    [Fact]
    public async Task TwoActivations_OfOneOrganization_RecordOneViolationAndEveryRequestOnce()
    {
        await using var other = await SpineCluster.StartAsync(beside: _spine);
        var id = await _spine.EnterpriseAsync(UptimeOnly);
        ISlaGrain[] halves = [_spine.Grains.GetGrain<ISlaGrain>(id), other.Grains.GetGrain<ISlaGrain>(id)];
        var traffic = new Traffic();
        await First(halves[0], traffic);

        // The sender's connections end now here, now there, and what is not acknowledged is repeated wherever it ends next.
        for (var i = 1; i <= 30; i++) await Acknowledged(halves, i is >= 6 and < 14 ? traffic.Scrape(NextScrape(), 0, 100) : traffic.Scrape(NextScrape(), 100, 0), i);

        var closed = Assert.Single(await Violations(id));
        // Each half is sent every other scrape, or every third when one had to be repeated at the other half: what it cannot tell apart at either edge reads as bad, at most 20 s each.
        Assert.Equal(ViolationState.CLOSED, closed.State);
        Assert.InRange(closed.BadSeconds, 80, 120);
        Assert.Single(await Opened(id));
        // One half is gone; what the other acknowledged after its last checkpoint the next scrape brings again.
        await other.DisposeAsync();
        await _spine.IdleAsync(halves[0]);
        await Feed(halves[0], traffic, 1, 100, 0);
        var month = (await View(halves[0])).Month;
        Assert.Equal((traffic.Requests, traffic.BadRequests), (month.Requests, month.BadRequests));
        Assert.Equal([closed], await Violations(id));
    }

    [Theory]
    [InlineData(60)]
    [InlineData(-60)]
    public async Task Silo_WithAClockAnHourWrong_KeepsTheOneViolationAndLosesNothing(int minutes)
    {
        var id = await _spine.EnterpriseAsync(UptimeOnly);
        var grain = _spine.Grains.GetGrain<ISlaGrain>(id);
        var traffic = new Traffic();
        await First(grain, traffic);
        await Feed(grain, traffic, 6, 100, 0);
        await _spine.IdleAsync(grain);   // the good slots are in a checkpoint, as below
        await Feed(grain, traffic, 6, 0, 100);
        var open = Assert.Single(await Violations(id));

        _spine.Skew = TimeSpan.FromMinutes(minutes);
        await _spine.ReplaceSiloAsync(grain, kill: true);
        await Feed(grain, traffic, 6, 0, 100);
        _spine.Skew = TimeSpan.Zero;
        await _spine.ReplaceSiloAsync(grain, kill: true);
        await Feed(grain, traffic, 1, 0, 100);
        await Feed(grain, traffic, 14, 100, 0);

        var closed = Assert.Single(await Violations(id));
        Assert.Equal((open.Id, open.StartTime, ViolationState.CLOSED, 130), (closed.Id, closed.StartTime, closed.State, closed.BadSeconds));
        Assert.Equal(open.StartTime.AddSeconds(130), closed.EndTime);
        Assert.Single(await Opened(id));
        var month = (await View(grain)).Month;
        Assert.Equal((traffic.Requests, traffic.BadRequests), (month.Requests, month.BadRequests));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Silo_KilledWhileItOpensAViolation_OpensItOnce(bool committed)
    {
        var id = await _spine.EnterpriseAsync(UptimeOnly);
        var grain = _spine.Grains.GetGrain<ISlaGrain>(id);
        var traffic = new Traffic();
        await First(grain, traffic);
        await Feed(grain, traffic, 6, 100, 0);
        // The good slots are in a checkpoint. One that is not would come again in one delta with the bad ones, and be judged by their mean.
        await _spine.IdleAsync(grain);
        await Feed(grain, traffic, 2, 0, 100);
        if (!committed) await _spine.SqlAsync("CREATE TRIGGER refuse BEFORE INSERT ON sla_violation BEGIN SELECT RAISE(ABORT, 'refused by the test'); END");
        var proof = traffic.Scrape(NextScrape(), 0, 100);
        await grain.Ingest(proof);   // committed or not: the silo dies before any checkpoint holds the slot, and its answer is lost
        Assert.Equal(committed ? 1 : 0, (await Violations(id)).Length);

        await _spine.ReplaceSiloAsync(grain, kill: true);
        if (!committed) await _spine.SqlAsync("DROP TRIGGER refuse");
        await Acknowledged([grain], proof, 0);
        await Feed(grain, traffic, 1, 0, 100);

        var open = Assert.Single(await Violations(id));
        Assert.Equal((ViolationState.OPEN, 40), (open.State, Assert.Single((await View(grain)).OpenViolations).BadSeconds));
        Assert.Single(await Opened(id));
        var month = (await View(grain)).Month;
        Assert.Equal((traffic.Requests, traffic.BadRequests), (month.Requests, month.BadRequests));
    }

    [Fact]
    public async Task Reminder_HoursLateAndTwice_ChangesNothing()
    {
        var id = await _spine.EnterpriseAsync(UptimeOnly);
        var grain = _spine.Grains.GetGrain<ISlaGrain>(id);
        var traffic = new Traffic();
        _spine.Time.SetUtcNow(new DateTimeOffset(2026, 1, 31, 23, 59, 0, TimeSpan.Zero));
        await First(grain, traffic);
        await Feed(grain, traffic, 3, 100, 0);
        await Feed(grain, traffic, 6, 0, 100);
        await Feed(grain, traffic, 20, 100, 0);
        var (before, recorded) = ((await View(grain)).Month, await Violations(id));
        Assert.Equal((new DateTimeOffset(2026, 2, 1, 0, 0, 0, TimeSpan.Zero), 3L), (before.From, before.Bad));   // three of the six bad slots are January's

        await _spine.Inside.GetGrain<ISlaGrain>(id).DeadlineDue("policy");
        await _spine.Inside.GetGrain<ISlaGrain>(id).DeadlineDue("policy");

        Assert.Equal(before, (await View(grain)).Month);
        Assert.Equal(recorded, await Violations(id));
    }

    private static async Task<SlaOrganizationView> View(ISlaGrain grain) => await grain.View() ?? throw new InvalidOperationException("The grain knows no such organization.");

    private async Task<ImmutableArray<SlaViolation>> Violations(string id) =>
        [.. (await Reading<ViolationReader>().SinceAsync(id, DateTimeOffset.UnixEpoch, default)).Select(v => v.State)];

    private async Task<string[]> Opened(string id) =>
        [.. (await Reading<JournalReader>().ReadAsync(id, 0, 1_000, default)).Where(e => e.Action == "sla.violation.opened").Select(e => e.Subject)];

    private T Reading<T>()
        where T : class => _spine.Services.GetRequiredService<T>();

    /// <summary>The first scrape falls on a slot's beginning, so that each later one fills one slot: what waited before may have moved the clock into one.</summary>
    private Task First(ISlaGrain grain, Traffic traffic)
    {
        var into = TimeSpan.FromTicks(Now.Ticks % TimeSpan.FromSeconds(10).Ticks);
        if (into > TimeSpan.Zero) _spine.Time.Advance(TimeSpan.FromSeconds(10) - into);
        return Acknowledged([grain], traffic.Scrape(_scrape = Now, 0, 0), 0);
    }

    /// <summary>The sender scrapes every 10 s, whatever waiting for a checkpoint did to the clock.</summary>
    private DateTimeOffset NextScrape()
    {
        _scrape = _scrape.AddSeconds(10);
        if (_scrape > Now) _spine.Time.Advance(_scrape - Now);
        return _scrape;
    }

    private async Task Feed(ISlaGrain grain, Traffic traffic, int slots, long good, long bad)
    {
        for (var i = 0; i < slots; i++)
        {
            await Acknowledged([grain], traffic.Scrape(NextScrape(), good, bad), 0);
        }
    }

    /// <summary>Sends until somebody acknowledges, each time to the next half, as a web node does for a sender that repeats.</summary>
    private async Task Acknowledged(ISlaGrain[] halves, TelemetryBatch batch, int first)
    {
        for (var attempt = 0; ; attempt++)
        {
            var grain = halves[(first + attempt) % halves.Length];
            try
            {
                var receipt = await grain.Ingest(batch);
                if (receipt.Durable != 0) await _spine.SettledAsync(grain.Durable(receipt.Durable));
                return;
            }
            catch (Exception failure) when (attempt < Attempts && failure is not TimeoutException)
            {
                _spine.Time.Advance(TimeSpan.FromMilliseconds(250));   // 503: again
            }
        }
    }
}
