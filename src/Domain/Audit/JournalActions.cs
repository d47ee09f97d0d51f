namespace Forge.Domain.Audit;

/// <summary>Actions of the journal about itself.</summary>
public static class JournalActions
{
    /// <summary>Somebody asked for a check of everything; the result is <c>journal.verified</c>.</summary>
    public const string VerifyRequested = "journal.verify_requested";

    /// <summary>An export of the journal begins.</summary>
    public const string ExportIntent = "journal.export.intent";

    /// <summary>An export of the journal ended, with what left.</summary>
    public const string ExportResult = "journal.export.result";
}
