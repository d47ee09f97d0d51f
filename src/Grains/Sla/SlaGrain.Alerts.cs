using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Live;
using Forge.Domain.Sla;

namespace Forge.Grains.Sla;

// Alerts and burn rules of the organization; what is decided when is in AlertBook and in Domain.
public sealed partial class SlaGrain
{
    /// <inheritdoc/>
    public async Task<Outcome<AlertRow>> AcknowledgeAlert(string alertId, CommandContext context)
    {
        if (_profile is not { } profile) return Outcome<AlertRow>.No(Refusal.NotFound("alert"));
        var outcome = await alerts.AcknowledgeAsync(alertId, context);
        if (outcome.Value is not { } alert) return Outcome<AlertRow>.No(outcome.Refusal!, outcome.Version);
        Announce(LiveDelta.AlertOf(alert.Id), new LiveContent.AlertChanged("acknowledged", alert, profile.Organization.Name));
        return Outcome<AlertRow>.Of(new AlertRow(alert, profile.Organization.Name, outcome.Version), outcome.Version);
    }

    /// <inheritdoc/>
    public async Task Refused(ImmutableArray<ReasonCount> counts)
    {
        if (_profile is null) return;
        var now = time.GetUtcNow();
        alerts.Count(new IngestReceipt(0, [], counts, []), now);
        await Settle(now);
    }

    /// <inheritdoc/>
    public Task<Outcome<BurnRulesView>> BurnRules() => Task.FromResult(ViewRules());

    /// <inheritdoc/>
    public async Task<Outcome<BurnRulesView>> SetBurnRules(BurnRules rules, CommandContext context)
    {
        if (_profile is null) return Outcome<BurnRulesView>.No(Refusal.NotFound("organization"));
        var outcome = await alerts.SetRulesAsync(rules, _engine.Policy, context);
        if (outcome.Refusal is { } refusal) return Outcome<BurnRulesView>.No(refusal, outcome.Version);
        await Settle(time.GetUtcNow());
        return ViewRules();
    }

    /// <summary>Judges the alert rules, at most once a second, and announces what was committed; true when anything was.</summary>
    private async Task<bool> SettleAlerts(SlaProfile profile, DateTimeOffset now)
    {
        var changes = await alerts.SettleAsync(_engine, now);
        foreach (var (change, alert) in changes)
            Announce(LiveDelta.AlertOf(alert.Id), new LiveContent.AlertChanged(change, alert, profile.Organization.Name));
        return !changes.IsEmpty;
    }

    private Outcome<BurnRulesView> ViewRules()
    {
        if (_profile is null) return Outcome<BurnRulesView>.No(Refusal.NotFound("organization"));
        var view = alerts.View(_engine, time.GetUtcNow());
        return Outcome<BurnRulesView>.Of(view, view.Version);
    }

    private SlaOrganizationView WithAlerts(SlaOrganizationView view, DateTimeOffset now) =>
        view with { Burn = _engine.Policy.Monitored ? alerts.View(_engine, now).Rules : ImmutableArray<BurnView>.Empty, Alerts = alerts.Unresolved };
}
