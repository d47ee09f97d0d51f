using Forge.Domain;
using Forge.Domain.Live;
using Forge.Domain.Sla;
using Forge.Grains.Interfaces.Sla;
using Forge.Grains.Live;
using Forge.Storage.Audit;
using Forge.Storage.Sla;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Core.Internal;

namespace Forge.Grains.Tests.Sla;

/// <summary>Alerts of the SLA grain on a real store: committed before announced, one per rule, by data and by timer.</summary>
public sealed class SlaGrainAlertTests(SpineFixture fixture) : IClassFixture<SpineFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly SpineCluster _spine = fixture.Spine;

    private async Task<(ISlaGrain Grain, string Id, Traffic Traffic)> Start(int good = 6)
    {
        var id = await _spine.EnterpriseAsync(starts: DateOnly.FromDateTime(_spine.Time.GetUtcNow().UtcDateTime));   // earlier days would count as not measured
        var (grain, traffic) = (_spine.Grains.GetGrain<ISlaGrain>(id), new Traffic());
        await grain.Ingest(traffic.Scrape(_spine.Time.GetUtcNow(), 0, 0));
        await Feed(grain, traffic, good, 100, 0);
        return (grain, id, traffic);
    }

    // Nothing here is lost by a crash, so nobody waits for checkpoints.
    private async Task Feed(ISlaGrain grain, Traffic traffic, int slots, long good, long bad)
    {
        for (var i = 0; i < slots; i++)
        {
            _spine.Time.Advance(TimeSpan.FromSeconds(10));
            await grain.Ingest(traffic.Scrape(_spine.Time.GetUtcNow(), good, bad));
        }
    }

    private static async Task<SlaOrganizationView> View(ISlaGrain grain) => await grain.View() ?? throw new InvalidOperationException("The grain knows no such organization.");

    /// <summary>Asks until the view is as wanted: rules are judged once a second, and a timer of the grain runs at its own moment.</summary>
    private async Task<SlaOrganizationView> Until(ISlaGrain grain, string what, Func<SlaOrganizationView, bool> wanted)
    {
        _spine.Time.Advance(TimeSpan.FromSeconds(1));
        var since = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var view = await View(grain);
            if (wanted(view)) return view;
            if (TimeProvider.System.GetElapsedTime(since) > Patience) throw new TimeoutException($"{grain.GetPrimaryKeyString()}: expected {what}, has {string.Join(", ", view.Alerts.Select(a => $"{a.Rule} {a.State}"))}.");
        }
    }

    private async Task<SlaAlert> Firing(ISlaGrain grain, AlertRule rule) =>
        (await Until(grain, $"{rule} unresolved", view => view.Alerts.Any(a => a.Rule == rule))).Alerts.Single(a => a.Rule == rule);

    private Task<SlaOrganizationView> Without(ISlaGrain grain, AlertRule rule) => Until(grain, $"no {rule}", view => view.Alerts.All(a => a.Rule != rule));

    private async Task<SlaAlert[]> Stored(string id) => [.. (await _spine.Services.GetRequiredService<AlertReader>().SinceAsync(id, DateTimeOffset.UnixEpoch, default)).Select(a => a.State)];

    private SlaAlert? Announced(string alertId) =>
        _spine.Services.GetRequiredService<LivePublisher>().Latest.Select(d => d.Content).OfType<LiveContent.AlertChanged>().Select(c => c.Alert).SingleOrDefault(a => a.Id == alertId);

    [Fact]
    public async Task Ingest_ThreeBadSlots_FiresOneBurnAlertInTheLedgerAndOnTheTile()
    {
        var (grain, id, traffic) = await Start();
        Assert.Equal(Health.Good, (await View(grain)).Tile.Health);

        await Feed(grain, traffic, 3, 0, 100);

        var alert = await Firing(grain, AlertRule.BURN_1H);
        var view = await View(grain);
        Assert.Equal((AlertState.FIRING, AlertLevel.PAGE, SlaMetricType.UPTIME), (alert.State, alert.Level, alert.Metric));
        Assert.Equal("The error budget burns 16.66 times as fast as it may over 1h and 200.00 times over 5m; the limit is 14.88 times.", alert.Text);
        Assert.Equal((Health.Critical, 1), (view.Tile.Health, view.Tile.Pages));
        var burn = view.Burn.Single(b => b.Rule.Rule == AlertRule.BURN_1H);
        Assert.Equal((true, 14_880L, 16_666L, 200_000L), (burn.Firing, burn.FactorMilli, burn.LongMilli!.Value, burn.ShortMilli!.Value));
        Assert.Contains(alert, await Stored(id));
        Assert.Equal(alert, Announced(alert.Id));
        var journal = await _spine.Services.GetRequiredService<JournalReader>().ReadAsync(id, 0, 100, default);
        Assert.Single(journal, e => e.Action == "sla.alert.fired" && e.Subject == "alert:" + alert.Id);
    }

    [Fact]
    public async Task Ingest_Recovery_ResolvesTwoMinutesAfterTheShortWindowIsQuietAndReopens()
    {
        var (grain, id, traffic) = await Start();
        await Feed(grain, traffic, 3, 0, 100);
        var fired = await Firing(grain, AlertRule.BURN_1H);
        var lastBad = _spine.Time.GetUtcNow();
        await Feed(grain, traffic, 40, 100, 0);
        Assert.Contains((await View(grain)).Alerts, a => a.Rule == AlertRule.BURN_1H);

        await Feed(grain, traffic, 4, 100, 0);
        await Without(grain, AlertRule.BURN_1H);

        var resolved = Assert.Single(await Stored(id), a => a.Rule == AlertRule.BURN_1H);
        Assert.Equal((fired.Id, AlertState.RESOLVED), (resolved.Id, resolved.State));
        Assert.InRange(resolved.ResolvedAt!.Value - lastBad, TimeSpan.FromSeconds(410), TimeSpan.FromSeconds(442));

        await Feed(grain, traffic, 3, 0, 100);

        var reopened = await Firing(grain, AlertRule.BURN_1H);
        Assert.Equal((fired.Id, AlertState.FIRING, 1), (reopened.Id, reopened.State, reopened.Reopened));
        Assert.Single(await Stored(id), a => a.Rule == AlertRule.BURN_1H);
    }

    [Fact]
    public async Task Silence_OfTwoMinutes_FiresByTimerAndDataResolves()
    {
        var (grain, id, traffic) = await Start();
        _spine.Time.Advance(TimeSpan.FromSeconds(119));
        Assert.DoesNotContain((await View(grain)).Alerts, a => a.Rule == AlertRule.TELEMETRY_STALE);

        await Firing(grain, AlertRule.TELEMETRY_STALE);

        Assert.Equal(Health.Critical, (await View(grain)).Tile.Health);
        var alert = Assert.Single(await Stored(id), a => a.Rule == AlertRule.TELEMETRY_STALE);
        Assert.Equal((AlertLevel.PAGE, (SlaMetricType?)null), (alert.Level, alert.Metric));

        await Feed(grain, traffic, 1, 100, 0);

        await Without(grain, AlertRule.TELEMETRY_STALE);
        Assert.Null(Announced(alert.Id));   // the last word was told; nothing of it stays
    }

    [Fact]
    public async Task Refused_AtTheEdge_FiresTelemetryRefusedWithoutASample()
    {
        var (grain, _, traffic) = await Start();
        var (requests, before) = ((await View(grain)).Month.Requests, _spine.Time.GetUtcNow());

        await grain.Refused([new ReasonCount(IngestReason.BadLabels, 3), new ReasonCount("rate_limited", 40)]);

        var alert = await Firing(grain, AlertRule.TELEMETRY_REFUSED);
        Assert.EndsWith("most of them as rate_limited.", alert.Text, StringComparison.Ordinal);
        Assert.InRange(alert.FiredAt - before, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.Equal(requests, (await View(grain)).Month.Requests);

        await Feed(grain, traffic, 67, 100, 0);

        await Without(grain, AlertRule.TELEMETRY_REFUSED);
        await _spine.Grains.GetGrain<ISlaGrain>("eu-nobody").Refused([new ReasonCount(IngestReason.BadLabels, 3)]);   // nobody's: nothing to alert
    }

    [Fact]
    public async Task Ingest_SamplesOfTheFuture_FireTelemetryRefused()
    {
        var (grain, _, traffic) = await Start();
        _spine.Time.Advance(TimeSpan.FromSeconds(10));
        await grain.Ingest(Traffic.Interval(99, _spine.Time.GetUtcNow().AddHours(1), 10, 0));
        await Feed(grain, traffic, 1, 100, 0);
        var alert = await Firing(grain, AlertRule.TELEMETRY_REFUSED);
        Assert.Equal((alert, AlertLevel.TICKET), (Assert.Single((await View(grain)).Alerts), alert.Level));
        Assert.EndsWith("most of them as future.", alert.Text, StringComparison.Ordinal);
        Assert.Equal(Health.Warning, (await View(grain)).Tile.Health);

        await Feed(grain, traffic, 67, 100, 0);

        await Without(grain, AlertRule.TELEMETRY_REFUSED);
    }

    [Fact]
    public async Task Ingest_StoreRefuses_AnnouncesNothingAndCommitsOnceWhenItIsBack()
    {
        var (grain, id, traffic) = await Start();
        await using var blocker = new SqliteConnection($"Data Source={_spine.DatabaseFile}");
        await blocker.OpenAsync();
        await using (var begin = new SqliteCommand("CREATE TRIGGER refuse_alert BEFORE INSERT ON sla_alert BEGIN SELECT RAISE(ABORT, 'refused by the test'); END", blocker)) await begin.ExecuteNonQueryAsync();
        try
        {
            await Feed(grain, traffic, 4, 0, 100);
            await Until(grain, "a violation", view => !view.OpenViolations.IsEmpty);
            Assert.Empty((await View(grain)).Alerts);
            Assert.Empty(await Stored(id));
        }
        finally
        {
            await using var end = new SqliteCommand("DROP TRIGGER refuse_alert", blocker);
            await end.ExecuteNonQueryAsync();
        }

        await Feed(grain, traffic, 1, 0, 100);

        var alert = await Firing(grain, AlertRule.BURN_1H);
        Assert.Equal(alert, Assert.Single(await Stored(id), a => a.Rule == AlertRule.BURN_1H));
        Assert.Equal(alert, Announced(alert.Id));
    }

    [Fact]
    public async Task Acknowledge_SurvivesDeactivationAndIsAnsweredTheSameAgain()
    {
        var (grain, id, traffic) = await Start();
        await Feed(grain, traffic, 3, 0, 100);
        var alert = await Firing(grain, AlertRule.BURN_1H);

        var first = SpineCluster.Must(await grain.AcknowledgeAlert(alert.Id, SpineCluster.Context("ack-" + alert.Id)));
        Assert.Equal((AlertState.ACKNOWLEDGED, "user:test", "Acme"), (first.Alert.State, first.Alert.AcknowledgedBy, first.OrganizationName));
        await _spine.IdleAsync(grain);
        await Feed(grain, traffic, 1, 0, 100);

        Assert.Equal(AlertState.ACKNOWLEDGED, (await Firing(grain, AlertRule.BURN_1H)).State);
        Assert.Single(await Stored(id), a => a.Rule == AlertRule.BURN_1H);
        Assert.Equal(first.Alert, Announced(alert.Id));   // the new activation shows what it found
        Assert.Equal(first, SpineCluster.Must(await grain.AcknowledgeAlert(alert.Id, SpineCluster.Context("ack-" + alert.Id))));
        Assert.Equal("idempotency_key_reused", (await grain.AcknowledgeAlert(alert.Id, SpineCluster.Context("ack-" + alert.Id, "other"))).Refusal?.Code);
    }

    [Fact]
    public async Task Acknowledge_WhatIsNotItsOrIsOver_IsRefused()
    {
        var (grain, id, traffic) = await Start();
        var (other, _, _) = await Start();
        await Feed(grain, traffic, 3, 0, 100);
        var alert = await Firing(grain, AlertRule.BURN_1H);
        Assert.Equal("not_found", (await other.AcknowledgeAlert(alert.Id, SpineCluster.Context())).Refusal?.Code);
        Assert.Equal("not_found", (await grain.AcknowledgeAlert(new string('f', 32), SpineCluster.Context())).Refusal?.Code);
        await Feed(grain, traffic, 44, 100, 0);
        await Without(grain, AlertRule.BURN_1H);
        Assert.Equal("transition_not_allowed", (await grain.AcknowledgeAlert(alert.Id, SpineCluster.Context())).Refusal?.Code);
        await Feed(grain, traffic, 62, 100, 0);   // by now the grain has forgotten it
        Assert.Equal("transition_not_allowed", (await grain.AcknowledgeAlert(alert.Id, SpineCluster.Context())).Refusal?.Code);
    }

    [Fact]
    public async Task BurnRules_SwitchedOff_EndTheAlertAndSurviveDeactivation()
    {
        var (grain, id, traffic) = await Start();
        await Feed(grain, traffic, 3, 0, 100);
        await Firing(grain, AlertRule.BURN_1H);
        var before = SpineCluster.Must(await grain.BurnRules());
        Assert.Equal((0L, true), (before.Version, before.Rules[0].Firing));
        var off = new BurnRules([.. BurnRules.Default.Rules.Select(r => r with { Enabled = false })]);

        Assert.Equal("version_conflict", (await grain.SetBurnRules(off, SpineCluster.Context(version: 1))).Refusal?.Code);
        Assert.Equal(1, SpineCluster.Must(await grain.SetBurnRules(off, SpineCluster.Context(version: 0))).Version);
        await Feed(grain, traffic, 14, 0, 100);

        await Until(grain, "no burn alert", view => view.Alerts.All(a => a.Rule > AlertRule.BURN_3D));
        Assert.Equal("version_conflict", (await grain.SetBurnRules(off, SpineCluster.Context(version: 0))).Refusal?.Code);
        await _spine.IdleAsync(grain);
        var after = SpineCluster.Must(await grain.BurnRules());
        Assert.Equal((1L, 4), (after.Version, after.Rules.Count(r => !r.Rule.Enabled)));
        var journal = await _spine.Services.GetRequiredService<JournalReader>().ReadAsync(id, 0, 200, default);
        Assert.Equal("user:test", Assert.Single(journal, e => e.Action == "sla.burn_rules.changed").Actor);
    }

    [Fact]
    public async Task BurnRules_Unreachable_AreRefused()
    {
        var id = await _spine.EnterpriseAsync(Domain.Contracts.SlaTerms.Default with { Uptime = new Domain.Contracts.UptimeTerms(900_000) });
        var grain = _spine.Grains.GetGrain<ISlaGrain>(id);
        Assert.True(SpineCluster.Must(await grain.BurnRules()).Rules[0].Unreachable);
        Assert.Equal("burn_threshold_unreachable", (await grain.SetBurnRules(BurnRules.Default, SpineCluster.Context(version: 0))).Refusal?.Code);
        Assert.Equal("not_found", (await _spine.Grains.GetGrain<ISlaGrain>(OrganizationId.Mint(Region.EU, Guid.NewGuid().ToByteArray())).BurnRules()).Refusal?.Code);
    }
}
