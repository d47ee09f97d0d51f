using Forge.Dashboard.Api;
using Forge.Dashboard.Format;
using Forge.Dashboard.Identity;
using Forge.Dashboard.Live;
using Forge.Domain.Audit;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Sla;

/// <summary>Screens that show the board without a person: which there are, how far each is, pairing and revocation.</summary>
public sealed partial class DisplaysPage : IDisposable
{
    private const int ReadEverySeconds = 10;

    private List<DisplayView>? _displays;
    private Problem? _problem;
    private Problem? _formProblem;
    private DisplayView? _revoke;
    private string _code = "";
    private string _name = "";
    private bool _all = true;
    private string[] _chosen = [];
    private bool _credits;
    private bool _busy;
    private int _seconds;

    /// <summary>1: the form for a new screen is open.</summary>
    [SupplyParameterFromQuery] public int? New { get; set; }

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private SessionState Session { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private string WallAddress => new Uri(Navigation.BaseUri).Authority + "/wallboard";

    private string? Sentence
    {
        get
        {
            if (_displays is null) return null;
            var paired = _displays.Where(d => d.State == DisplayState.PAIRED).ToList();
            var stale = paired.Count(d => Displays.IsStale(d, Store.Now));
            return Say.Many(paired.Count, "screen shows", "screens show") + " the board" + (stale > 0 ? $", {stale} of them stale." : ".");
        }
    }

    /// <inheritdoc />
    public void Dispose() => Store.Second -= Tick;

    /// <inheritdoc />
    protected override async Task OnInitializedAsync()
    {
        Store.Second += Tick;
        await LoadAsync();
    }

    private static Health Level(DisplayView display, bool stale) => display.State != DisplayState.PAIRED ? Health.NoSla : stale ? Health.Stale : Health.Good;

    private static string Word(DisplayView display, bool stale) => display.State switch
    {
        DisplayState.REVOKED => "Revoked",
        DisplayState.EXPIRED => "Expired",
        _ => stale ? "Stale" : "Live",
    };

    private string NameOf(string id) => Store.Board.Tile(id)?.Name ?? id;

    private async Task LoadAsync()
    {
        var answer = await Api.GetAsync("api/displays?limit=200", ForgeJson.Default.PageDisplayView);
        _problem = answer.Problem;
        if (answer.Value is { } page) _displays = [.. page.Items];
    }

    private async Task PairAsync()
    {
        _busy = true;
        var command = new ApproveDisplay(_code, _name.Trim(), new CredentialScope(_all, _all ? [] : [.. _chosen]), _credits);
        var answer = await Api.SendAsync(HttpMethod.Post, "api/displays", command, ForgeJson.Default.ApproveDisplay, ForgeJson.Default.DisplayView);
        _busy = false;
        _formProblem = answer.Problem;
        if (!answer.Succeeded) return;
        (_code, _name, _chosen, _all, _credits) = ("", "", [], true, false);
        Ask(false);
        await LoadAsync();
    }

    private async Task RevokeAsync()
    {
        if (_revoke is not { } display) return;
        _busy = true;
        _formProblem = await Api.SendAsync(HttpMethod.Delete, "api/displays/" + display.Id);
        _busy = false;
        if (_formProblem is not null) return;
        _revoke = null;
        await LoadAsync();
    }

    private void Ask(bool open)
    {
        _formProblem = null;
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameter("new", open ? 1 : (int?)null));
    }

    private void Tick() => _ = InvokeAsync(async () =>
    {
        if (++_seconds % ReadEverySeconds == 0 && _problem is null) await LoadAsync();
        StateHasChanged();
    });
}
