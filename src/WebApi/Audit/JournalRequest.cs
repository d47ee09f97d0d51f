using System.Globalization;
using System.Reflection;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.WebApi.Http;

namespace Forge.WebApi.Audit;

/// <summary>What a search of the journal takes: filters, <c>limit</c> 1..200 (50), and the cursor of the page before, which is a place in the journal and not a count of rows.</summary>
public sealed class JournalRequest : IRefusable
{
    /// <summary>Names of the parameters.</summary>
    public static readonly string[] Names = ["chain", "actor", "action", "subject", "from", "to", "limit", "cursor"];

    private readonly IQueryCollection _query;
    private readonly List<FieldError> _errors = [];

    private JournalRequest(IQueryCollection query)
    {
        _query = query;
        var chain = Text("chain", 64);
        if (chain is not null && !IsChain(chain)) _errors.Add(new("chain", "organization_format"));
        Filter = new JournalFilter(chain, Text("actor", 128), Text("action", 64), Text("subject", 128), Instant("from"), Instant("to"));
        if (Filter is { From: { } from, To: { } to } && to <= from) _errors.Add(new("to", "out_of_range"));
        if (Text("limit", 10) is { } limit) Take = int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var take) && take is >= 1 and <= 200 ? take : Wrong("limit", "out_of_range", 0);
        if (Text("cursor", 200) is { } cursor) After = JournalCursor.Parse(cursor) ?? Wrong<JournalCursor?>("cursor", "unknown", null);
    }

    /// <summary>Which entries.</summary>
    public JournalFilter Filter { get; }

    /// <summary>Entries of a page.</summary>
    public int Take { get; } = 50;

    /// <summary>Where the page before ended, or null.</summary>
    public JournalCursor? After { get; }

    /// <inheritdoc />
    IResult? IRefusable.Refused => _errors.Count == 0 ? null : Problems.Of(Refusal.Validation([.. _errors]));

    /// <summary>Reads the parameters.</summary>
    public static ValueTask<JournalRequest?> BindAsync(HttpContext http, ParameterInfo parameter) => ValueTask.FromResult<JournalRequest?>(new JournalRequest(http.Request.Query));

    /// <summary>True for what can name a chain.</summary>
    internal static bool IsChain(string chain) => chain == OrganizationId.PlatformChain || OrganizationId.IsValid(chain);

    private string? Text(string name, int most)
    {
        var values = _query[name];
        var text = values.ToString().Trim();
        if (values.Count > 1) _errors.Add(new(name, "repeated"));
        else if (text.Length > most) _errors.Add(new(name, "too_long"));
        return text.Length == 0 ? null : text;
    }

    private DateTimeOffset? Instant(string name) =>
        Text(name, 40) is not { } text ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at) ? at
        : Wrong<DateTimeOffset?>(name, "time_format", null);

    private T Wrong<T>(string name, string code, T instead)
    {
        _errors.Add(new(name, code));
        return instead;
    }
}
