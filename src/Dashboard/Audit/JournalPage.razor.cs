using System.Collections.Immutable;
using System.Globalization;
using Forge.Dashboard.Api;
using Forge.Dashboard.Format;
using Forge.Dashboard.Live;
using Forge.Domain.Audit;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Audit;

/// <summary>The journal: who did what, to what, when. Filters and the open entry live in the address.</summary>
public sealed partial class JournalPage : IDisposable
{
    private List<JournalEntryView>? _rows;
    private Problem? _problem;
    private VerificationView? _verification;
    private ChainStatus? _chain;
    private ImmutableArray<UserView> _people = [];
    private ImmutableArray<string> _chains = [];
    private string? _next;
    private string? _asked;
    private bool _busy;

    /// <summary>Only what this actor did.</summary>
    [SupplyParameterFromQuery] public string? Actor { get; set; }

    /// <summary>Only this chain.</summary>
    [SupplyParameterFromQuery] public string? Chain { get; set; }

    /// <summary>Only this action, or those that begin with it.</summary>
    [SupplyParameterFromQuery] public string? Action { get; set; }

    /// <summary>Only what was done to this.</summary>
    [SupplyParameterFromQuery] public string? Subject { get; set; }

    /// <summary>From this day on (UTC).</summary>
    [SupplyParameterFromQuery] public string? From { get; set; }

    /// <summary>Up to and including this day (UTC).</summary>
    [SupplyParameterFromQuery] public string? To { get; set; }

    /// <summary>The entry whose details are open: chain, a slash, number.</summary>
    [SupplyParameterFromQuery] public string? Entry { get; set; }

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private bool Filtered => new[] { Actor, Chain, Action, Subject, From, To }.Any(f => !string.IsNullOrEmpty(f));

    private string? Sentence => _rows is null || _problem is not null ? null : $"{Say.Many(_rows.Count, "entry", "entries")}{(!Filtered ? "" : _rows.Count == 1 ? " that matches" : " that match")}{(_next is null ? "" : ", and more behind them")}, newest first.";

    /// <summary>People, and whoever the address names besides them.</summary>
    private IEnumerable<(string Actor, string Name)> Actors
    {
        get
        {
            foreach (var person in _people.OrderBy(p => p.DisplayName, StringComparer.CurrentCultureIgnoreCase)) yield return ("user:" + person.Id, person.DisplayName);
            yield return ("system:", "The platform itself");
            yield return ("cli:", "The command line");
            if (Actor is { Length: > 0 } actor && actor is not ("system:" or "cli:") && !_people.Any(p => "user:" + p.Id == actor)) yield return (actor, actor);
        }
    }

    private IEnumerable<string> Chains => Chain is { Length: > 0 } chain && !_chains.Contains(chain) ? [.. _chains, chain] : _chains;

    private IEnumerable<(string Action, string Name)> Actions =>
        Action is { Length: > 0 } action && !JournalWords.Groups.Any(g => g.Action == action) ? [.. JournalWords.Groups, (action, JournalWords.Action(action))] : JournalWords.Groups;

    /// <inheritdoc />
    public void Dispose() => Store.Second -= Tick;

    /// <inheritdoc />
    protected override async Task OnInitializedAsync()
    {
        Store.Second += Tick;
        // Names are help: without them ids are shown, and entries are read all the same.
        var people = Api.GetAsync("api/users", ForgeJson.Default.UsersView);
        var chains = Api.GetAsync("api/audit/chains", ForgeJson.Default.JournalChains);
        _people = (await people).Value?.Items ?? [];
        _chains = (await chains).Value?.Chains ?? [];
    }

    /// <inheritdoc />
    protected override async Task OnParametersSetAsync()
    {
        if (Query(null) != _asked) await LoadAsync();
    }

    private static string Id(JournalEntryView entry) => string.Create(CultureInfo.InvariantCulture, $"{entry.Chain}/{entry.Seq}");

    private async Task LoadAsync()
    {
        var asked = Query(null);
        if (asked != _asked) _rows = null;
        _asked = asked;
        var verification = Api.GetAsync("api/audit/verification", ForgeJson.Default.VerificationView);
        var chain = string.IsNullOrEmpty(Chain) ? null : Api.GetAsync("api/audit/chains/" + Uri.EscapeDataString(Chain), ForgeJson.Default.ChainStatus);
        var answer = await Api.GetAsync("api/audit/journal?" + asked, ForgeJson.Default.JournalPage);
        var (known, place) = ((await verification).Value, chain is null ? null : (await chain).Value);
        if (asked != _asked) return;
        (_verification, _chain, _problem) = (known, place, answer.Problem);
        if (answer.Value is { } page) (_rows, _next) = ([.. page.Items], page.NextCursor);
        else _rows ??= [];
    }

    private async Task MoreAsync()
    {
        var asked = _asked;
        _busy = true;
        var answer = await Api.GetAsync("api/audit/journal?" + Query(_next), ForgeJson.Default.JournalPage);
        _busy = false;
        if (asked != _asked) return;
        _problem = answer.Problem;
        if (answer.Value is not { } page) return;
        _rows!.AddRange(page.Items);
        _next = page.NextCursor;
    }

    private void Tick() => _ = InvokeAsync(StateHasChanged);

    private string NameOf(string actor) => _people.FirstOrDefault(p => actor == "user:" + p.Id)?.DisplayName ?? actor;

    private string NameOfChain(string chain) => chain == OrganizationId.PlatformChain ? "Platform" : Store.Board.Tile(chain)?.Name ?? chain;

    private void Filter(string name, object? value) =>
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameters(new Dictionary<string, object?>(StringComparer.Ordinal) { [name] = value?.ToString() is { Length: > 0 } text ? text : null, ["entry"] = null }));

    private string Detail(string? id) => Navigation.GetUriWithQueryParameter("entry", id);

    private string ExportHref(string format) => $"api/audit/journal/export?{Query(null)}&format={format}";

    /// <summary>The filters as the API wants them; a day reaches to its end.</summary>
    private string Query(string? cursor)
    {
        var parts = new List<string>();
        Add("actor", Actor);
        Add("chain", Chain);
        Add("action", Action);
        Add("subject", Subject);
        Add("from", Day(From, 0));
        Add("to", Day(To, 1));
        Add("cursor", cursor);
        return string.Join('&', parts);

        void Add(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value)) parts.Add(name + "=" + Uri.EscapeDataString(value));
        }
    }

    private static string? Day(string? text, int plus) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day.AddDays(plus).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) + "T00:00:00Z" : null;
}
