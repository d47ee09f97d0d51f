using Microsoft.JSInterop;

namespace Forge.Dashboard.Identity;

/// <summary>A passkey's answer, or what stopped it.</summary>
/// <param name="Credential">JSON for the server.</param>
/// <param name="Problem">Why there is none.</param>
public sealed record PasskeyAnswer(string? Credential, Problem? Problem);

/// <summary>Asks the browser for passkeys.</summary>
public sealed class Passkeys(IJSRuntime js)
{
    private Task<IJSObjectReference>? _module;

    /// <summary>Whether this browser can make and use passkeys at this address.</summary>
    public async Task<bool> AvailableAsync() => await (await ModuleAsync()).InvokeAsync<bool>("available");

    /// <summary>Makes a passkey from creation options.</summary>
    public Task<PasskeyAnswer> CreateAsync(string options) => AskAsync("create", options);

    /// <summary>Proves who one is with a passkey, from request options.</summary>
    public Task<PasskeyAnswer> GetAsync(string options) => AskAsync("get", options);

    /// <summary>What the browser's error means for the person.</summary>
    public static Problem Wrong(string error) => error switch
    {
        "NotAllowedError" or "AbortError" => Local("passkey_left", "No passkey was used", "The browser's question was closed or took too long. Nothing was changed: try again when you are ready."),
        "InvalidStateError" => Local("passkey_known", "This device has a passkey for this account already", "Use that one, or choose another device or security key."),
        "SecurityError" => Local("passkey_address", "Passkeys do not work at this address", "They belong to a name, not to a number: open this server by its host name, for example localhost instead of 127.0.0.1."),
        "NotSupportedError" => Local("passkey_unsupported", "This device cannot make such a passkey", "Choose another device or security key, or an authenticator app."),
        _ => Local("passkey_failed", "The passkey did not work", "Nothing was changed. Try again, or use another way."),
    };

    private static Problem Local(string code, string title, string detail) => new("/problems/" + code, title, 0, detail, code, null);

    private async Task<PasskeyAnswer> AskAsync(string how, string options)
    {
        var answer = await (await ModuleAsync()).InvokeAsync<string?>(how, options) ?? "";
        return answer.StartsWith('{') ? new PasskeyAnswer(answer, null) : new PasskeyAnswer(null, Wrong(answer));
    }

    private Task<IJSObjectReference> ModuleAsync() => _module ??= js.InvokeAsync<IJSObjectReference>("import", "./js/passkey.js").AsTask();
}
