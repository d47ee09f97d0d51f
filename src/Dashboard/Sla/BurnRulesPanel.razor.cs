using System.Globalization;
using Forge.Dashboard.Api;
using Forge.Dashboard.Identity;
using Forge.Dashboard.Live;
using Forge.Domain.Live;
using Forge.Domain.Sla;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Sla;

/// <summary>Burn-rate rules of one organization with the figures of now; an administrator changes them as a whole.</summary>
public sealed partial class BurnRulesPanel : IDisposable
{
    private static readonly TimeSpan ReloadEvery = TimeSpan.FromSeconds(10);

    private BurnRulesView? _view;
    private List<Draft>? _edit;
    private Problem? _problem;
    private string? _loaded;
    private DateTimeOffset _loadedAt;
    private bool _saving;
    private bool _outdated;

    /// <summary>Whose rules.</summary>
    [Parameter, EditorRequired] public string OrganizationId { get; set; } = "";

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    [Inject] private SessionState Session { get; set; } = null!;

    private string? Name => Store.Board.Tile(OrganizationId)?.Name;

    /// <inheritdoc />
    public void Dispose()
    {
        Store.Changed -= Mark;
        Store.Second -= Tick;
    }

    /// <inheritdoc />
    protected override void OnInitialized()
    {
        Store.Changed += Mark;
        Store.Second += Tick;
    }

    /// <inheritdoc />
    protected override async Task OnParametersSetAsync()
    {
        if (_loaded == OrganizationId) return;
        (_loaded, _view, _edit, _problem) = (OrganizationId, null, null, null);
        await LoadAsync();
    }

    private async Task LoadAsync()
    {
        var asked = OrganizationId;
        var answer = await Api.GetAsync($"api/sla/organizations/{Uri.EscapeDataString(asked)}/burn-rules", ForgeJson.Default.BurnRulesView);
        if (asked != OrganizationId) return;
        (_problem, _outdated) = (answer.Problem, false);
        if (answer.Value is { } view) (_view, _loadedAt) = (view, Store.Now);
    }

    private void Edit() => _edit = [.. _view!.Rules.Select(r => new Draft((r.Rule.BudgetPpm / 10_000m).ToString("0.####", CultureInfo.InvariantCulture), r.Rule.Level, r.Rule.Enabled))];

    private async Task SaveAsync()
    {
        var rules = _view!.Rules.Select((row, i) => row.Rule with { BudgetPpm = PpmOf(_edit![i].Percent), Level = _edit[i].Level, Enabled = _edit[i].Enabled });
        _saving = true;
        var answer = await Api.SendAsync(
            HttpMethod.Put, $"api/sla/organizations/{Uri.EscapeDataString(OrganizationId)}/burn-rules", new BurnRules([.. rules]), ForgeJson.Default.BurnRules, ForgeJson.Default.BurnRulesView, _view.Version);
        (_saving, _problem) = (false, answer.Problem);
        if (answer.Value is { } view) (_view, _edit, _loadedAt) = (view, null, Store.Now);
    }

    // What is no number becomes 0, which the server refuses by field.
    private static int PpmOf(string percent) =>
        decimal.TryParse(percent, NumberStyles.Number, CultureInfo.InvariantCulture, out var value) && value is >= 0 and <= 1_000 ? (int)(value * 10_000) : 0;

    private void Mark(IReadOnlySet<string> things) => _outdated |= things.Contains(LiveDelta.TileOf(OrganizationId));

    private void Tick() => _ = InvokeAsync(async () =>
    {
        if (_outdated && _edit is null && Store.Now - _loadedAt >= ReloadEvery) await LoadAsync();
        StateHasChanged();
    });

    private sealed record Draft(string Percent, AlertLevel Level, bool Enabled);
}
