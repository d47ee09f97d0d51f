using Forge.Dashboard.Api;
using Forge.Domain.Audit;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Identity;

/// <summary>Invites a person: e-mail, roles, reason; then shows the link once.</summary>
public sealed partial class InviteDialog
{
    private readonly List<string> _roles = [];
    private string _email = "";
    private string _reason = "";
    private string _key = Guid.NewGuid().ToString("N");
    private bool _busy;
    private Problem? _problem;
    private CreatedInvitation? _created;

    /// <summary>Whether it is shown.</summary>
    [Parameter] public bool Open { get; set; }

    /// <summary>Left, or finished.</summary>
    [Parameter] public EventCallback OnClose { get; set; }

    /// <summary>There is a new link.</summary>
    [Parameter] public EventCallback OnInvited { get; set; }

    [Inject] private ForgeApi Api { get; set; } = null!;

    private void Toggle(string role)
    {
        if (!_roles.Remove(role)) _roles.Add(role);
    }

    private async Task InviteAsync()
    {
        if (_busy || _roles.Count == 0) return;
        (_busy, _problem) = (true, null);
        var answer = await Api.SendAsync(
            HttpMethod.Post, "api/users/invitations", new InviteUser(_email.Trim(), [.. _roles], _reason.Trim()), ForgeJson.Default.InviteUser, ForgeJson.Default.CreatedInvitation, null, _key);
        (_busy, _problem) = (false, answer.Problem);
        // An unanswered command keeps its key, so that it cannot happen twice; any other gets a new key.
        if (_problem is not { Code: "unreachable" }) _key = Guid.NewGuid().ToString("N");
        if (answer.Value is not { } created) return;
        _created = created;
        await OnInvited.InvokeAsync();
    }

    private async Task DoneAsync()
    {
        (_created, _email, _reason) = (null, "", "");
        _roles.Clear();
        await OnClose.InvokeAsync();
    }
}
