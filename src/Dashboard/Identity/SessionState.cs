using Forge.Dashboard.Api;
using Forge.Domain.Audit;

namespace Forge.Dashboard.Identity;

/// <summary>The token that unsafe calls carry against forged requests.</summary>
public sealed class SessionToken
{
    /// <summary>Current token, null before the session is known.</summary>
    public string? Csrf { get; set; }
}

/// <summary>Who is signed in. Loaded once and again after signing in or out.</summary>
public sealed class SessionState(ForgeApi api, SessionToken token)
{
    /// <summary>The session changed.</summary>
    public event Action? Changed;

    /// <summary>The session, null while unknown.</summary>
    public SessionView? View { get; private set; }

    /// <summary>Why it is unknown, null when it is known.</summary>
    public Problem? Problem { get; private set; }

    /// <summary>Signed in.</summary>
    public bool Authenticated => View?.Authenticated == true;

    /// <summary>May change things: a PlatformAdmin, or a SeniorAdmin, who has every right of one.</summary>
    public bool IsAdmin => Has(Roles.PlatformAdmin, Roles.SeniorAdmin);

    /// <summary>May manage people.</summary>
    public bool IsSenior => Has(Roles.SeniorAdmin);

    /// <summary>Has one of these roles. What pages show follows it; what is allowed is the server's word.</summary>
    public bool Has(params ReadOnlySpan<string> roles)
    {
        if (!Authenticated || View!.Roles.IsDefault) return false;
        foreach (var role in roles)
            if (View.Roles.Contains(role)) return true;
        return false;
    }

    /// <summary>Loads the session anew.</summary>
    public async Task LoadAsync()
    {
        var answer = await api.GetAsync("api/session", ForgeJson.Default.SessionView);
        Problem = answer.Problem;
        if (answer.Value is { } view) Take(view);
        else Changed?.Invoke();
    }

    /// <summary>Takes the session that an answer carried: after signing in, enrolling or a step-up.</summary>
    public void Take(SessionView view)
    {
        (View, Problem) = (view, null);
        // An answer without a token keeps the one there is.
        token.Csrf = view.CsrfToken ?? token.Csrf;
        Changed?.Invoke();
    }
}
