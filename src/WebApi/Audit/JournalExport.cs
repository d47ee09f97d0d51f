using System.Runtime.CompilerServices;
using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.WebApi.Http;
using Forge.WebApi.Identity;

namespace Forge.WebApi.Audit;

/// <summary>One export of the journal: an intent entry before the first byte, a result entry with what really left after the last.</summary>
internal sealed class JournalExport(string actor, JournalFilter filter, bool json, PlatformJournal journal, ILogger<JournalExport> log)
{
    /// <summary>Entries read at once.</summary>
    public const int Chunk = 500;

    private static readonly CsvColumn<JournalEntryView>[] Columns =
    [
        new("chain", e => e.Chain), new("seq", e => e.Seq), new("at", e => e.At), new("actor", e => e.Actor), new("action", e => e.Action), new("subject", e => e.Subject), new("body", e => e.Body),
        new("correlationId", e => e.CorrelationId), new("bodyCommit", e => e.BodyCommit), new("prevHash", e => e.PrevHash), new("hash", e => e.Hash),
    ];

    private readonly ExportJournal _journal = new(actor, JournalActions.ExportIntent, JournalActions.ExportResult, "journal", journal, log);
    private long _entries;

    /// <summary>Journals the intent; the refusal when it cannot be written.</summary>
    public Task<Refusal?> BeginAsync(CancellationToken cancellation) =>
        _journal.BeginAsync(new { format = Format, filter.Chain, filter.Actor, filter.Action, filter.Subject, filter.From, filter.To, ownSignInsOnly = filter.SignInsOnlyOf is not null }, cancellation);

    /// <summary>The file: the page that was read already, and those behind it.</summary>
    public IResult Of(JournalPage first, Func<JournalCursor, Task<JournalPage>> next)
    {
        var rows = RowsAsync(first, next);
        return json ? new JsonFile(rows) : CsvAnswer.OfJournaled("journal.csv", Columns, rows);
    }

    private string Format => json ? "json" : "csv";

    private async IAsyncEnumerable<JournalEntryView> RowsAsync(JournalPage first, Func<JournalCursor, Task<JournalPage>> next, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var whole = false;
        try
        {
            for (var page = first; ; page = await next(JournalCursor.Parse(page.NextCursor!)!))
            {
                foreach (var entry in page.Items)
                {
                    cancellation.ThrowIfCancellationRequested();
                    _entries++;
                    yield return entry;
                }
                if (page.NextCursor is null) break;
            }
            whole = true;
        }
        finally
        {
            await _journal.EndAsync(whole, Format, _entries);
        }
    }

    private sealed class JsonFile(IAsyncEnumerable<JournalEntryView> rows) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.ContentType = "application/json";
            httpContext.Response.Headers.ContentDisposition = "attachment; filename=\"journal.json\"";
            await JsonSerializer.SerializeAsync(httpContext.Response.Body, rows, ForgeJson.Default.IAsyncEnumerableJournalEntryView, httpContext.RequestAborted);
        }
    }
}
