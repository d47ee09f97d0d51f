using Forge.Dashboard.Api;
using Forge.Domain.Audit;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Identity;

/// <summary>Signs a person in with password and code and leads back to where they wanted to go.</summary>
public sealed partial class SignIn
{
    private string _email = "";
    private string _password = "";
    private string _code = "";
    private string? _ticket;
    private bool _busy;
    private Problem? _problem;

    /// <summary>Path inside the dashboard to open afterwards.</summary>
    [SupplyParameterFromQuery(Name = "return")] public string? Return { get; set; }

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private SessionState Session { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    /// <inheritdoc />
    protected override async Task OnInitializedAsync()
    {
        await Session.LoadAsync();
        if (Session.View is { SetupRequired: true }) Navigation.NavigateTo("setup", replace: true);
        else if (Session.Authenticated) Leave();
    }

    private async Task SignInAsync()
    {
        _busy = true;
        _problem = null;
        _problem = _ticket is null ? await PasswordAsync() : await CodeAsync(_ticket);
        _busy = false;
        if (_problem is not null || _ticket is null || _code.Length == 0) return;
        await Session.LoadAsync();
        Leave();
    }

    private async Task<Problem?> PasswordAsync()
    {
        var answer = await Api.SendAsync(HttpMethod.Post, "api/auth/password", new SignInRequest(_email.Trim(), _password), ForgeJson.Default.SignInRequest, ForgeJson.Default.SignInTicket);
        _password = "";
        _ticket = answer.Value?.Ticket;
        return answer.Problem;
    }

    private async Task<Problem?> CodeAsync(string ticket)
    {
        var answer = await Api.SendAsync(HttpMethod.Post, "api/auth/totp", new TotpSignIn(ticket, _code.Trim()), ForgeJson.Default.TotpSignIn, ForgeJson.Default.SessionView);
        if (answer.Problem is not null) _code = "";
        return answer.Problem;
    }

    /// <summary>Only paths of this dashboard are followed: an address of another site is not.</summary>
    private void Leave() => Navigation.NavigateTo(Return is { Length: > 0 } r && !r.StartsWith('/') && !r.Contains(':') && !r.Contains('\\') ? r : "sla/overview", replace: true);
}
