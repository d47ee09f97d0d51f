using System.Globalization;

namespace Forge.Dashboard.Format;

/// <summary>Times of one IANA zone, the zone always named beside them.</summary>
public sealed class ZoneClock
{
    private readonly TimeZoneInfo _zone;

    private ZoneClock(TimeZoneInfo zone) => _zone = zone;

    /// <summary>UTC.</summary>
    public static ZoneClock Utc { get; } = new(TimeZoneInfo.Utc);

    /// <summary>Name of the zone as people write it: <c>UTC</c>, <c>Europe/Warsaw</c>.</summary>
    public string Name => _zone.Equals(TimeZoneInfo.Utc) ? "UTC" : _zone.Id;

    /// <summary>The clock of a zone; UTC when it is null or unknown to this browser.</summary>
    public static ZoneClock Of(string? id) => id is not null && TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone) ? new ZoneClock(zone) : Utc;

    /// <summary>The local date at an instant.</summary>
    public DateOnly Day(DateTimeOffset at) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(at, _zone).DateTime);

    /// <summary>The instant at which a local day begins (the first one, where midnight is skipped or repeated).</summary>
    public DateTimeOffset Start(DateOnly day)
    {
        var midnight = day.ToDateTime(TimeOnly.MinValue);
        while (_zone.IsInvalidTime(midnight)) midnight = midnight.AddMinutes(15);
        var offset = _zone.IsAmbiguousTime(midnight) ? _zone.GetAmbiguousTimeOffsets(midnight).Max() : _zone.GetUtcOffset(midnight);
        return new DateTimeOffset(midnight, offset).ToUniversalTime();
    }

    /// <summary><c>14:05</c>.</summary>
    public string Minute(DateTimeOffset at) => Write(at, "HH:mm");

    /// <summary><c>14:05:10</c>.</summary>
    public string Second(DateTimeOffset at) => Write(at, "HH:mm:ss");

    /// <summary><c>14 Mar 09:41 UTC</c>.</summary>
    public string Moment(DateTimeOffset at) => Write(at, "d MMM HH:mm") + " " + Name;

    /// <summary>With date, seconds and zone.</summary>
    public string Absolute(DateTimeOffset at) => Write(at, "yyyy-MM-dd HH:mm:ss") + " " + Name;

    private string Write(DateTimeOffset at, string format) => TimeZoneInfo.ConvertTime(at, _zone).ToString(format, CultureInfo.InvariantCulture);
}
