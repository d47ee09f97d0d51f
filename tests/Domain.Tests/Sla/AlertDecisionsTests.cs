using System.Collections.Immutable;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Xunit;

namespace Forge.Domain.Tests.Sla;

/// <summary>Life of alerts: state x what happens, waiting and reopening, and the incremental evaluation against one that starts from the raw slots every time.</summary>
public sealed class AlertDecisionsTests
{
    private static readonly ImmutableDictionary<AlertRule, DateTimeOffset> Fresh = ImmutableDictionary<AlertRule, DateTimeOffset>.Empty;

    private static SlaAlert Alert(AlertState state, DateTimeOffset? resolvedAt = null, string? by = null) =>
        new("a1", "o", AlertRule.BURN_1H, SlaMetricType.UPTIME, AlertLevel.PAGE, state, T.Start, resolvedAt, by, by is null ? null : T.Start, "as fired", 0);

    /// <summary>Figures on which BURN_1H holds, is between, or is over, and nothing else says anything.</summary>
    private static AlertFigures Figures(AlertCondition condition, double now)
    {
        var (hour, five) = condition switch { AlertCondition.Holds => (9, 9), AlertCondition.Between => (2, 2), _ => (2, 0) };
        return new AlertFigures(T.Policy(), window => window switch { "1h" => new BurnShare(hour, 360, hour), "5m" => new BurnShare(five, 30, five), _ => new BurnShare(0, 720, 0) },
            new SlaBudget(133, 9, 0, false), T.At(now), 10_000, T.Start, default, null);
    }

    private static AlertEvaluation Evaluate(AlertCondition condition, double now, SlaAlert? recorded, ImmutableDictionary<AlertRule, DateTimeOffset>? overSince = null) =>
        AlertDecisions.Evaluate("o", Figures(condition, now), BurnRules.Default, recorded is null ? [] : [recorded], overSince ?? Fresh, T.At(now), () => "new");

    [Theory]
    [InlineData(null, AlertCondition.Holds, "Fired")]
    [InlineData(null, AlertCondition.Between, "")]
    [InlineData(null, AlertCondition.Over, "")]
    [InlineData(AlertState.FIRING, AlertCondition.Holds, "")]
    [InlineData(AlertState.FIRING, AlertCondition.Between, "")]
    [InlineData(AlertState.FIRING, AlertCondition.Over, "Resolved")]
    [InlineData(AlertState.ACKNOWLEDGED, AlertCondition.Holds, "")]
    [InlineData(AlertState.ACKNOWLEDGED, AlertCondition.Between, "")]
    [InlineData(AlertState.ACKNOWLEDGED, AlertCondition.Over, "Resolved")]
    [InlineData(AlertState.RESOLVED, AlertCondition.Holds, "Reopened")]
    [InlineData(AlertState.RESOLVED, AlertCondition.Between, "")]
    [InlineData(AlertState.RESOLVED, AlertCondition.Over, "")]
    public void Condition_InEveryState_DoesWhatTheTableSays(AlertState? state, AlertCondition condition, string expected)
    {
        var recorded = state is { } s ? Alert(s, s == AlertState.RESOLVED ? T.At(7_000) : null) : null;
        var changes = Evaluate(condition, 7_200, recorded, Fresh.Add(AlertRule.BURN_1H, T.At(7_080))).Changes;
        Assert.Equal(expected, string.Concat(changes.Select(c => c.Event.GetType().Name)));
    }

    [Theory]
    [InlineData(null, "not_found")]
    [InlineData(AlertState.FIRING, "accepted")]
    [InlineData(AlertState.ACKNOWLEDGED, "unchanged")]
    [InlineData(AlertState.RESOLVED, "transition_not_allowed")]
    public void Acknowledge_InEveryState_DoesWhatTheTableSays(AlertState? state, string expected) =>
        Assert.Equal(expected, Verdict.Of(AlertDecisions.Acknowledge(state is { } s ? Alert(s) : null, "user:ana", T.At(60))));

    [Fact]
    public void Acknowledge_Firing_KeepsWhoAndWhen()
    {
        var accepted = Assert.IsType<Decision<AlertEvent>.Accepted>(AlertDecisions.Acknowledge(Alert(AlertState.FIRING), "user:ana", T.At(60)));
        Assert.Equal(Alert(AlertState.ACKNOWLEDGED) with { AcknowledgedBy = "user:ana", AcknowledgedAt = T.At(60) }, SlaAlert.Apply(Alert(AlertState.FIRING), Assert.Single(accepted.Events)));
    }

    [Theory]
    [InlineData(119.9, false)]
    [InlineData(120, true)]
    public void Resolution_OfABurn_WaitsTwoMinutes(double quiet, bool resolved)
    {
        var first = Evaluate(AlertCondition.Over, 7_000, Alert(AlertState.FIRING));
        Assert.Empty(first.Changes);
        Assert.Equal(resolved, Evaluate(AlertCondition.Over, 7_000 + quiet, Alert(AlertState.FIRING), first.OverSince).Changes.Length == 1);
    }

    [Fact]
    public void Resolution_InterruptedWait_BeginsAnew()
    {
        var waits = Evaluate(AlertCondition.Over, 7_000, Alert(AlertState.FIRING)).OverSince;
        var broken = Evaluate(AlertCondition.Between, 7_060, Alert(AlertState.FIRING), waits).OverSince;
        var again = Evaluate(AlertCondition.Over, 7_100, Alert(AlertState.FIRING), broken);
        Assert.Empty(Evaluate(AlertCondition.Over, 7_219, Alert(AlertState.FIRING), again.OverSince).Changes);
        Assert.Single(Evaluate(AlertCondition.Over, 7_220, Alert(AlertState.FIRING), again.OverSince).Changes);
    }

    [Theory]
    [InlineData(600, "Reopened")]
    [InlineData(600.001, "Fired")]
    public void FiringAgain_WithinTenMinutes_IsTheSameAlert(double later, string expected)
    {
        var change = Assert.Single(Evaluate(AlertCondition.Holds, 7_000 + later, Alert(AlertState.RESOLVED, T.At(7_000))).Changes);
        Assert.Equal(expected, change.Event.GetType().Name);
        Assert.Equal((expected == "Fired" ? "new" : "a1", expected == "Fired" ? 0 : 1, AlertState.FIRING, (DateTimeOffset?)null), (change.After.Id, change.After.Reopened, change.After.State, change.After.ResolvedAt));
    }

    [Fact]
    public void FiringAgain_AfterItWasAcknowledged_StaysAcknowledged()
    {
        var change = Assert.Single(Evaluate(AlertCondition.Holds, 7_100, Alert(AlertState.RESOLVED, T.At(7_000), "user:ana")).Changes);
        Assert.Equal((AlertState.ACKNOWLEDGED, "user:ana"), (change.After.State, change.After.AcknowledgedBy));
    }

    [Fact]
    public void Rules_EachOfTheFourOnce_AreTaken()
    {
        var policy = T.Policy();
        var halved = new BurnRules([.. BurnRules.Default.Rules.Select(r => r with { BudgetPpm = r.BudgetPpm / 2 })]);
        Assert.Equal("accepted", Verdict.Of(BurnPlanDecisions.Set(null, "o", BurnRules.Default, policy)));
        Assert.Equal("unchanged", Verdict.Of(BurnPlanDecisions.Set(new BurnPlan("o", halved), "o", new BurnRules([.. halved.Rules]), policy)));
        Assert.Equal("rules:required", Verdict.Fields(BurnPlanDecisions.Set(null, "o", new BurnRules(default), policy)));
        Assert.Equal("rules:incomplete", Verdict.Fields(BurnPlanDecisions.Set(null, "o", new BurnRules(halved.Rules[..3]), policy)));
        Assert.Equal("rules[1].rule:repeated", Verdict.Fields(BurnPlanDecisions.Set(null, "o", new BurnRules([halved.Rules[0], halved.Rules[0]]), policy)));
        Assert.Equal("rules[0].rule:unknown", Verdict.Fields(BurnPlanDecisions.Set(null, "o", new BurnRules([new BurnRule(AlertRule.LOW_COVERAGE, 1, AlertLevel.PAGE)]), policy)));
    }

    [Theory]
    [InlineData(0, "validation_failed")]
    [InlineData(1, "accepted")]
    [InlineData(1_000_000, "accepted")]
    [InlineData(1_000_001, "validation_failed")]
    public void Rules_ShareOfTheBudget_HasARange(int budgetPpm, string expected) =>
        Assert.Equal(expected, Verdict.Of(BurnPlanDecisions.Set(null, "o", new BurnRules([BurnRules.Default.Rules[0] with { BudgetPpm = budgetPpm }, .. BurnRules.Default.Rules[1..]]), T.Policy(T.Terms(uptime: new UptimeTerms(999_900))))));

    [Fact]
    public void Rules_ThatCouldNeverFire_AreRefusedUnlessSwitchedOffOrNothingIsPromised()
    {
        var ninety = T.Policy(T.Terms(uptime: new UptimeTerms(900_000)));
        Assert.Equal("burn_threshold_unreachable", Verdict.Of(BurnPlanDecisions.Set(null, "o", BurnRules.Default, ninety)));
        Assert.Equal("accepted", Verdict.Of(BurnPlanDecisions.Set(null, "o", new BurnRules([BurnRules.Default.Rules[0] with { Enabled = false }, .. BurnRules.Default.Rules[1..]]), ninety)));
        Assert.Equal("accepted", Verdict.Of(BurnPlanDecisions.Set(null, "o", BurnRules.Default, ninety with { Monitored = false })));
        Assert.Equal([true, false, false, false], BurnViews.Of(BurnRules.Default, ninety, _ => null, _ => false).Select(v => v.Unreachable));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Burns_SlotBySlotOverARandomHistory_EqualARecomputationFromTheRawSlots(int seed)
    {
        const int Slots = 4_200;
        var random = new Random(seed);
        var (engine, history, recorded, overSince, names) = (T.Engine(), new List<char>(), new Dictionary<string, SlaAlert>(), Fresh, 0);
        var (actual, expected, oracle) = (new List<string>(), new List<string>(), new[]
        {
            new Oracle(AlertRule.BURN_1H, 360, 0.02m), new Oracle(AlertRule.BURN_6H, 2_160, 0.05m), new Oracle(AlertRule.BURN_1D, 8_640, 0.1m), new Oracle(AlertRule.BURN_3D, 25_920, 0.1m),
        });
        var (state, left) = ('g', 0);
        for (var k = 0; k < Slots; k++)
        {
            if (left-- <= 0) (state, left) = (random.Next(10) switch { < 6 => 'g', < 9 => 'B', _ => '?' }, random.Next(random.Next(3) == 0 ? 120 : 8));
            history.Add(state);
            if (state != '?') engine.Send((k + 1) * 10, T.Delta(k * 10, (k + 1) * 10, 100, state == 'B' ? 100 : 0));
            var now = T.At((k + 1) * 10);
            var evaluation = AlertDecisions.Evaluate("o", AlertFigures.Of(engine, default, T.Start, false, now), BurnRules.Default, [.. recorded.Values], overSince, now, () => $"a{names++}");
            overSince = evaluation.OverSince;
            foreach (var change in evaluation.Changes)
            {
                recorded[change.After.Id] = change.After;
                if (change.After.Rule <= AlertRule.BURN_3D) actual.Add($"{k} {change.After.Rule} {change.Event.GetType().Name}");
            }
            foreach (var rule in oracle)
                if (rule.At(history) is { } word) expected.Add($"{k} {rule.Rule} {word}");
            Assert.All(recorded.Values.Where(a => a.State != AlertState.RESOLVED).CountBy(a => (a.Rule, a.Metric)), n => Assert.Equal(1, n.Value));
        }
        Assert.Contains(expected, e => e.EndsWith("Resolved", StringComparison.Ordinal));
        foreach (var rule in oracle) Assert.Contains(expected, e => e.Contains($"{rule.Rule} Fired", StringComparison.Ordinal));
        Assert.Equal(expected, actual);
    }

    /// <summary>One rule by division over the raw slots: 31 days, 99.95 %. Windows of a day move by 10 min and those of three by 1 h: the running step counts as far as it got.</summary>
    private sealed class Oracle(AlertRule rule, int length, decimal p)
    {
        private readonly decimal _factor = p * 31 * 86_400 / (length * 10);
        private bool _open;
        private int _quiet;
        private int? _resolvedAt;

        public AlertRule Rule => rule;

        public string? At(List<char> history)
        {
            var (whole, recent) = (Burn(history, length), Burn(history, length / 12));
            var guard = Window(history, length).Bad >= 3;
            if (!_open)
            {
                if (!guard || whole < _factor || recent < _factor) return null;
                var again = _resolvedAt is { } at && history.Count - at <= 60;
                (_open, _quiet) = (true, 0);
                return again ? "Reopened" : "Fired";
            }
            // The first quiet slot begins the wait: it is over twelve slots later.
            _quiet = recent < 0.8m * _factor ? _quiet + 1 : 0;
            if (_quiet <= 12) return null;
            (_open, _resolvedAt) = (false, history.Count);
            return "Resolved";
        }

        private static decimal Burn(List<char> history, int slots) => Window(history, slots) switch { var (bad, whole) => bad / (decimal)whole / 0.0005m };

        private static (int Bad, int Whole) Window(List<char> history, int slots)
        {
            var step = slots switch { 8_640 => 60, 25_920 => 360, _ => 1 };
            var whole = slots - step + ((history.Count - 1) % step) + 1;
            return (history.TakeLast(whole).Count(s => s == 'B'), whole);
        }
    }
}
