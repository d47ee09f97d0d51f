using Forge.Domain.Sla;

namespace Forge.Storage.Sla;

internal sealed class SlaAlertRow : AggregateRow
{
    public required string OrganizationId { get; set; }

    public required string Rule { get; set; }

    /// <summary>Empty when the rule belongs to no promise: null would be another value in every row of a unique index.</summary>
    public required string MetricType { get; set; }

    public required string Level { get; set; }

    public required string State { get; set; }

    public required string Text { get; set; }

    public DateTimeOffset FiredAt { get; set; }

    public DateTimeOffset? ResolvedAt { get; set; }

    public string? AcknowledgedBy { get; set; }

    public DateTimeOffset? AcknowledgedAt { get; set; }

    public int Reopened { get; set; }

    public static SlaAlertRow From(SlaAlert state) => new()
    {
        Id = state.Id,
        OrganizationId = state.OrganizationId,
        Rule = state.Rule.ToString(),
        MetricType = state.Metric?.ToString() ?? "",
        Level = state.Level.ToString(),
        State = state.State.ToString(),
        Text = state.Text,
        FiredAt = state.FiredAt,
        ResolvedAt = state.ResolvedAt,
        AcknowledgedBy = state.AcknowledgedBy,
        AcknowledgedAt = state.AcknowledgedAt,
        Reopened = state.Reopened,
    };
}

/// <summary>Changed burn rules of an organization; its id is the row's.</summary>
internal sealed class SlaBurnRulesRow : AggregateRow
{
    public static SlaBurnRulesRow From(BurnPlan state) => new() { Id = state.OrganizationId };
}
