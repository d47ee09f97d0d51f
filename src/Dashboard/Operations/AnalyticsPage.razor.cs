using Forge.Dashboard.Api;
using Forge.Dashboard.Format;
using Forge.Dashboard.Live;
using Forge.Domain.Operations;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Operations;

/// <summary>The platform in figures: customers, contracts, money, violations over time, months kept and broken.</summary>
public sealed partial class AnalyticsPage : IDisposable
{
    private static readonly TimeSpan ReloadEvery = TimeSpan.FromMinutes(1);

    private PlatformAnalytics? _figures;
    private Problem? _problem;
    private DateTimeOffset _askedAt;

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    private string? Sentence => _figures is { } f
        ? $"{Say.Many(f.Customers, "organization", "organizations")}, {Say.Count(f.Enterprise)} of them enterprise; {Say.Many(f.ContractsInForce, "contract", "contracts")} in force."
        : null;

    /// <inheritdoc />
    public void Dispose() => Store.Second -= Tick;

    /// <inheritdoc />
    protected override Task OnInitializedAsync()
    {
        Store.Second += Tick;
        return LoadAsync();
    }

    private async Task LoadAsync()
    {
        _askedAt = Store.Now;
        var answer = await Api.GetAsync("api/operations/analytics", ForgeJson.Default.PlatformAnalytics);
        (_problem, _figures) = (answer.Problem, answer.Value ?? _figures);
    }

    private void Tick() => _ = InvokeAsync(async () =>
    {
        if (Store.Now - _askedAt >= ReloadEvery) await LoadAsync();
        StateHasChanged();
    });
}
