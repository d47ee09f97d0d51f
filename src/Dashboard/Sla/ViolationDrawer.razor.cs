using Forge.Dashboard.Api;
using Forge.Dashboard.Frame;
using Forge.Dashboard.Live;
using Forge.Domain.Live;
using Forge.Domain.Sla;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;

namespace Forge.Dashboard.Sla;

/// <summary>Details of one violation at the right; has its own address.</summary>
public sealed partial class ViolationDrawer
{
    private ViolationDetail? _row;
    private Problem? _problem;
    private string? _loaded;

    /// <summary>Which violation.</summary>
    [Parameter, EditorRequired] public string Id { get; set; } = "";

    /// <summary>Address without the drawer.</summary>
    [Parameter, EditorRequired] public string CloseHref { get; set; } = "";

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    [Inject] private Browser Browser { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private SlaViolation? Live => Store.Board.Things.TryGetValue(LiveDelta.ViolationOf(Id), out var delta) && delta.Content is LiveContent.ViolationChanged change ? change.Violation : null;

    /// <inheritdoc />
    protected override async Task OnParametersSetAsync()
    {
        if (_loaded == Id) return;
        _loaded = Id;
        _row = null;
        await LoadAsync();
    }

    /// <inheritdoc />
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender) await Browser.FocusAsync("#drawer-title");
    }

    private async Task LoadAsync()
    {
        var answer = await Api.GetAsync("api/sla/violations/" + Uri.EscapeDataString(Id), ForgeJson.Default.ViolationDetail);
        (_row, _problem) = (answer.Value, answer.Problem);
    }

    private void PressedAsync(KeyboardEventArgs e)
    {
        if (e.Key == "Escape") Navigation.NavigateTo(CloseHref);
    }
}
