using System.Collections.Concurrent;
using System.Collections.Immutable;
using Forge.Domain;
using NodaTime;

namespace Forge.Grains;

/// <summary>Time zones as data for Domain, built from the tz database: from 2015 to three years ahead.</summary>
public sealed class Zones(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, ZoneTimeline> _known = new(StringComparer.Ordinal);

    /// <summary>True when the id names a zone.</summary>
    public static bool Exists(string zoneId) => DateTimeZoneProviders.Tzdb.GetZoneOrNull(zoneId) is not null;

    /// <summary>The timeline of a zone; UTC when the id is unknown.</summary>
    public ZoneTimeline Of(string zoneId) => _known.GetOrAdd(zoneId, static (id, clock) => Build(id, clock), time);

    private static ZoneTimeline Build(string zoneId, TimeProvider time)
    {
        if (DateTimeZoneProviders.Tzdb.GetZoneOrNull(zoneId) is not { } zone) return ZoneTimeline.Utc;
        var from = Instant.FromUtc(2015, 1, 1, 0, 0);
        var to = Instant.FromDateTimeOffset(time.GetUtcNow().AddYears(3));
        var segments = zone.GetZoneIntervals(from, to)
            .Select(i => new ZoneSegment(i.HasStart && i.Start > from ? i.Start.ToDateTimeOffset() : from.ToDateTimeOffset(), i.WallOffset.Seconds))
            .ToImmutableArray();
        return new ZoneTimeline(zoneId, DateTimeZoneProviders.Tzdb.VersionId, segments);
    }
}
