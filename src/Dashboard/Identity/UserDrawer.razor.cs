using Forge.Dashboard.Api;
using Forge.Dashboard.Frame;
using Forge.Dashboard.Live;
using Forge.Domain.Audit;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;

namespace Forge.Dashboard.Identity;

/// <summary>A person at the right: roles, state, sessions, and the commands on them, each with a reason and asked once.</summary>
public sealed partial class UserDrawer
{
    private Deed? _deed;
    private string? _role;
    private string _reason = "";
    private string _key = "";
    private bool _busy;
    private int _changes;
    private Problem? _problem;
    private CreatedInvitation? _created;

    private enum Deed
    {
        Grant,
        Withdraw,
        Disable,
        Enable,
        ReEnrol,
    }

    /// <summary>Who; null when the address names nobody.</summary>
    [Parameter] public UserView? User { get; set; }

    /// <summary>Address without the drawer.</summary>
    [Parameter, EditorRequired] public string CloseHref { get; set; } = "";

    /// <summary>An actor as a name.</summary>
    [Parameter, EditorRequired] public Func<string, string> NameOf { get; set; } = a => a;

    /// <summary>The person was changed.</summary>
    [Parameter] public EventCallback OnChanged { get; set; }

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private SessionState Session { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    [Inject] private Browser Browser { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private bool Self => User?.Id == Session.View?.UserId;

    private bool May => Session.IsSenior && !Self;

    private string Who => User?.DisplayName ?? "";

    private string Title => _deed switch
    {
        Deed.Grant => $"Grant {RoleWords.Name(_role!)} to {Who}?",
        Deed.Withdraw => $"Withdraw {RoleWords.Name(_role!)} from {Who}?",
        Deed.Disable => $"Disable the account of {Who}?",
        Deed.Enable => $"Enable the account of {Who}?",
        _ => $"Make a re-enrolment link for {Who}?",
    };

    private string Explained => _deed switch
    {
        Deed.Grant => RoleWords.Hint(_role!) + " It counts within seconds, also for open pages.",
        Deed.Withdraw => "The right ends within seconds: open pages and live connections of this person follow. Access they asked for is closed.",
        Deed.Disable => "Every session ends within seconds, and no way to sign in works. Nothing is deleted.",
        Deed.Enable => "The person can sign in again with the factors they have.",
        _ => "For somebody who lost their factors. Every session of theirs ends now; the link replaces every way to sign in, and all senior admins are told.",
    };

    private string Button => _deed switch
    {
        Deed.Grant => $"Grant {RoleWords.Name(_role!)}",
        Deed.Withdraw => $"Withdraw {RoleWords.Name(_role!)}",
        Deed.Disable => $"Disable {Who}",
        Deed.Enable => $"Enable {Who}",
        _ => "End the sessions and make the link",
    };

    /// <inheritdoc />
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender) await Browser.FocusAsync("#drawer-title");
    }

    private void Ask(Deed deed, string? role) => (_deed, _role, _reason, _problem, _key) = (deed, role, "", null, Guid.NewGuid().ToString("N"));

    private async Task DoAsync()
    {
        if (_busy || _deed is not { } deed || User is not { } user || string.IsNullOrWhiteSpace(_reason)) return;
        (_busy, _problem) = (true, null);
        var (path, reason, json) = ($"api/users/{user.Id}/", _reason.Trim(), ForgeJson.Default);
        if (deed == Deed.ReEnrol)
        {
            var link = await Api.SendAsync(HttpMethod.Post, path + "re-enrol", new ChangeUser(reason), json.ChangeUser, json.CreatedInvitation, null, _key);
            (_created, _problem) = (link.Value, link.Problem);
        }
        else
        {
            var answer = deed is Deed.Grant or Deed.Withdraw
                ? await Api.SendAsync(HttpMethod.Post, path + (deed == Deed.Grant ? "grant-role" : "withdraw-role"), new ChangeRole(_role!, reason), json.ChangeRole, json.UserView, null, _key)
                : await Api.SendAsync(HttpMethod.Post, path + (deed == Deed.Disable ? "disable" : "enable"), new ChangeUser(reason), json.ChangeUser, json.UserView, null, _key);
            _problem = answer.Problem;
            if (_problem is null) _deed = null;
        }
        _busy = false;
        // An unanswered command keeps its key, so that it cannot happen twice; a refused one gets a new key.
        if (_problem is { Code: not "unreachable" }) _key = Guid.NewGuid().ToString("N");
        if (_problem is not null) return;
        _changes++;
        await OnChanged.InvokeAsync();
    }

    private void Pressed(KeyboardEventArgs e)
    {
        if (e.Key == "Escape" && _deed is null && _created is null) Navigation.NavigateTo(CloseHref);
    }
}
