using Forge.Dashboard.Api;
using Forge.Dashboard.Identity;
using Forge.Dashboard.Live;
using Forge.Dashboard.Theme;
using Forge.Domain.Live;
using Forge.Domain.Sla;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.JSInterop;

namespace Forge.Dashboard.Frame;

/// <summary>The frame around every page for somebody who is signed in; everybody else is led to sign-in or set-up.</summary>
public sealed partial class MainLayout : IDisposable
{
    private DotNetObjectReference<MainLayout>? _self;
    private ErrorBoundary? _boundary;
    private bool _narrow;
    private bool _open;
    private bool _palette;
    private bool _wasSignedIn;
    private string _spoken = "";
    private string _spokenNow = "";

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    [Inject] private SessionState Session { get; set; } = null!;

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    [Inject] private LiveConnection Connection { get; set; } = null!;

    [Inject] private ThemeState ThemeState { get; set; } = null!;

    [Inject] private Browser Browser { get; set; } = null!;

    [Inject] private SessionTabs Tabs { get; set; } = null!;

    private string Path => Navigation.ToBaseRelativePath(Navigation.Uri).Split('?', '#')[0];

    private bool IsWall => Path.StartsWith("wallboard", StringComparison.Ordinal);

    private bool Kiosk => IsWall && Navigation.Uri.Contains("kiosk=1", StringComparison.Ordinal);

    /// <summary>The wallboard opened by nobody: a screen that is paired or wants to be.</summary>
    private bool IsScreen => IsWall && !_wasSignedIn && Session.View is { Authenticated: false, SetupRequired: false };

    private string SkipTarget => Path + "#content";

    /// <inheritdoc />
    public void Dispose()
    {
        Session.Changed -= Route;
        Api.SignedOut -= Expired;
        Connection.Refused -= Expired;
        ThemeState.Changed -= Repaint;
        Store.Changed -= Speak;
        Navigation.LocationChanged -= Moved;
        Tabs.Heard -= Heard;
        _self?.Dispose();
    }

    /// <summary>Called by the script on Ctrl+K.</summary>
    [JSInvokable]
    public void OpenPalette()
    {
        _palette = true;
        StateHasChanged();
    }

    /// <inheritdoc />
    protected override async Task OnInitializedAsync()
    {
        Session.Changed += Route;
        Api.SignedOut += Expired;
        Connection.Refused += Expired;
        ThemeState.Changed += Repaint;
        Store.Changed += Speak;
        Navigation.LocationChanged += Moved;
        Tabs.Heard += Heard;
        if (Session.View is null) await Session.LoadAsync();
        else Route();
    }

    /// <inheritdoc />
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender) return;
        var module = await Browser.ModuleAsync();
        await ThemeState.StartAsync(module);
        await Tabs.ListenAsync();
        _self = DotNetObjectReference.Create(this);
        await module.InvokeVoidAsync("hotkeys", _self);
        _narrow = await Browser.RecallAsync("forge-nav") == "narrow";
        StateHasChanged();
    }

    private void Route()
    {
        if (Session.View is { SetupRequired: true }) Navigation.NavigateTo("setup", replace: true);
        else if (Session.View is { Authenticated: false } && !IsScreen) ToSignIn(_wasSignedIn ? "ended" : null);
        else if (Session.View is { MustEnrol: true } && Path != "account") Navigation.NavigateTo("account", replace: true);
        else if (Session.Authenticated) Connection.Start();
        _wasSignedIn |= Session.Authenticated;
        Repaint();
    }

    /// <summary>
    /// To sign-in, and after it back to this page. Who was signed in loads the dashboard anew: nothing that the last person saw stays in memory, and their live connection ends.
    /// </summary>
    private void ToSignIn(string? reason)
    {
        var here = Navigation.ToBaseRelativePath(Navigation.Uri);
        if (here.StartsWith("sign-in", StringComparison.Ordinal)) return;
        var address = Navigation.GetUriWithQueryParameters("sign-in", new Dictionary<string, object?>(StringComparer.Ordinal) { ["reason"] = reason, ["return"] = here.Length > 0 ? here : null });
        Navigation.NavigateTo(address, forceLoad: reason is not null, replace: true);
    }

    private void Heard(string what)
    {
        if (what == SessionTabs.Ended) _ = InvokeAsync(() => ToSignIn("elsewhere"));
    }

    private void Expired() => _ = InvokeAsync(async () =>
    {
        if (!IsScreen && !Path.StartsWith("sign-in", StringComparison.Ordinal)) await Session.LoadAsync();
    });

    private void Moved(object? sender, LocationChangedEventArgs e)
    {
        _boundary?.Recover();
        _open = false;
        Repaint();
    }

    private void Repaint() => _ = InvokeAsync(StateHasChanged);

    private async Task ToggleAsync()
    {
        _narrow = !_narrow;
        await Browser.RememberAsync("forge-nav", _narrow ? "narrow" : "wide");
    }

    private async Task SkipAsync() => await Browser.FocusAsync("#content");

    private void Speak(IReadOnlySet<string> changed)
    {
        foreach (var key in changed)
        {
            if (!Store.Board.Things.TryGetValue(key, out var delta)) continue;
            if (delta.Content is LiveContent.AlertChanged { Change: "fired" or "reopened" or "resolved" } raised)
            {
                _spoken = $"{raised.OrganizationName}: alert {Sla.AlertWords.Rule(raised.Alert.Rule)} {raised.Change}.";
                Repaint();
                continue;
            }
            if (delta.Content is not LiveContent.ViolationChanged { Change: "opened" or "escalated" or "closed" } change) continue;
            var words = $"{change.OrganizationName}: {Format.Say.Metric(change.Violation.MetricType)} violation {change.Change}, {Format.Say.Impact(change.Violation.Impact)}.";
            if (change.Violation is { State: ViolationState.OPEN, Impact: ImpactLevel.CRITICAL }) _spokenNow = words;
            else _spoken = words;
            Repaint();
        }
    }
}
