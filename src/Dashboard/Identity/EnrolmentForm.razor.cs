using System.Collections.Immutable;
using Forge.Dashboard.Api;
using Forge.Dashboard.Frame;
using Forge.Domain.Audit;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Identity;

/// <summary>First start, invitation and re-enrolment are one walk: who, which factor, proof of the factor, recovery codes.</summary>
public sealed partial class EnrolmentForm
{
    private string _name = "";
    private string _email = "";
    private string _password = "";
    private string _code = "";
    private string _passkeyName = "Passkey";
    private string? _focus;
    private FactorKind _factor = FactorKind.Passkey;
    private bool _passkeys = true;
    private bool _busy;
    private Problem? _problem;
    private EnrolmentBegun? _begun;
    private ImmutableArray<string> _codes;

    /// <summary>Address of the first half.</summary>
    [Parameter, EditorRequired] public string BeginPath { get; set; } = "";

    /// <summary>Address of the second half.</summary>
    [Parameter, EditorRequired] public string CompletePath { get; set; } = "";

    /// <summary>Token of the link.</summary>
    [Parameter, EditorRequired] public string Token { get; set; } = "";

    /// <summary>Whose account; null asks for it.</summary>
    [Parameter] public string? Email { get; set; }

    /// <summary>False where the name is known already.</summary>
    [Parameter] public bool AskName { get; set; } = true;

    /// <summary>True where an account at the identity provider may take the place of a factor.</summary>
    [Parameter] public bool SingleSignOn { get; set; }

    /// <summary>Title and explanation above the first step.</summary>
    [Parameter] public RenderFragment? ChildContent { get; set; }

    /// <summary>The person is signed in and has kept the codes.</summary>
    [Parameter] public EventCallback OnDone { get; set; }

    /// <summary>The link is used up, late or not known.</summary>
    [Parameter] public EventCallback<Problem> OnRefused { get; set; }

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private SessionState Session { get; set; } = null!;

    [Inject] private Passkeys Passkeys { get; set; } = null!;

    [Inject] private Browser Browser { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private string? Mail => Email ?? (_email.Trim() is { Length: > 0 } typed ? typed : null);

    /// <summary>Why there is no passkey to choose.</summary>
    private string NoPasskeys => new Uri(Navigation.BaseUri).HostNameType is UriHostNameType.IPv4 or UriHostNameType.IPv6
        ? "Passkeys belong to a host name, not to a number: open the same link with the server's name, on this machine localhost."
        : "This browser cannot use passkeys here.";

    /// <inheritdoc />
    protected override async Task OnInitializedAsync()
    {
        _passkeys = await Passkeys.AvailableAsync();
        if (!_passkeys) _factor = FactorKind.Totp;
    }

    private async Task ProviderAsync()
    {
        (_busy, _problem) = (true, null);
        var start = new OidcStart(Invitation: Token, DisplayName: AskName ? _name.Trim() : null);
        var answer = await Api.SendAsync(HttpMethod.Post, "api/auth/oidc", start, ForgeJson.Default.OidcStart, ForgeJson.Default.OidcRedirect);
        if (answer.Value is { } there) Navigation.NavigateTo(there.Url, forceLoad: true);
        else (_busy, _problem) = (false, answer.Problem);
    }

    /// <inheritdoc />
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (_focus is not { } field) return;
        _focus = null;
        await Browser.FocusAsync(field);
    }

    private async Task BeginAsync()
    {
        if (_busy) return;
        (_busy, _problem) = (true, null);
        // The forgery token belongs to the session of this moment.
        if (Session.View is null) await Session.LoadAsync();
        var body = new BeginEnrolment(Token, Email is null ? _email.Trim() : null, AskName ? _name.Trim() : null, _factor, _factor == FactorKind.Totp ? _password : null);
        var answer = await Api.SendAsync(HttpMethod.Post, BeginPath, body, ForgeJson.Default.BeginEnrolment, ForgeJson.Default.EnrolmentBegun);
        _busy = false;
        if (await RefusedAsync(answer.Problem)) return;
        _begun = answer.Value;
        if (_begun is not null) _focus = _begun.PasskeyOptions is null ? "#code" : "#passkey-name";
    }

    private async Task CompleteAsync()
    {
        if (_busy || _begun is not { } begun) return;
        (_busy, _problem) = (true, null);
        string? credential = null;
        if (begun.PasskeyOptions is { } options)
        {
            var made = await Passkeys.CreateAsync(options);
            if (made.Credential is null)
            {
                (_busy, _problem) = (false, made.Problem);
                return;
            }
            credential = made.Credential;
        }
        var body = new CompleteEnrolment(Token, begun.EnrolmentId, credential is null ? _code.Replace(" ", "", StringComparison.Ordinal) : null, credential, credential is null ? null : _passkeyName.Trim());
        var answer = await Api.SendAsync(HttpMethod.Post, CompletePath, body, ForgeJson.Default.CompleteEnrolment, ForgeJson.Default.Enrolled);
        _busy = false;
        if (await RefusedAsync(answer.Problem)) return;
        if (answer.Value is not { } enrolled)
        {
            (_code, _focus) = ("", "#code");
            return;
        }
        (_password, _codes) = ("", enrolled.RecoveryCodes);
        Session.Take(enrolled.Session);
        if (_codes.IsDefaultOrEmpty) await OnDone.InvokeAsync();
        else _focus = "h1";
    }

    /// <summary>Shows a refusal; one that no other try can mend goes to the page.</summary>
    private async Task<bool> RefusedAsync(Problem? problem)
    {
        _problem = problem;
        if (problem is not { Code: "link_expired" or "setup_done" }) return false;
        await OnRefused.InvokeAsync(problem);
        return true;
    }

    private void Back() => (_begun, _problem, _code) = (null, null, "");
}
