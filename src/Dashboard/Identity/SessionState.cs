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

    /// <summary>May change things.</summary>
    public bool IsAdmin => Authenticated && !View!.Roles.IsDefault && (View.Roles.Contains(Roles.PlatformAdmin) || View.Roles.Contains(Roles.SeniorAdmin));

    /// <summary>Loads the session anew.</summary>
    public async Task LoadAsync()
    {
        var answer = await api.GetAsync("api/session", ForgeJson.Default.SessionView);
        Problem = answer.Problem;
        if (answer.Value is { } view)
        {
            View = view;
            token.Csrf = view.CsrfToken;
        }
        Changed?.Invoke();
    }
}
