using Forge.Dashboard.Api;
using Forge.Dashboard.Frame;
using Forge.Domain.Audit;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Identity;

/// <summary>Signs a person in: by passkey, or by password and then a code. Leads back to where they wanted to go.</summary>
public sealed partial class SignIn
{
    private string _email = "";
    private string _password = "";
    private string _code = "";
    private string? _ticket;
    private string? _focus;
    private bool _recovery;
    private bool _passkeys;
    private bool _asking;
    private bool _busy;
    private Problem? _problem;

    /// <summary>Path inside the dashboard to open afterwards.</summary>
    [SupplyParameterFromQuery(Name = "return")] public string? Return { get; set; }

    /// <summary>Why the person is here: <c>ended</c>, <c>elsewhere</c>, <c>signed-out</c>; anything else says nothing.</summary>
    [SupplyParameterFromQuery] public string? Reason { get; set; }

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private SessionState Session { get; set; } = null!;

    [Inject] private Passkeys Passkeys { get; set; } = null!;

    [Inject] private Browser Browser { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private string? Why => Reason switch
    {
        "ended" => "Your session ended: nothing was done for 30 minutes, 12 hours went by, or it was closed by you or a senior admin. Sign in to go on where you were.",
        "elsewhere" => "You signed out in another tab. Sign in to go on where you were.",
        "signed-out" => "You are signed out.",
        "sso-failed" => "The sign-in there was not accepted here: it belongs to no account, was too old, or was not begun in this browser. Try again or choose another way.",
        "sso-wait" => "Too many sign-ins came from here. Wait a minute, then try again.",
        _ => null,
    };

    /// <inheritdoc />
    protected override async Task OnInitializedAsync()
    {
        await Session.LoadAsync();
        _problem = Session.Problem;
        if (Session.View is { SetupRequired: true }) Navigation.NavigateTo("setup", replace: true);
        else if (Session.Authenticated && Reason != "sso-proved") Leave();
        else _passkeys = await Passkeys.AvailableAsync();
    }

    /// <inheritdoc />
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (_focus is not { } field) return;
        _focus = null;
        await Browser.FocusAsync(field);
    }

    private async Task PasskeyAsync()
    {
        (_busy, _asking, _problem) = (true, true, null);
        var options = await Api.SendAsync(HttpMethod.Post, "api/auth/passkey/options", ForgeJson.Default.PasskeyOptions);
        _problem = options.Problem;
        if (options.Value is { } ceremony)
        {
            var answer = await Passkeys.GetAsync(ceremony.Options);
            _problem = answer.Problem;
            if (answer.Credential is { } credential)
                Enter(await Api.SendAsync(HttpMethod.Post, "api/auth/passkey", new PasskeySignIn(ceremony.ChallengeId, credential), ForgeJson.Default.PasskeySignIn, ForgeJson.Default.SessionView));
        }
        (_busy, _asking) = (false, false);
    }

    // The page itself goes there: a session there is the provider's business, one here begins when the browser is back.
    private async Task ProviderAsync()
    {
        (_busy, _problem) = (true, null);
        var answer = await Api.SendAsync(HttpMethod.Post, "api/auth/oidc", new OidcStart(Return), ForgeJson.Default.OidcStart, ForgeJson.Default.OidcRedirect);
        if (answer.Value is { } there) Navigation.NavigateTo(there.Url, forceLoad: true);
        else (_busy, _problem) = (false, answer.Problem);
    }

    private async Task PasswordAsync()
    {
        if (_busy) return;
        (_busy, _problem) = (true, null);
        var answer = await Api.SendAsync(HttpMethod.Post, "api/auth/password", new SignInRequest(_email.Trim(), _password), ForgeJson.Default.SignInRequest, ForgeJson.Default.SignInTicket);
        _busy = false;
        _password = "";
        _problem = answer.Problem;
        if (answer.Value is not { } ticket)
        {
            _focus = "#password";
            return;
        }
        (_ticket, _code, _recovery, _focus) = (ticket.Ticket, "", false, "#code");
    }

    private async Task CodeAsync()
    {
        if (_busy || _ticket is not { } ticket) return;
        (_busy, _problem) = (true, null);
        var answer = await Api.SendAsync(HttpMethod.Post, "api/auth/totp", new TotpSignIn(ticket, _code.Trim()), ForgeJson.Default.TotpSignIn, ForgeJson.Default.SessionView);
        (_busy, _code) = (false, "");
        _focus = _recovery ? "#recovery" : "#code";
        Enter(answer);
    }

    private void OtherCodeAsync()
    {
        (_recovery, _code, _problem) = (!_recovery, "", null);
        _focus = _recovery ? "#recovery" : "#code";
    }

    private void AgainAsync(Problem? why) => (_ticket, _code, _problem, _focus) = (null, "", why, "#email");

    private void Enter(Answer<SessionView> answer)
    {
        _problem = answer.Problem;
        if (answer.Value is not { } session) return;
        Session.Take(session);
        Leave();
    }

    private void Leave() => Navigation.NavigateTo(Session.View is { MustEnrol: true } ? "account" : ReturnPath.Of(Return), replace: true);
}
