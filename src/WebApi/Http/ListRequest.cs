using System.Buffers.Text;
using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using System.Text;
using Forge.Domain;

namespace Forge.WebApi.Http;

/// <summary>What every list takes: limit 1..200 (50), an opaque cursor, one sort field, <c>format=csv</c>, and filters by name.</summary>
public sealed class ListRequest : IRefusable
{
    /// <summary>Rows asked for at once when a CSV file is streamed.</summary>
    public const int CsvPage = 200;

    private readonly IQueryCollection _query;
    private readonly ImmutableArray<FieldError>.Builder _errors = ImmutableArray.CreateBuilder<FieldError>();

    private ListRequest(IQueryCollection query)
    {
        _query = query;
        Take = Number("limit") ?? 50;
        if (Take is < 1 or > 200) _errors.Add(new("limit", "out_of_range"));
        Skip = DecodeCursor(Text("cursor"));
        var sort = Text("sort");
        Descending = sort?.StartsWith('-') == true;
        Sort = sort?.TrimStart('-');
        Csv = Text("format") is { } format && (format == "csv" || Wrong("format"));
    }

    /// <summary>Rows of a page.</summary>
    public int Take { get; }

    /// <summary>Rows before the page.</summary>
    public int Skip { get; }

    /// <summary>Sort field without its sign, or null for the list's own order.</summary>
    public string? Sort { get; private set; }

    /// <summary>True for <c>sort=-field</c>.</summary>
    public bool Descending { get; private set; }

    /// <summary>True for <c>format=csv</c>.</summary>
    public bool Csv { get; }

    /// <inheritdoc />
    IResult? IRefusable.Refused => Refused;

    /// <summary>The answer when a value was wrong; asked after the filters were read.</summary>
    public IResult? Refused => _errors.Count == 0 ? null : Problems.Of(Refusal.Validation(_errors.ToImmutable()));

    /// <summary>Reads the common parameters.</summary>
    public static ValueTask<ListRequest?> BindAsync(HttpContext http, ParameterInfo parameter) => ValueTask.FromResult<ListRequest?>(new ListRequest(http.Request.Query));

    /// <summary>The sort field, which must be one of these; the first is the default, descending when it starts with a minus.</summary>
    public string SortBy(string fallback, params ReadOnlySpan<string> fields)
    {
        if (Sort is null)
        {
            Descending = fallback.StartsWith('-');
            Sort = fallback.TrimStart('-');
        }
        else if (!fields.Contains(Sort))
        {
            _errors.Add(new("sort", "unknown"));
        }
        return Sort;
    }

    /// <summary>A text filter, at most 200 characters; null when absent or blank.</summary>
    public string? Text(string name)
    {
        var text = _query[name].ToString().Trim();
        if (text.Length > 200) _errors.Add(new(name, "too_long"));
        return text.Length == 0 ? null : text;
    }

    /// <summary>An enum filter by name; null when absent.</summary>
    public T? One<T>(string name)
        where T : struct, Enum => Many<T>(name) is [var first, ..] ? first : null;

    /// <summary>A repeated enum filter.</summary>
    public ImmutableArray<T> Many<T>(string name)
        where T : struct, Enum
    {
        var values = ImmutableArray.CreateBuilder<T>();
        foreach (var text in _query[name])
        {
            if (string.IsNullOrEmpty(text)) continue;
            if (!char.IsAsciiLetter(text[0]) || !Enum.TryParse<T>(text, ignoreCase: true, out var value) || !Enum.IsDefined(value)) _errors.Add(new(name, "unknown"));
            else values.Add(value);
        }
        return values.ToImmutable();
    }

    /// <summary>A flag filter, <c>true</c> or <c>false</c>; null when absent.</summary>
    public bool? Flag(string name) => Text(name) switch { null => null, "true" => true, "false" => false, _ => Wrong(name) };

    /// <summary>An instant, RFC 3339; null when absent.</summary>
    public DateTimeOffset? Instant(string name)
    {
        if (Text(name) is not { } text) return null;
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at)) return at;
        _errors.Add(new(name, "time_format"));
        return null;
    }

    /// <summary>Adds an error of a rule the list itself knows.</summary>
    public void Refuse(string field, string code) => _errors.Add(new(field, code));

    /// <summary>The page that these rows of so many make.</summary>
    public Page<T> Page<T>(ImmutableArray<T> items, int total) =>
        new(items, Skip + items.Length < total && items.Length > 0 ? EncodeCursor(Skip + items.Length) : null, total);

    /// <summary>Every row of a filter, read page by page.</summary>
    public static async IAsyncEnumerable<T> AllAsync<T>(Func<int, int, Task<ImmutableArray<T>>> page)
    {
        for (var skip = 0; ; skip += CsvPage)
        {
            var items = await page(skip, CsvPage);
            foreach (var item in items) yield return item;
            if (items.Length < CsvPage) yield break;
        }
    }

    private static string EncodeCursor(int skip) => Base64Url.EncodeToString(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"o{skip}")));

    private int DecodeCursor(string? cursor)
    {
        if (cursor is null) return 0;
        try
        {
            var text = Encoding.ASCII.GetString(Base64Url.DecodeFromChars(cursor));
            if (text.StartsWith('o') && int.TryParse(text.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var skip)) return skip;
        }
        catch (FormatException)
        {
            // falls through: not one of ours
        }
        _errors.Add(new("cursor", "unknown"));
        return 0;
    }

    private int? Number(string name)
    {
        if (Text(name) is not { } text) return null;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)) return number;
        _errors.Add(new(name, "not_a_number"));
        return null;
    }

    private bool Wrong(string name)
    {
        _errors.Add(new(name, "unknown"));
        return false;
    }
}
