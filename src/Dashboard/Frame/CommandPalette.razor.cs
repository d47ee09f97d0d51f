using Forge.Dashboard.Components;
using Forge.Dashboard.Format;
using Forge.Dashboard.Identity;
using Forge.Dashboard.Live;
using Forge.Domain.Live;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;

namespace Forge.Dashboard.Frame;

/// <summary>Ctrl+K: organizations of the live board, pages and actions, by typing.</summary>
public sealed partial class CommandPalette
{
    private string _text = "";
    private int _at;
    private List<Item> _found = [];
    private bool _focus;

    /// <summary>Whether it is shown.</summary>
    [Parameter] public bool Open { get; set; }

    /// <summary>It was closed.</summary>
    [Parameter] public EventCallback<bool> OpenChanged { get; set; }

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    [Inject] private SessionState Session { get; set; } = null!;

    [Inject] private Browser Browser { get; set; } = null!;

    /// <inheritdoc />
    protected override void OnParametersSet()
    {
        if (!Open || _focus) return;
        (_text, _at, _focus) = ("", 0, true);
        Find();
    }

    /// <inheritdoc />
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (Open && _focus && _text.Length == 0) await Browser.FocusAsync("#palette-input");
        if (!Open) _focus = false;
    }

    private async Task CloseAsync()
    {
        _focus = false;
        await OpenChanged.InvokeAsync(false);
    }

    private void Typed(ChangeEventArgs e)
    {
        _text = e.Value?.ToString() ?? "";
        _at = 0;
        Find();
    }

    private async Task PressedAsync(KeyboardEventArgs e)
    {
        switch (e.Key)
        {
            case "ArrowDown": _at = Math.Min(_at + 1, Math.Max(0, _found.Count - 1)); break;
            case "ArrowUp": _at = Math.Max(_at - 1, 0); break;
            case "Enter" when _at < _found.Count: await GoAsync(_found[_at]); return;
            case "Escape" or "Tab": await CloseAsync(); return;
            default: return;
        }
        await Browser.ShowAsync($"#palette-{_at}");
    }

    private async Task GoAsync(Item item)
    {
        await CloseAsync();
        Navigation.NavigateTo(item.Href);
    }

    private void Find()
    {
        var words = _text.Trim();
        var all = Pages.For(Session).SelectMany(g => g.Pages).Select(p => new Item("Pages", p.Name, p.Hint, p.Href, p.Glyph, null)).ToList();
        if (Session.IsAdmin)
        {
            all.Add(new Item("Actions", "New organization", "Adds a customer", "organizations?new=1", Glyphs.Plus, null));
            all.Add(new Item("Actions", "New ingest key", "Lets a sender write telemetry", "ingest-keys?new=1", Glyphs.Plus, null));
        }
        if (Session.IsSenior) all.Add(new Item("Actions", "Invite a person", "Makes a link that is used once", "admin/users?invite=1", Glyphs.Plus, null));
        all.Add(new Item("Actions", "Your account", "Ways to sign in, password, sessions", "account", Glyphs.Person, null));
        all.Add(new Item("Actions", "Alerts that fire now", "Nobody has acknowledged them yet", "sla/alerts?state=FIRING", Glyphs.Alert, null));
        all.Add(new Item("Actions", "Wallboard on the whole screen", "Kiosk, without navigation", "wallboard?kiosk=1", Glyphs.Expand, null));
        var tiles = Store.Board.Tiles
            .Where(t => words.Length == 0 || t.Name.Contains(words, StringComparison.OrdinalIgnoreCase) || t.OrganizationId.StartsWith(words, StringComparison.OrdinalIgnoreCase))
            .Select(t => (Tile: t, Level: Store.HealthOf(t))).ToList();
        tiles.Sort((a, b) => TileOrder.Compare(a.Tile, a.Level, b.Tile, b.Level));
        var organizations = tiles.Take(words.Length == 0 ? 5 : 12)
            .Select(t => new Item("Organizations", t.Tile.Name, Say.Health(t.Level) + " · " + t.Tile.OrganizationId, "sla/organizations/" + t.Tile.OrganizationId, "", t.Level));
        var rest = all.Where(i => words.Length == 0 || i.Name.Contains(words, StringComparison.OrdinalIgnoreCase) || i.Hint.Contains(words, StringComparison.OrdinalIgnoreCase));
        _found = words.Length == 0 ? [.. rest, .. organizations] : [.. organizations, .. rest];
    }

    private sealed record Item(string Group, string Name, string Hint, string Href, string Glyph, Health? Level);
}
