using Forge.Dashboard.Api;
using Forge.Dashboard.Format;
using Forge.Domain.Sla;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Sla;

/// <summary>Verdicts of the periods that are over. Which kind is shown lives in the address.</summary>
public sealed partial class PeriodsPanel
{
    private static readonly (MetricPeriod Period, string Words)[] Kinds =
        [(MetricPeriod.HOURLY, "Hours"), (MetricPeriod.DAILY, "Days"), (MetricPeriod.MONTHLY, "Months"), (MetricPeriod.QUARTERLY, "Quarters")];

    private List<SlaMetric>? _rows;
    private Problem? _problem;
    private string? _asked;

    /// <summary>Whose periods.</summary>
    [Parameter, EditorRequired] public string OrganizationId { get; set; } = "";

    /// <summary>Clock of the contract's zone.</summary>
    [Parameter, EditorRequired] public ZoneClock Clock { get; set; } = ZoneClock.Utc;

    /// <summary>Which kind.</summary>
    [Parameter, EditorRequired] public MetricPeriod Period { get; set; }

    /// <summary>The person wants another kind.</summary>
    [Parameter] public EventCallback<MetricPeriod> OnChoose { get; set; }

    [Inject] private ForgeApi Api { get; set; } = null!;

    private string Address => $"api/sla/organizations/{OrganizationId}/metrics?period={Period}&sort=-timestamp&limit=100";

    /// <inheritdoc />
    protected override async Task OnParametersSetAsync()
    {
        var asked = Address;
        if (asked == _asked) return;
        (_asked, _rows, _problem) = (asked, null, null);
        var answer = await Api.GetAsync(asked, ForgeJson.Default.PageSlaMetric);
        if (asked != _asked) return;
        (_rows, _problem) = (answer.Value is { } page ? [.. page.Items] : null, answer.Problem);
    }
}
