using Forge.Dashboard.Api;
using Forge.Dashboard.Format;
using Forge.Dashboard.Frame;
using Forge.Dashboard.Live;
using Forge.Domain.Audit;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Forge.Dashboard.Identity;

/// <summary>Everybody with an account, and open links. Filters, order, page and the open person live in the address.</summary>
public sealed partial class UsersPage
{
    /// <summary>Rows of a page.</summary>
    public const int PageSize = 25;

    private UsersView? _view;
    private List<UserView> _shown = [];
    private Problem? _problem;

    /// <summary>Only names and e-mails with this.</summary>
    [SupplyParameterFromQuery] public string? Search { get; set; }

    /// <summary>Only this role.</summary>
    [SupplyParameterFromQuery] public string? Role { get; set; }

    /// <summary>Only this state: Enabled, Locked, Disabled.</summary>
    [SupplyParameterFromQuery] public string? State { get; set; }

    /// <summary>Order; a minus in front for descending.</summary>
    [SupplyParameterFromQuery] public string? Sort { get; set; }

    /// <summary>Page of the list, from 1.</summary>
    [SupplyParameterFromQuery] public int? Page { get; set; }

    /// <summary>The person whose details are open.</summary>
    [SupplyParameterFromQuery] public string? User { get; set; }

    /// <summary>1: the form for an invitation is open.</summary>
    [SupplyParameterFromQuery] public int? Invite { get; set; }

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private SessionState Session { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    [Inject] private Browser Browser { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private string SortText => string.IsNullOrEmpty(Sort) ? "name" : Sort;

    private bool Filtered => new[] { Search, Role, State }.Any(f => !string.IsNullOrEmpty(f));

    /// <summary>Page from 0, always one that exists.</summary>
    private int At => Math.Clamp((Page ?? 1) - 1, 0, Math.Max(0, (_shown.Count - 1) / PageSize));

    private string? Sentence => _view is not { } v ? null
        : $"{Say.Many(v.Items.Count(u => u.Enabled), "person", "people")} may sign in, {Say.Many(v.EnabledSeniors, "of them a senior admin", "of them senior admins")}.";

    /// <inheritdoc />
    protected override Task OnInitializedAsync() => LoadAsync();

    /// <inheritdoc />
    protected override void OnParametersSet() => Arrange();

    private static string RolesOf(UserView user) => user.Roles.IsDefaultOrEmpty ? "no role" : string.Join(", ", user.Roles.Select(RoleWords.Name));

    private static string Factors(UserView user) => (user.Passkeys, user.HasTotp) switch
    {
        (0, false) => "nothing yet",
        (0, true) => "Password and code",
        (var n, false) => Say.Many(n, "passkey", "passkeys"),
        var (n, _) => Say.Many(n, "passkey", "passkeys") + ", password and code",
    };

    private Health Level(UserView user) => PeopleList.StateOf(user, Store.Now) switch
    {
        PersonState.Enabled => Health.Good,
        PersonState.Locked => Health.Warning,
        _ => Health.Stale,
    };

    private async Task LoadAsync()
    {
        var answer = await Api.GetAsync("api/users", ForgeJson.Default.UsersView);
        _problem = answer.Problem;
        if (answer.Value is not { } view) return;
        _view = view;
        Arrange();
    }

    private void Arrange()
    {
        if (_view is not { } view) return;
        PersonState? state = Enum.TryParse<PersonState>(State, out var known) && Enum.IsDefined(known) ? known : null;
        _shown = PeopleList.Apply(view.Items, new PeopleFilter(Search, Role, state, SortText), Store.Now);
    }

    private UserView? Find(string id) => _view?.Items.FirstOrDefault(u => u.Id == id);

    /// <summary>An actor as a person's name where it is one of the list.</summary>
    private string NameOf(string actor) => Find(actor.StartsWith("user:", StringComparison.Ordinal) ? actor[5..] : actor)?.DisplayName ?? actor;

    private async Task WithdrawAsync(string id)
    {
        var answer = await Api.SendAsync(HttpMethod.Delete, "api/users/invitations/" + Uri.EscapeDataString(id), ForgeJson.Default.UsersView);
        _problem = answer.Problem;
        if (answer.Value is not { } view) return;
        _view = view;
        Arrange();
    }

    private async Task ExportAsync() =>
        await (await Browser.ModuleAsync()).InvokeVoidAsync("save", "people.csv", "text/csv", PeopleList.Csv(_shown, Store.Now));

    private string Detail(string? id) => Navigation.GetUriWithQueryParameter("user", id);

    /// <summary>Writes a choice to the address; a filter begins at the first page again.</summary>
    private void Go(string name, object? value, bool fromTheStart = true)
    {
        var changes = new Dictionary<string, object?>(StringComparer.Ordinal) { [name] = value?.ToString() is { Length: > 0 } text ? text : null };
        if (fromTheStart) changes["page"] = null;
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameters(changes));
    }
}
