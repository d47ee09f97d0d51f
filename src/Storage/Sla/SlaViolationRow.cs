using Forge.Domain.Sla;

namespace Forge.Storage.Sla;

internal sealed class SlaViolationRow : AggregateRow
{
    public required string OrganizationId { get; set; }

    public required string MetricType { get; set; }

    public long Target { get; set; }

    public long? Actual { get; set; }

    public long? Worst { get; set; }

    public int DurationMinutes { get; set; }

    public int BadSeconds { get; set; }

    public required string Impact { get; set; }

    public required string ImpactReason { get; set; }

    public required string State { get; set; }

    public bool Late { get; set; }

    public DateTimeOffset StartTime { get; set; }

    public DateTimeOffset? EndTime { get; set; }

    /// <summary>Cents.</summary>
    public long CreditAmount { get; set; }

    public bool CreditIssued { get; set; }

    public string? IncidentId { get; set; }

    public string? PostMortemUrl { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public static SlaViolationRow From(SlaViolation state) => new()
    {
        Id = state.Id,
        OrganizationId = state.OrganizationId,
        MetricType = state.MetricType.ToString(),
        Target = state.Target,
        Actual = state.Actual,
        Worst = state.Worst,
        DurationMinutes = state.DurationMinutes,
        BadSeconds = state.BadSeconds,
        Impact = state.Impact.ToString(),
        ImpactReason = state.ImpactReason,
        State = state.State.ToString(),
        Late = state.Late,
        StartTime = state.StartTime,
        EndTime = state.EndTime,
        CreatedAt = state.OpenedAt,
    };
}
