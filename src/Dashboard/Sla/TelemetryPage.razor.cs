using Forge.Dashboard.Format;
using Forge.Dashboard.Identity;
using Forge.Dashboard.Live;
using Forge.Domain.Live;
using Forge.Domain.Sla;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Sla;

/// <summary>How telemetry is read and what became of it: ingest health, signal mappings, and trying a body out. Whose mapping it is lives in the address.</summary>
public sealed partial class TelemetryPage : IDisposable
{
    private MappingForm? _draft;
    private IngestHealth? _health;
    private int _names;

    /// <summary>Whose mapping; none = the default.</summary>
    [SupplyParameterFromQuery] public string? OrganizationId { get; set; }

    [Inject] private LiveStore Store { get; set; } = null!;

    [Inject] private SessionState Session { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private string? Chosen => string.IsNullOrEmpty(OrganizationId) ? null : OrganizationId;

    private string? ChosenName => Chosen is { } id ? Store.Board.Tile(id)?.Name : null;

    private IEnumerable<SlaTile> Customers => Store.Board.Tiles.OrderBy(t => t.Name, StringComparer.OrdinalIgnoreCase);

    private string? Sentence => _health is not { } health ? null
        : health.Keys.Length == 0 ? "No telemetry has arrived since this server started."
        : $"{Say.Many(health.Keys.Length, "key has", "keys have")} sent telemetry since this server started; {Refusing(health) switch { 0 => "nothing was refused.", var n => $"{Say.Many(n, "key", "keys")} had something refused." }}";

    /// <inheritdoc />
    public void Dispose()
    {
        Session.Changed -= Repaint;
        Store.Second -= Look;
    }

    /// <inheritdoc />
    protected override void OnInitialized()
    {
        Session.Changed += Repaint;
        Store.Second += Look;
    }

    private static int Refusing(IngestHealth health) => health.Keys.Count(k => k.Refused.Count + k.Faults.Count > 0);

    private void Heard(IngestHealth health) => _health = health;

    private void Choose(object? value) =>
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameter("organizationId", value?.ToString() is { Length: > 0 } text ? text : null));

    /// <summary>Names come with the board, and the board may come after the page.</summary>
    private void Look()
    {
        var names = Store.Board.Tiles.Count();
        if (names == _names) return;
        _names = names;
        Repaint();
    }

    private void Repaint() => _ = InvokeAsync(StateHasChanged);
}
