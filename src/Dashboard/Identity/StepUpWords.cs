namespace Forge.Dashboard.Identity;

/// <summary>Purposes of step-ups as sentences: a person must see what they prove themselves for.</summary>
public static class StepUpWords
{
    /// <summary>What the proof is for: "to grant a role".</summary>
    public static string Purpose(StepUpQuestion question) => question.Purpose switch
    {
        "fresh" => "to go on: the last proof is more than 15 minutes old",
        "factor.change" => "to change how you sign in",
        "user.invite" => $"to invite {After(question.Subject)}",
        "user.grant-role" => $"to grant the role {Role(question.Subject)}",
        "user.withdraw-role" => $"to withdraw the role {Role(question.Subject)}",
        "user.disable" => "to disable a person's account",
        "user.enable" => "to enable a person's account",
        "user.re-enrol" => "to make a link with which a person replaces their ways to sign in",
        var other => $"for “{other.Replace('.', ' ').Replace('-', ' ')}”",
    };

    private static string After(string subject) => subject[(subject.IndexOf(':', StringComparison.Ordinal) + 1)..];

    private static string Role(string subject) => RoleWords.Name(subject[(subject.LastIndexOf(':') + 1)..]);
}
