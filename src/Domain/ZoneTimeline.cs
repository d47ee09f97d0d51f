using System.Collections.Immutable;

namespace Forge.Domain;

/// <summary>One stretch of constant offset: from <paramref name="FromUtc"/> on, local = UTC + <paramref name="OffsetSeconds"/>.</summary>
[GenerateSerializer, Immutable, Alias("forge.ZoneSegment")]
public sealed record ZoneSegment(DateTimeOffset FromUtc, int OffsetSeconds);

/// <summary>
/// A time zone as data, built outside Domain from the tz database (2015 to three years ahead): Domain itself knows no zone.
/// Segments are sorted; the first one covers everything before it too.
/// </summary>
[GenerateSerializer, Immutable, Alias("forge.ZoneTimeline")]
public sealed record ZoneTimeline(string ZoneId, string TzdbVersion, ImmutableArray<ZoneSegment> Segments)
{
    /// <summary>UTC: one segment without offset.</summary>
    public static ZoneTimeline Utc { get; } = new("UTC", "none", [new ZoneSegment(DateTimeOffset.UnixEpoch, 0)]);

    /// <summary>Offset of the zone at an instant, in seconds.</summary>
    public int OffsetAt(DateTimeOffset instant)
    {
        var (low, high) = (0, Segments.Length - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (Segments[middle].FromUtc <= instant) low = middle;
            else high = middle - 1;
        }
        return Segments[low].OffsetSeconds;
    }

    /// <summary>Local date and time at an instant (unspecified kind).</summary>
    public DateTime LocalAt(DateTimeOffset instant) => instant.UtcDateTime.AddSeconds(OffsetAt(instant));

    /// <summary>
    /// First instant whose local wall time is at or after midnight of <paramref name="date"/>: a midnight skipped in spring starts the day at the jump.
    /// </summary>
    public DateTimeOffset StartOfDay(DateOnly date)
    {
        var local = date.ToDateTime(TimeOnly.MinValue);
        DateTimeOffset? best = null;
        for (var i = 0; i < Segments.Length; i++)
        {
            var from = i == 0 ? DateTimeOffset.MinValue : Segments[i].FromUtc;
            var until = i == Segments.Length - 1 ? DateTimeOffset.MaxValue : Segments[i + 1].FromUtc;
            var candidate = new DateTimeOffset(DateTime.SpecifyKind(local.AddSeconds(-Segments[i].OffsetSeconds), DateTimeKind.Utc));
            if (candidate < from) candidate = from;
            if (candidate >= until) continue;
            if (best is null || candidate < best) best = candidate;
        }
        return best ?? new DateTimeOffset(DateTime.SpecifyKind(local, DateTimeKind.Utc));
    }

    /// <summary>The calendar month of the zone that contains an instant, half-open, with its first local date.</summary>
    public (DateOnly FirstDay, DateTimeOffset From, DateTimeOffset To) MonthAt(DateTimeOffset instant)
    {
        var local = LocalAt(instant);
        var first = new DateOnly(local.Year, local.Month, 1);
        return (first, StartOfDay(first), StartOfDay(first.AddMonths(1)));
    }

    /// <summary>The local day that contains an instant, half-open: 23 to 25 h where clocks change.</summary>
    public (DateTimeOffset From, DateTimeOffset To) DayAt(DateTimeOffset instant)
    {
        var date = DateAt(instant);
        return (StartOfDay(date), StartOfDay(date.AddDays(1)));
    }

    /// <summary>The local date at an instant.</summary>
    public DateOnly DateAt(DateTimeOffset instant) => DateOnly.FromDateTime(LocalAt(instant));
}
