using System.Globalization;
using Forge.Domain.Contracts;

namespace Forge.Dashboard.Contracts;

/// <summary>What a person wants to do with a contract.</summary>
public enum ContractAction
{
    /// <summary>Make a new draft.</summary>
    Draft,

    /// <summary>Change a draft.</summary>
    Edit,

    /// <summary>Sign a draft.</summary>
    Sign,

    /// <summary>Give a signed contract new terms.</summary>
    Amend,
}

/// <summary>The terms as a person types them: percents and milliseconds as text; empty means not promised. Rules stay on the server.</summary>
public sealed class ContractForm
{
    /// <summary>Annual value in the currency's units, with at most two places; empty means none was agreed.</summary>
    public string AnnualValue { get; set; } = "";

    /// <summary>ISO 4217.</summary>
    public string Currency { get; set; } = "USD";

    /// <summary>Uptime in percent.</summary>
    public string Uptime { get; set; } = "99.95";

    /// <summary>Median in milliseconds.</summary>
    public string P50 { get; set; } = "";

    /// <summary>95th percentile in milliseconds.</summary>
    public string P95 { get; set; } = "";

    /// <summary>99th percentile in milliseconds.</summary>
    public string P99 { get; set; } = "100";

    /// <summary>Allowed errors in percent.</summary>
    public string Errors { get; set; } = "1";

    /// <summary>First response to critical tickets in minutes.</summary>
    public int SupportMinutes { get; set; } = 60;

    /// <summary>Meaning of time without data.</summary>
    public UnknownPolicy Unknown { get; set; }

    /// <summary>Fills the form from terms.</summary>
    public static ContractForm Of(SlaTerms terms) => new()
    {
        Uptime = Percent(terms.Uptime.TargetPpm),
        P50 = Whole(terms.Latency.P50Ms),
        P95 = Whole(terms.Latency.P95Ms),
        P99 = Whole(terms.Latency.P99Ms),
        Errors = terms.ErrorRateTargetPpm is { } e ? Percent(e) : "",
        SupportMinutes = terms.SupportResponseMinutes,
        Unknown = terms.UnknownPolicy,
    };

    /// <summary>The terms that were typed, on top of <paramref name="basis"/> for everything the form does not show; null with the field that cannot be read.</summary>
    public (SlaTerms? Terms, string? WrongField) Read(SlaTerms basis)
    {
        if (Ppm(Uptime) is not { } uptime) return (null, "slaTerms.uptime.targetPpm");
        if (!TryWhole(P50, out var p50)) return (null, "slaTerms.latency.p50Ms");
        if (!TryWhole(P95, out var p95)) return (null, "slaTerms.latency.p95Ms");
        if (!TryWhole(P99, out var p99)) return (null, "slaTerms.latency.p99Ms");
        var errors = string.IsNullOrWhiteSpace(Errors) ? null : Ppm(Errors);
        if (errors is null && !string.IsNullOrWhiteSpace(Errors)) return (null, "slaTerms.errorRateTargetPpm");
        return (basis with
        {
            Uptime = basis.Uptime with { TargetPpm = uptime },
            Latency = new LatencyTerms(p50, p95, p99),
            ErrorRateTargetPpm = errors,
            SupportResponseMinutes = SupportMinutes,
            UnknownPolicy = Unknown,
        }, null);
    }

    /// <summary>The money of a contract, as it is typed.</summary>
    public ContractForm WithMoney(long? annualValueCents, string currency)
    {
        AnnualValue = annualValueCents is { } cents ? (cents / 100m).ToString("0.##", CultureInfo.InvariantCulture) : "";
        Currency = currency;
        return this;
    }

    /// <summary>The annual value in cents; false when the text is no amount. Spaces group digits; the last comma or point with one or two digits behind it begins the cents, others group.</summary>
    public bool TryAnnualValue(out long? cents)
    {
        cents = null;
        var text = string.Concat(AnnualValue.Where(c => !char.IsWhiteSpace(c)));
        if (text.Length == 0) return true;
        var mark = text.LastIndexOfAny([',', '.']);
        var hasCents = mark >= 0 && text.Length - mark - 1 is 1 or 2;
        var whole = (hasCents ? text[..mark] : text).Replace(",", "", StringComparison.Ordinal).Replace(".", "", StringComparison.Ordinal);
        if (!decimal.TryParse(hasCents ? whole + "." + text[(mark + 1)..] : whole, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount) || amount > 999_999_999_999m) return false;
        cents = (long)(amount * 100m);
        return true;
    }

    private static string Percent(int ppm) => (ppm / 10_000m).ToString("0.####", CultureInfo.InvariantCulture);

    private static string Whole(int? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "";

    /// <summary>Percent text as ppm; comma and point both work; null when it is no number or finer than one ppm.</summary>
    private static int? Ppm(string text)
    {
        if (!decimal.TryParse(text.Trim().TrimEnd('%').Trim().Replace(',', '.'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent) || percent > 100) return null;
        var ppm = percent * 10_000m;
        return ppm == decimal.Truncate(ppm) ? (int)ppm : null;
    }

    private static bool TryWhole(string text, out int? value)
    {
        value = null;
        if (string.IsNullOrWhiteSpace(text)) return true;
        if (!int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var whole)) return false;
        value = whole;
        return true;
    }
}
