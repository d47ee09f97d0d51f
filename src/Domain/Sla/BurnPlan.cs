using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Forge.Domain.Sla;

/// <summary>The burn rules an organization has instead of the default; stored once they were changed.</summary>
/// <param name="OrganizationId">Whose.</param>
/// <param name="Rules">The whole set.</param>
[GenerateSerializer, Immutable, Alias("forge.BurnPlan")]
public sealed record BurnPlan(string OrganizationId, BurnRules Rules)
{
    /// <summary>The state after an event.</summary>
    public static BurnPlan Apply(BurnPlan? state, BurnPlanEvent change) => change switch
    {
        BurnPlanEvent.RulesChanged e => new BurnPlan(e.OrganizationId, e.Rules),
        _ => throw new InvalidOperationException($"Unknown event {change.GetType().Name}."),
    };
}

/// <summary>What happened to the burn rules of an organization; journaled on its chain.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(RulesChanged), "sla.burn_rules.changed")]
[GenerateSerializer, Immutable, Alias("forge.BurnPlanEvent")]
public abstract record BurnPlanEvent
{
    private BurnPlanEvent()
    {
    }

    /// <summary>These rules count from now on.</summary>
    [GenerateSerializer, Immutable, Alias("forge.BurnPlanEvent.RulesChanged")]
    public sealed record RulesChanged(string OrganizationId, BurnRules Rules) : BurnPlanEvent;
}

/// <summary>Rules of burn rules.</summary>
public static class BurnPlanDecisions
{
    /// <summary>
    /// Decides a new set: each of the four rules exactly once, p in 1..1,000,000 ppm. An enabled rule whose F lies above 1 / (1 - T) of the month in force is refused, because it could never fire;
    /// without a promise there is no T to compare with.
    /// </summary>
    public static Decision<BurnPlanEvent> Set(BurnPlan? state, string organizationId, BurnRules command, SlaPolicy policy)
    {
        var errors = Validate(command);
        if (errors.Length > 0) return Decision<BurnPlanEvent>.Refuse(Refusal.Validation(errors));
        if (policy.Monitored)
        {
            foreach (var rule in command.Rules)
            {
                var windows = BurnArithmetic.Of(rule.Rule)!;
                if (rule.Enabled && AlertRules.ThresholdOf(rule, windows, policy).IsUnreachable)
                    return Decision<BurnPlanEvent>.Refuse(Refusal.Invalid(
                        "burn_threshold_unreachable", $"{rule.Rule} can never fire: even when everything fails, less than {Ppm.Percent(rule.BudgetPpm, 2)} of the budget burn in {windows.Long}. Lower its part or switch it off."));
            }
        }
        var before = state?.Rules ?? BurnRules.Default;
        return state is not null && command.Rules.SequenceEqual(before.Rules) ? Decision<BurnPlanEvent>.NoChange : Decision<BurnPlanEvent>.Accept(new BurnPlanEvent.RulesChanged(organizationId, command));
    }

    private static ImmutableArray<FieldError> Validate(BurnRules command)
    {
        if (command.Rules.IsDefaultOrEmpty) return [new FieldError("rules", "required")];
        var errors = ImmutableArray.CreateBuilder<FieldError>();
        var seen = new HashSet<AlertRule>();
        for (var i = 0; i < command.Rules.Length; i++)
        {
            var rule = command.Rules[i];
            if (rule is null || BurnArithmetic.Of(rule.Rule) is null) errors.Add(new FieldError($"rules[{i}].rule", "unknown"));
            else if (!seen.Add(rule.Rule)) errors.Add(new FieldError($"rules[{i}].rule", "repeated"));
            if (rule is not null && rule.BudgetPpm is < 1 or > Ppm.One) errors.Add(new FieldError($"rules[{i}].budgetPpm", "out_of_range"));
            if (rule is not null && !Enum.IsDefined(rule.Level)) errors.Add(new FieldError($"rules[{i}].level", "unknown"));
        }
        if (errors.Count == 0 && seen.Count < BurnArithmetic.Windows.Length) errors.Add(new FieldError("rules", "incomplete"));
        return errors.ToImmutable();
    }
}

/// <summary>Burn rules beside the figures of now.</summary>
public static class BurnViews
{
    /// <summary>One row per rule. Without a promise the figures are those of the default terms and nothing fires.</summary>
    public static ImmutableArray<BurnView> Of(BurnRules rules, SlaPolicy policy, Func<string, BurnShare?> burn, Func<AlertRule, bool> firing)
    {
        var views = ImmutableArray.CreateBuilder<BurnView>(rules.Rules.Length);
        foreach (var rule in rules.Rules)
        {
            if (BurnArithmetic.Of(rule.Rule) is not { } windows) continue;
            var threshold = AlertRules.ThresholdOf(rule, windows, policy);
            views.Add(new BurnView(
                rule, windows.Long, windows.Short, threshold.FactorMilli, Milli(windows.Long), Milli(windows.Short), firing(rule.Rule), threshold.IsUnreachable,
                threshold.DetectFullSeconds, threshold.DetectTenthSeconds));
        }
        return views.ToImmutable();

        long? Milli(string window) => burn(window) is { } share ? BurnArithmetic.BurnMilli(share, policy.Terms.Uptime.TargetPpm) : null;
    }
}
