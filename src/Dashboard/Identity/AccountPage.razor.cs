using Forge.Dashboard.Api;
using Forge.Dashboard.Format;
using Forge.Dashboard.Live;
using Forge.Domain.Audit;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Identity;

/// <summary>One's own ways to sign in and one's own sessions.</summary>
public sealed partial class AccountPage
{
    private AccountView? _account;
    private Problem? _problem;
    private Dialog? _dialog;
    private PasskeyView? _passkey;
    private bool _passkeysWork;
    private int _changes;

    /// <summary>What can be asked about the own account.</summary>
    public enum Dialog
    {
        /// <summary>Makes a passkey.</summary>
        AddPasskey,

        /// <summary>Ends a passkey.</summary>
        RemovePasskey,

        /// <summary>Connects an authenticator app, or another one.</summary>
        Totp,

        /// <summary>Ends the app with the password.</summary>
        RemoveTotp,

        /// <summary>Makes new recovery codes.</summary>
        Codes,

        /// <summary>Sets another password.</summary>
        Password,
    }

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private SessionState Session { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    [Inject] private Passkeys Passkeys { get; set; } = null!;

    private string? Sentence => _account is not { } a ? null
        : $"{a.DisplayName}, {a.Email}. {(a.Passkeys.Length, a.HasTotp) switch
        {
            (0, false) => "No way to sign in again: add one.",
            (0, true) => "You sign in with a password and a code.",
            (_, true) => $"You sign in with {Say.Many(a.Passkeys.Length, "passkey", "passkeys")}, or with a password and a code.",
            (1, false) => "You sign in with one passkey; a second one helps when a device is lost.",
            _ => $"You sign in with {Say.Many(a.Passkeys.Length, "passkey", "passkeys")}.",
        }}";

    /// <inheritdoc />
    protected override async Task OnInitializedAsync()
    {
        _passkeysWork = await Passkeys.AvailableAsync();
        await LoadAsync();
    }

    private async Task LoadAsync()
    {
        var answer = await Api.GetAsync("api/account", ForgeJson.Default.AccountView);
        _problem = answer.Problem;
        if (answer.Value is { } account) _account = account;
    }

    private void Open(Dialog dialog) => _dialog = dialog;

    private void AskRemove(PasskeyView passkey) => (_passkey, _dialog) = (passkey, Dialog.RemovePasskey);

    private void Close() => (_dialog, _passkey) = (null, null);

    /// <summary>A factor changed: every other session has ended, and a demand for a new factor may be met.</summary>
    private async Task Changed()
    {
        Close();
        _changes++;
        await LoadAsync();
        if (Session.View is { MustEnrol: true }) await Session.LoadAsync();
    }
}
