using Forge.Domain.Sla;
using Forge.Grains.Interfaces.Sla;

namespace Forge.Grains.Tests.Sla;

/// <summary>The silo with the activation is killed: what was acknowledged comes back from the store. Each test has its own cluster.</summary>
public sealed class SlaGrainCrashTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private SpineCluster _spine = null!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => _spine = await SpineCluster.StartAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _spine.DisposeAsync();

    [Fact]
    public async Task Ingest_DeltaIntervals_AreAcknowledgedOnlyWithACheckpointThatHoldsThem()
    {
        var id = await _spine.EnterpriseAsync();
        var grain = _spine.Grains.GetGrain<ISlaGrain>(id);
        var receipt = await grain.Ingest(Traffic.Interval(11, _spine.Time.GetUtcNow(), 500, 5));
        Assert.NotEqual(0, receipt.Durable);
        var durable = grain.Durable(receipt.Durable);
        Assert.False(durable.IsCompleted);
        _spine.Time.Advance(TimeSpan.FromMilliseconds(250));
        await durable.WaitAsync(Patience);

        await _spine.ReplaceSiloAsync(grain, kill: true);

        var month = (await View(grain)).Month;
        Assert.Equal((500, 5), (month.Requests, month.BadRequests));
        var repeated = await grain.Ingest(Traffic.Interval(11, _spine.Time.GetUtcNow(), 500, 5));
        Assert.Equal(0, repeated.Accepted);
    }

    [Fact]
    public async Task Activation_AfterOpenViolation_KeepsItOpenAndExtendsIt()
    {
        var (grain, _, traffic) = await Start();
        await Feed(grain, traffic, 4, 0, 100);
        var open = Assert.Single((await View(grain)).OpenViolations, v => v.MetricType == SlaMetricType.UPTIME);

        await _spine.ReplaceSiloAsync(grain, kill: true);
        await Feed(grain, traffic, 2, 0, 100);

        var after = Assert.Single((await View(grain)).OpenViolations, v => v.MetricType == SlaMetricType.UPTIME);
        Assert.Equal(open.Id, after.Id);
        Assert.Equal(open.StartTime, after.StartTime);
    }

    [Fact]
    public async Task Durable_TicketOfALostActivation_FaultsSoThatTheSenderRepeats()
    {
        var (grain, _, traffic) = await Start();
        _spine.Time.Advance(TimeSpan.FromSeconds(10));
        var first = await grain.Ingest(Traffic.Interval(21, _spine.Time.GetUtcNow(), 100, 0));
        Assert.NotEqual(0, first.Durable);
        await _spine.ReplaceSiloAsync(grain, kill: true);

        var second = await grain.Ingest(Traffic.Interval(22, _spine.Time.GetUtcNow(), 100, 0));
        var saved = grain.Durable(second.Durable);
        _spine.Time.Advance(TimeSpan.FromMilliseconds(250));
        await saved.WaitAsync(Patience);

        await Assert.ThrowsAnyAsync<InvalidOperationException>(() => grain.Durable(first.Durable));
        _ = traffic;
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
        if (receipt.Durable == 0) return;
        var durable = grain.Durable(receipt.Durable);
        _spine.Time.Advance(TimeSpan.FromMilliseconds(250));
        await durable.WaitAsync(Patience);
    }

    private async Task Feed(ISlaGrain grain, Traffic traffic, int slots, long good, long bad)
    {
        for (var i = 0; i < slots; i++)
        {
            _spine.Time.Advance(TimeSpan.FromSeconds(10));
            await Acknowledged(grain, traffic.Scrape(_spine.Time.GetUtcNow(), good, bad));
        }
    }
}
