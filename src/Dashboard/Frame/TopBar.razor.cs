using Forge.Dashboard.Api;
using Forge.Dashboard.Format;
using Forge.Dashboard.Identity;
using Forge.Dashboard.Live;
using Forge.Dashboard.Theme;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.JSInterop;

namespace Forge.Dashboard.Frame;

/// <summary>Where you are, search, the live connection in words, theme and account.</summary>
public sealed partial class TopBar : IDisposable
{
    private static readonly (string Choice, string Words)[] Themes = [("system", "Follow the system"), ("dark", "Dark"), ("light", "Light")];

    private LinkState _shown;
    private Problem? _stillSignedIn;

    /// <summary>The navigation is asked for (small screens).</summary>
    [Parameter] public EventCallback OnMenu { get; set; }

    /// <summary>Search is asked for.</summary>
    [Parameter] public EventCallback OnSearch { get; set; }

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    [Inject] private SessionState Session { get; set; } = null!;

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    [Inject] private ThemeState Theme { get; set; } = null!;

    [Inject] private SessionTabs Tabs { get; set; } = null!;

    [Inject] private Browser Browser { get; set; } = null!;

    private (string Group, string Page) Where => Pages.Of(Navigation.ToBaseRelativePath(Navigation.Uri).Split('?', '#')[0]);

    private string LinkWord => _shown switch
    {
        LinkState.Live => "Live",
        LinkState.Connecting => "Connecting",
        LinkState.Silent => "Silent",
        _ => "Reconnecting",
    };

    private string LinkClass => _shown switch
    {
        LinkState.Live => "is-good live",
        LinkState.Connecting => "is-stale",
        LinkState.Silent => "is-warning",
        _ => "is-critical",
    };

    private string LinkHover => Store.HasBoard ? $"Newest change: number {Store.Sequence}; last good {Say.Absolute(Store.LastGood)}" : "No live data yet";

    private string Initials
    {
        get
        {
            var words = (Session.View?.DisplayName ?? Session.View?.Email ?? "?").Split([' ', '.', '@'], StringSplitOptions.RemoveEmptyEntries);
            return string.Concat(words.Take(2).Select(w => char.ToUpperInvariant(w[0])));
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Navigation.LocationChanged -= Moved;
        Store.LinkChanged -= Look;
        Store.Second -= Look;
        Session.Changed -= Repaint;
        Theme.Changed -= Repaint;
    }

    /// <inheritdoc />
    protected override void OnInitialized()
    {
        Navigation.LocationChanged += Moved;
        Store.LinkChanged += Look;
        Store.Second += Look;
        Session.Changed += Repaint;
        Theme.Changed += Repaint;
        _shown = Store.Link;
    }

    private void Look()
    {
        if (_shown == Store.Link) return;
        _shown = Store.Link;
        Repaint();
    }

    private void Moved(object? sender, LocationChangedEventArgs e) => Repaint();

    private void Repaint() => _ = InvokeAsync(StateHasChanged);

    private async Task SignOutAsync()
    {
        // Whoever leaves believing to be signed out must be.
        _stillSignedIn = await Api.SendAsync(HttpMethod.Post, "api/auth/sign-out") is { Code: not ("not_signed_in" or "unauthenticated") } problem ? problem : null;
        if (_stillSignedIn is not null) return;
        await Tabs.TellAsync(SessionTabs.Ended);
        Navigation.NavigateTo("sign-in?reason=signed-out", forceLoad: true);
    }

    private async Task CloseMenuAsync() => await (await Browser.ModuleAsync()).InvokeVoidAsync("hidePopover", "#account-menu");
}
