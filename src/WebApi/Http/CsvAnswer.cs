using System.Globalization;
using CsvHelper;

namespace Forge.WebApi.Http;

/// <summary>One column of a CSV file: its header and the cell of a row.</summary>
/// <param name="Header">First line.</param>
/// <param name="Cell">Text, integer, ratio, flag, instant or null.</param>
public sealed record CsvColumn<T>(string Header, Func<T, object?> Cell);

/// <summary>Streams rows as CSV: RFC 4180, header row, UTF-8, and no cell that a spreadsheet would run as a formula.</summary>
public static class CsvAnswer
{
    private static readonly CsvWriterOptions Format = new() { NewLine = "\r\n" };

    /// <summary>A file download of every row.</summary>
    public static IResult Of<T>(string fileName, IReadOnlyList<CsvColumn<T>> columns, IAsyncEnumerable<T> rows) => new CsvResult<T>(fileName, columns, rows);

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

    private sealed class CsvResult<T>(string fileName, IReadOnlyList<CsvColumn<T>> columns, IAsyncEnumerable<T> rows) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.ContentType = "text/csv; charset=utf-8; header=present";
            httpContext.Response.Headers.ContentDisposition = $"attachment; filename=\"{fileName}\"";
            await using var csv = CsvWriter.Create(httpContext.Response.Body, Format, leaveOpen: true);
            await csv.WriteRecordAsync([.. columns.Select(c => c.Header)], httpContext.RequestAborted);
            await foreach (var row in rows.WithCancellation(httpContext.RequestAborted))
                await csv.WriteRecordAsync([.. columns.Select(c => Text(c.Cell(row)))], httpContext.RequestAborted);
            await csv.FlushAsync(httpContext.RequestAborted);
        }
    }
}
