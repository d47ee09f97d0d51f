namespace Forge.Domain.Audit;

/// <summary>Actions of the journal about itself, and about what leaves as a file.</summary>
public static class JournalActions
{
    /// <summary>Somebody asked for a check of everything; the result is <c>journal.verified</c>.</summary>
    public const string VerifyRequested = "journal.verify_requested";

    /// <summary>An export of a list begins.</summary>
    public const string FileIntent = "file.export.intent";

    /// <summary>An export of a list ended, with what left.</summary>
    public const string FileResult = "file.export.result";

    /// <summary>An export of the journal begins.</summary>
    public const string ExportIntent = "journal.export.intent";

    /// <summary>An export of the journal ended, with what left.</summary>
    public const string ExportResult = "journal.export.result";
}
