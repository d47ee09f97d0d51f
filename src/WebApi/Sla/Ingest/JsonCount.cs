using System.Text.Json;
using Forge.Domain.Sla;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>Reads a count from JSON: a whole number of 0 to 2^53.</summary>
internal static class JsonCount
{
    private const long Max = 9_007_199_254_740_992;

    /// <summary>Answers the reason of refusal or null.</summary>
    public static string? Read(JsonElement element, out long? count)
    {
        count = null;
        if (element.ValueKind != JsonValueKind.Number) return IngestReason.NotANumber;
        if (!element.TryGetInt64(out var value))
        {
            // 12.0 is a whole number too: some senders know only floating point.
            if (!element.TryGetDecimal(out var exact)) return IngestReason.NotANumber;
            if (exact < 0) return IngestReason.NegativeValue;
            if (exact > Max || !decimal.IsInteger(exact)) return IngestReason.NotANumber;
            value = (long)exact;
        }

        if (value < 0) return IngestReason.NegativeValue;
        if (value > Max) return IngestReason.NotANumber;
        count = value;
        return null;
    }
}
