using Forge.Dashboard.Api;
using Forge.Dashboard.Frame;
using Forge.Domain.Audit;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Forge.Dashboard.Identity;

/// <summary>First start: makes the first administrator with the token of the one-time link (kept in the hash, which never reaches a server log).</summary>
public sealed partial class Setup
{
    private bool? _required;
    private string _token = "";
    private bool _tokenFromLink;
    private string _name = "";
    private string _email = "";
    private string _password = "";
    private string _code = "";
    private EnrolmentBegun? _begun;
    private bool _busy;
    private Problem? _problem;

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private SessionState Session { get; set; } = null!;

    [Inject] private Browser Browser { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    /// <inheritdoc />
    protected override async Task OnInitializedAsync()
    {
        var module = await Browser.ModuleAsync();
        _token = (await module.InvokeAsync<string?>("hash") ?? "").Replace("token=", "", StringComparison.Ordinal);
        _tokenFromLink = _token.Length > 0;
        await module.InvokeVoidAsync("clearHash");
        var state = await Api.GetAsync("api/setup", ForgeJson.Default.SetupState);
        (_required, _problem) = (state.Value?.Required, state.Problem);
    }

    private async Task CreateAsync()
    {
        _busy = true;
        _problem = null;
        await Session.LoadAsync();
        var answer = await Api.SendAsync(HttpMethod.Post, "api/setup/begin", new BeginEnrolment(_token.Trim(), _email.Trim(), _name.Trim(), FactorKind.Totp, _password), ForgeJson.Default.BeginEnrolment, ForgeJson.Default.EnrolmentBegun);
        _busy = false;
        _problem = answer.Problem;
        _begun = answer.Value;
        if (_problem is not null) _tokenFromLink = false;
    }

    private async Task CompleteAsync()
    {
        _busy = true;
        var answer = await Api.SendAsync(HttpMethod.Post, "api/setup", new CompleteEnrolment(_token.Trim(), _begun!.EnrolmentId, _code.Trim(), null, null), ForgeJson.Default.CompleteEnrolment, ForgeJson.Default.Enrolled);
        _busy = false;
        _problem = answer.Problem;
        if (_problem is not null) return;
        await Session.LoadAsync();
        Navigation.NavigateTo(Session.Authenticated ? "organizations" : "sign-in", replace: true);
    }
}
