using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Forge.Domain.Sla;

namespace Forge.Storage.Sla;

/// <summary>Between <see cref="SlaHour"/>, <see cref="SlaDay"/> and their rows.</summary>
internal static class SlaHourRows
{
    /// <summary>An hour that is the same as its row leaves it alone: writing twice after a crash is no revision.</summary>
    public const string Upsert = """
        INSERT INTO sla_hour (organization_id, hour, monitored, revision, pending, good, bad, unknown, excluded, total60, bad60, latency60, slow50, slow95, slow99, extra, detail, sketch)
        VALUES ($1, $2, $3, 1, TRUE, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        ON CONFLICT (organization_id, hour) DO UPDATE SET monitored = excluded.monitored, revision = sla_hour.revision + 1, pending = TRUE, good = excluded.good, bad = excluded.bad,
        unknown = excluded.unknown, excluded = excluded.excluded, total60 = excluded.total60, bad60 = excluded.bad60, latency60 = excluded.latency60, slow50 = excluded.slow50,
        slow95 = excluded.slow95, slow99 = excluded.slow99, extra = excluded.extra, detail = excluded.detail, sketch = excluded.sketch
        WHERE sla_hour.detail IS DISTINCT FROM excluded.detail OR sla_hour.sketch IS DISTINCT FROM excluded.sketch OR sla_hour.monitored <> excluded.monitored
        """;

    public const string UpsertDay = """
        INSERT INTO sla_day (organization_id, date, zone, good, bad, unknown, excluded, total60, bad60, latency60, slow50, slow95, slow99, extra, sketch)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        ON CONFLICT (organization_id, date) DO UPDATE SET zone = excluded.zone, good = excluded.good, bad = excluded.bad, unknown = excluded.unknown, excluded = excluded.excluded,
        total60 = excluded.total60, bad60 = excluded.bad60, latency60 = excluded.latency60, slow50 = excluded.slow50, slow95 = excluded.slow95, slow99 = excluded.slow99,
        extra = excluded.extra, sketch = excluded.sketch
        """;

    public static object?[] Values(SlaHour hour)
    {
        var sums = PeriodSums.Of(hour);
        return [hour.OrganizationId, hour.Hour, hour.Monitored, .. Sums(sums, Slots.PerHour), HourDetail.Pack(hour), Bytes(hour.Sketch)];
    }

    public static object?[] Values(SlaDay day) => [day.OrganizationId, DateKey(day.Date), day.Zone, .. Sums(day.Sums, day.Slots), Bytes(day.Sketch)];

    public static PeriodSums SumsOf(SlaSumsRow row) =>
        new PeriodSums(row.Good, row.Bad, row.Excluded, row.Total60, row.Bad60, row.Latency60, row.Slow50, row.Slow95, row.Slow99, default, default, default).WithExtra(row.Extra);

    public static SlaHour? HourOf(SlaHourRow row) =>
        row.Detail is null ? null : HourOf(row.OrganizationId, row.Hour, row.Detail, Array(row.Sketch), row.Monitored, row.Revision);

    public static SlaHour HourOf(string organizationId, long hour, byte[] detail, ImmutableArray<byte> sketch, bool monitored, int revision)
    {
        var (minutes, slots) = HourDetail.Unpack(detail);
        return new SlaHour(organizationId, hour, minutes, slots, sketch, monitored, revision);
    }

    public static ImmutableArray<byte> Array(byte[]? bytes) => bytes is null ? [] : ImmutableCollectionsMarshal.AsImmutableArray(bytes);

    public static int DateKey(DateOnly date) => (date.Year * 10_000) + (date.Month * 100) + date.Day;

    public static DateOnly Date(int key) => new(key / 10_000, key / 100 % 100, key % 100);

    private static object?[] Sums(in PeriodSums sums, int slots) =>
    [
        (int)sums.Good, (int)sums.Bad, slots - (int)(sums.Good + sums.Bad + sums.Excluded), (int)sums.Excluded,
        sums.Total60, sums.Bad60, sums.Latency60, sums.Slow50, sums.Slow95, sums.Slow99, sums.PackExtra(),
    ];

    private static byte[]? Bytes(ImmutableArray<byte> bytes) => bytes.IsDefaultOrEmpty ? null : ImmutableCollectionsMarshal.AsArray(bytes);
}
