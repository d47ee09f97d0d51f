using System.Globalization;
using CsvHelper;
using Forge.Domain.Audit;
using Forge.WebApi.Identity;

namespace Forge.WebApi.Http;

/// <summary>One column of a CSV file: its header and the cell of a row.</summary>
/// <param name="Header">First line.</param>
/// <param name="Cell">Text, integer, ratio, flag, instant or null.</param>
public sealed record CsvColumn<T>(string Header, Func<T, object?> Cell);

/// <summary>Streams rows as CSV: RFC 4180, header row, UTF-8, and no cell that a spreadsheet would run as a formula.</summary>
public static class CsvAnswer
{
    private static readonly CsvWriterOptions Format = new() { NewLine = "\r\n" };

    /// <summary>A file download of every row; who took it is journaled before and after.</summary>
    public static IResult Of<T>(string fileName, IReadOnlyList<CsvColumn<T>> columns, IAsyncEnumerable<T> rows) => new CsvResult<T>(fileName, columns, rows, journals: true);

    /// <summary>The same for a caller that journals it by itself.</summary>
    internal static IResult OfJournaled<T>(string fileName, IReadOnlyList<CsvColumn<T>> columns, IAsyncEnumerable<T> rows) => new CsvResult<T>(fileName, columns, rows, journals: false);

    /// <summary>Text that starts with <c>= + - @</c>, tab or carriage return gets a leading apostrophe.</summary>
    public static string Guard(string text) => text is ['=' or '+' or '-' or '@' or '\t' or '\r', ..] ? "'" + text : text;

    /// <summary>The cell's text; numbers stay numbers, instants are RFC 3339 UTC.</summary>
    public static string Text(object? cell) => cell switch
    {
        null => "",
        string text => Guard(text),
        bool flag => flag ? "true" : "false",
        DateTimeOffset at => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture),
        DateOnly date => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        Enum name => name.ToString(),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => Guard(cell.ToString() ?? ""),
    };

    private sealed class CsvResult<T>(string fileName, IReadOnlyList<CsvColumn<T>> columns, IAsyncEnumerable<T> rows, bool journals) : IResult
    {
        private const string Format = "csv";
        private const int LongestQuery = 1_000;

        public async Task ExecuteAsync(HttpContext httpContext)
        {
            if (!journals)
            {
                await WriteAsync(httpContext, () => { });
                return;
            }
            var services = httpContext.RequestServices;
            var journal = new ExportJournal(
                httpContext.Actor(), JournalActions.FileIntent, JournalActions.FileResult, "export:" + fileName, services.GetRequiredService<PlatformJournal>(), services.GetRequiredService<ILogger<ExportJournal>>());
            var asked = httpContext.Request.QueryString.Value ?? "";
            if (await journal.BeginAsync(new { format = Format, path = httpContext.Request.Path.Value, query = asked.Length > LongestQuery ? asked[..LongestQuery] : asked }, httpContext.RequestAborted) is { } refused)
            {
                await Problems.Of(refused).ExecuteAsync(httpContext);
                return;
            }
            var (entries, whole) = (0L, false);
            try
            {
                await WriteAsync(httpContext, () => entries++);
                whole = true;
            }
            finally
            {
                await journal.EndAsync(whole, Format, entries);
            }
        }

        private async Task WriteAsync(HttpContext http, Action written)
        {
            http.Response.ContentType = "text/csv; charset=utf-8; header=present";
            http.Response.Headers.ContentDisposition = $"attachment; filename=\"{fileName}\"";
            await using var csv = CsvWriter.Create(http.Response.Body, CsvAnswer.Format, leaveOpen: true);
            await csv.WriteRecordAsync([.. columns.Select(c => c.Header)], http.RequestAborted);
            await foreach (var row in rows.WithCancellation(http.RequestAborted))
            {
                await csv.WriteRecordAsync([.. columns.Select(c => Text(c.Cell(row)))], http.RequestAborted);
                written();
            }
            await csv.FlushAsync(http.RequestAborted);
        }
    }
}
