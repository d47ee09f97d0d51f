using System.Collections.Immutable;
using Forge.Dashboard.Api;
using Forge.Domain.Audit;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Identity;

/// <summary>Every change of the own factors; the step-up is asked for by the calls themselves.</summary>
public sealed partial class AccountDialogs
{
    private AccountPage.Dialog? _shown;
    private string _name = "Passkey";
    private string _password = "";
    private string _code = "";
    private bool _busy;
    private Problem? _problem;
    private EnrolmentBegun? _begun;
    private ImmutableArray<string> _codes;

    /// <summary>Which is open.</summary>
    [Parameter] public AccountPage.Dialog? Kind { get; set; }

    /// <summary>The account as it is.</summary>
    [Parameter] public AccountView? Account { get; set; }

    /// <summary>The passkey that is asked about.</summary>
    [Parameter] public PasskeyView? Passkey { get; set; }

    /// <summary>Left without a change.</summary>
    [Parameter] public EventCallback OnClose { get; set; }

    /// <summary>Something was changed.</summary>
    [Parameter] public EventCallback OnChanged { get; set; }

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private Passkeys Passkeys { get; set; } = null!;

    /// <inheritdoc />
    protected override async Task OnParametersSetAsync()
    {
        if (_shown == Kind) return;
        _shown = Kind;
        (_problem, _begun, _codes, _code, _password, _name) = (null, null, default, "", "", "Passkey");
        if (Kind == AccountPage.Dialog.Totp) await BeginTotpAsync();
    }

    private async Task AddPasskeyAsync()
    {
        if (!Begin()) return;
        var options = await Api.SendAsync(HttpMethod.Post, "api/account/passkeys/options", ForgeJson.Default.PasskeyOptions);
        var problem = options.Problem;
        if (options.Value is { } ceremony)
        {
            var made = await Passkeys.CreateAsync(ceremony.Options);
            problem = made.Credential is { } credential
                ? (await Api.SendAsync(HttpMethod.Post, "api/account/passkeys", new AddPasskey(ceremony.ChallengeId, credential, _name.Trim()), ForgeJson.Default.AddPasskey, ForgeJson.Default.PasskeyView)).Problem
                : made.Problem;
        }
        await EndAsync(problem);
    }

    private async Task RemovePasskeyAsync()
    {
        if (Passkey is { } passkey && Begin()) await EndAsync(await Api.SendAsync(HttpMethod.Delete, "api/account/passkeys/" + Uri.EscapeDataString(passkey.Id)));
    }

    private async Task RemoveTotpAsync()
    {
        if (Begin()) await EndAsync(await Api.SendAsync(HttpMethod.Delete, "api/account/totp"));
    }

    private async Task PasswordAsync()
    {
        if (!Begin()) return;
        var answer = await Api.SendAsync(HttpMethod.Put, "api/account/password", new ChangePassword(_password), ForgeJson.Default.ChangePassword, ForgeJson.Default.AccountView);
        await EndAsync(answer.Problem);
    }

    private async Task CodesAsync()
    {
        if (Begin()) Show(await Api.SendAsync(HttpMethod.Post, "api/account/recovery-codes", ForgeJson.Default.RecoveryCodes));
    }

    private async Task BeginTotpAsync()
    {
        var answer = await Api.SendAsync(HttpMethod.Post, "api/account/totp/begin", ForgeJson.Default.EnrolmentBegun);
        (_begun, _problem) = (answer.Value, answer.Problem);
    }

    private async Task TotpAsync()
    {
        if (_begun is not { } begun || !Begin()) return;
        var body = new AddTotp(begun.EnrolmentId, _code.Replace(" ", "", StringComparison.Ordinal), Account?.HasPassword == false ? _password : null);
        Show(await Api.SendAsync(HttpMethod.Post, "api/account/totp", body, ForgeJson.Default.AddTotp, ForgeJson.Default.RecoveryCodes));
        if (_problem is not null) _code = "";
    }

    private void Show(Answer<RecoveryCodes> answer)
    {
        (_busy, _problem) = (false, answer.Problem);
        if (answer.Value is { } codes) _codes = codes.Codes;
    }

    private bool Begin()
    {
        if (_busy) return false;
        (_busy, _problem) = (true, null);
        return true;
    }

    private async Task EndAsync(Problem? problem)
    {
        (_busy, _problem) = (false, problem);
        if (problem is null) await OnChanged.InvokeAsync();
    }
}
