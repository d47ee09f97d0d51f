using Forge.Dashboard.Api;
using Forge.Dashboard.Format;
using Forge.Dashboard.Identity;
using Forge.Domain.Contracts;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Contracts;

/// <summary>Contracts of one organization with what may be done to each.</summary>
public sealed partial class ContractPanel
{
    private List<ContractView>? _contracts;
    private Problem? _problem;
    private ContractAction? _action;
    private ContractView? _chosen;
    private string? _loaded;

    /// <summary>Whose contracts.</summary>
    [Parameter, EditorRequired] public string OrganizationId { get; set; } = "";

    /// <summary>A contract was changed.</summary>
    [Parameter] public EventCallback OnChanged { get; set; }

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private SessionState Session { get; set; } = null!;

    /// <inheritdoc />
    protected override async Task OnParametersSetAsync()
    {
        if (_loaded == OrganizationId) return;
        (_loaded, _contracts) = (OrganizationId, null);
        await LoadAsync();
    }

    private static Health Mark(ContractStatus status) => status switch
    {
        ContractStatus.ACTIVE => Health.Good,
        ContractStatus.SCHEDULED => Health.Maintenance,
        ContractStatus.EXPIRED => Health.Stale,
        _ => Health.NoSla,
    };

    private static string Brief(SlaTerms terms) =>
        $"uptime {Say.Percent(terms.Uptime.TargetPpm)}, p99 {Say.Milliseconds(terms.Latency.P99Ms)}, errors {(terms.ErrorRateTargetPpm is { } e ? "at most " + Say.Percent(e) : "not promised")}";

    private static string Summary(ContractView view) =>
        (view.InForce is { } version ? $"In force: version {version.Number}, " : "Terms: ") + Brief((view.InForce?.Terms) ?? view.Contract.DraftTerms)
        + (view.Contract.SignedOn is { } signed ? $". {Worth(view)}Signed {Say.Date(signed)}, up for renewal {Say.Date(view.RenewalDate)}." : $". {Worth(view)}Not signed: nothing of it is watched.");

    private static string Worth(ContractView view) => view.AnnualValueCents is { } cents ? $"{Say.Money(cents, view.Contract.Currency)} a year. " : "";

    private async Task LoadAsync()
    {
        var answer = await Api.GetAsync($"api/contracts?organizationId={Uri.EscapeDataString(OrganizationId)}&limit=200", ForgeJson.Default.PageContractView);
        _problem = answer.Problem;
        if (answer.Value is { } page) _contracts = [.. page.Items.OrderByDescending(v => v.Contract.StartDate)];
    }

    private void Open(ContractAction action, ContractView? view) => (_action, _chosen) = (action, view);

    private async Task SavedAsync()
    {
        _action = null;
        await LoadAsync();
        await OnChanged.InvokeAsync();
    }
}
