using System.Text.Json;
using Forge.Domain;
using Forge.WebApi.Identity;

namespace Forge.WebApi.Http;

/// <summary>The two entries of one export: an intent before the first byte, a result with what really left after the last. Without its result an export stays one of unknown outcome. Source: security.md 11.</summary>
internal sealed class ExportJournal(string actor, string intent, string result, string subject, PlatformJournal journal, ILogger log)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Journals the intent; the refusal when it cannot be written.</summary>
    /// <param name="what">Format and filters, as JSON.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<Refusal?> BeginAsync(object what, CancellationToken cancellation)
    {
        try
        {
            await journal(actor, intent, subject, JsonSerializer.Serialize(what, Json), cancellation);
            return null;
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            log.LogWarning(failure, "An export was refused because the journal did not take its entry");
            return new Refusal("journal_unavailable", "The journal cannot be written now, and nothing leaves without an entry. Try again in a moment.", RefusalKind.Unavailable, []);
        }
    }

    /// <summary>Journals what left.</summary>
    public async Task EndAsync(bool whole, string format, long entries)
    {
        try
        {
            await journal(actor, result, subject, JsonSerializer.Serialize(new { outcome = whole ? "ok" : "interrupted", format, entries }, Json), CancellationToken.None);
        }
        catch (Exception failure)
        {
            log.LogWarning(failure, "The result of an export could not be journaled; its outcome counts as unknown");
        }
    }
}
