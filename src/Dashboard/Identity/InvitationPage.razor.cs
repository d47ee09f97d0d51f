using Forge.Dashboard.Api;
using Forge.Dashboard.Frame;
using Forge.Domain.Audit;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Forge.Dashboard.Identity;

/// <summary>Where a single-use link leads: a new account, or new factors for one that lost them. The token stays in the hash, which never reaches a server log.</summary>
public sealed partial class InvitationPage
{
    private string _token = "";
    private bool _expired;
    private LinkView? _link;
    private Problem? _problem;

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private SessionState Session { get; set; } = null!;

    [Inject] private Browser Browser { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    /// <inheritdoc />
    protected override async Task OnInitializedAsync()
    {
        var module = await Browser.ModuleAsync();
        _token = await module.InvokeAsync<string?>("hash") ?? "";
        await module.InvokeVoidAsync("clearHash");
        await LookAsync();
    }

    private static string Role(LinkView link) =>
        link.Roles.Length == 1 ? $"the role {RoleWords.Name(link.Roles[0])}" : "the roles " + string.Join(", ", link.Roles.Select(RoleWords.Name));

    private async Task LookAsync()
    {
        if (_token.Length == 0)
        {
            _expired = true;
            return;
        }
        await Session.LoadAsync();
        var answer = await Api.SendAsync(HttpMethod.Post, "api/invitations/look", new LinkToken(_token), ForgeJson.Default.LinkToken, ForgeJson.Default.LinkView);
        (_link, _problem) = (answer.Value, answer.Problem);
        _expired = _problem is { Code: "link_expired" };
    }

    private void Done() => Navigation.NavigateTo(ReturnPath.Usual, replace: true);
}
