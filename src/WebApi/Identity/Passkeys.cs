using Microsoft.AspNetCore.Identity;

namespace Forge.WebApi.Identity;

/// <summary>WebAuthn through ASP.NET Core Identity: user verification required, ES256 and RS256, attestation not evaluated, the state of a ceremony kept by us and used once.</summary>
public sealed class Passkeys(IPasskeyHandler<ForgeUser> handler, UserManager<ForgeUser> users, ILogger<Passkeys> log)
{
    /// <summary>Settings of every ceremony.</summary>
    public static void Configure(IdentityPasskeyOptions passkeys, WebApiOptions options)
    {
        passkeys.UserVerificationRequirement = "required";
        passkeys.ResidentKeyRequirement = "required";
        passkeys.AttestationConveyancePreference = "none";
        passkeys.IsAllowedAlgorithm = static algorithm => algorithm is -7 or -257;
        passkeys.ServerDomain = Domain(options);
    }

    /// <summary>Options for a new passkey of a person who need not exist yet, and the state to keep.</summary>
    public async Task<(string Options, string State)> CreationAsync(HttpContext http, string userId, string email, string displayName)
    {
        var result = await handler.MakeCreationOptionsAsync(new PasskeyUserEntity { Id = userId, Name = email, DisplayName = displayName }, http);
        return (result.CreationOptionsJson, result.AttestationState ?? "");
    }

    /// <summary>The new passkey, when the answer fits the state; null otherwise.</summary>
    public async Task<UserPasskeyInfo?> CreatedAsync(HttpContext http, string? credential, string state)
    {
        if (credential is null) return null;
        var result = await handler.PerformAttestationAsync(new PasskeyAttestationContext { HttpContext = http, CredentialJson = credential, AttestationState = state });
        if (result.Failure is { } failure) log.LogInformation("A new passkey was refused: {Reason}", failure.Message);
        return result.Succeeded ? result.Passkey : null;
    }

    /// <summary>Options to prove a passkey (of one person, or of whoever has one), and the state to keep.</summary>
    public async Task<(string Options, string State)> RequestAsync(HttpContext http, ForgeUser? user)
    {
        var result = await handler.MakeRequestOptionsAsync(user, http);
        return (result.RequestOptionsJson, result.AssertionState ?? "");
    }

    /// <summary>Whose passkey answered, when the answer fits the state; its counter is kept.</summary>
    public async Task<(ForgeUser User, string CredentialId)?> ProvedAsync(HttpContext http, string? credential, string state)
    {
        if (credential is null) return null;
        var result = await handler.PerformAssertionAsync(new PasskeyAssertionContext { HttpContext = http, CredentialJson = credential, AssertionState = state });
        if (result.Failure is { } failure) log.LogInformation("A passkey was refused: {Reason}", failure.Message);
        if (!result.Succeeded) return null;
        var kept = await users.AddOrUpdatePasskeyAsync(result.User, result.Passkey);
        return kept.Succeeded ? (result.User, System.Buffers.Text.Base64Url.EncodeToString(result.Passkey.CredentialId)) : null;
    }

    // Browsers take no address as a relying party; on this machine people come by localhost.
    private static string Domain(WebApiOptions options) =>
        options.PasskeyDomain ?? (Uri.TryCreate(options.BaseUrl, UriKind.Absolute, out var url) && url.HostNameType == UriHostNameType.Dns ? url.Host : "localhost");
}
