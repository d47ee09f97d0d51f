using System.Collections.Immutable;
using Forge.Domain.Sla;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Forge.Storage.Sla;

/// <summary>Stored hours and days of one organization.</summary>
public sealed class SlaHourReader(ForgeDatabase database)
{
    private const int KeptHours = 744;
    private const int DetailedHours = 26;   // the 1-day window begins inside its oldest hour, which has to be cut exactly

    private const string LastHours = """
        SELECT hour, good, bad, excluded, total60, bad60, latency60, slow50, slow95, slow99, extra, sketch, CASE WHEN hour >= $4 THEN detail END, monitored, revision
        FROM sla_hour WHERE organization_id = $1 AND hour >= $2 AND hour < $3 ORDER BY hour
        """;

    /// <summary>Hours <paramref name="first"/> to <paramref name="end"/> (exclusive; Unix time / 3,600 s) with their detail, in order; those whose detail was cleared are left out.</summary>
    public async Task<ImmutableArray<SlaHour>> HoursAsync(string organizationId, long first, long end, CancellationToken ct)
    {
        await using var context = database.Open();
        var rows = await context.SlaHours.AsNoTracking().Where(r => r.OrganizationId == organizationId && r.Hour >= first && r.Hour < end && r.Detail != null).OrderBy(r => r.Hour).ToListAsync(ct);
        return [.. rows.Select(r => SlaHourRows.HourOf(r)!)];
    }

    /// <summary>The same hours with their sums; with their detail where asked for and not cleared.</summary>
    public async Task<ImmutableArray<StoredHour>> StoredAsync(string organizationId, long first, long end, bool detail, CancellationToken ct)
    {
        await using var context = database.Open();
        var found = context.SlaHours.AsNoTracking().Where(r => r.OrganizationId == organizationId && r.Hour >= first && r.Hour < end).OrderBy(r => r.Hour);
        var rows = detail
            ? await found.ToListAsync(ct)
            : await found.Select(r => new SlaHourRow
            {
                OrganizationId = "", Hour = r.Hour, Good = r.Good, Bad = r.Bad, Excluded = r.Excluded, Total60 = r.Total60, Bad60 = r.Bad60, Latency60 = r.Latency60,
                Slow50 = r.Slow50, Slow95 = r.Slow95, Slow99 = r.Slow99, Extra = r.Extra, Sketch = r.Sketch,
            }).ToListAsync(ct);
        return [.. rows.Select(r => new StoredHour(r.Hour, SlaHourRows.SumsOf(r), SlaHourRows.Array(r.Sketch), detail ? SlaHourRows.HourOf(r) : null))];
    }

    /// <summary>
    /// What an activation needs beside its checkpoint: the last 744 hours with their sums, the newest 26 of them with their detail, in order. Read column by column, because at a start every
    /// organization asks for its month at once, and objects for 744 rows cost more than finding them.
    /// </summary>
    public async Task<ImmutableArray<StoredHour>> LastAsync(string organizationId, DateTimeOffset now, CancellationToken ct)
    {
        var current = now.ToUnixTimeSeconds() / 3_600;
        await using var context = database.Open();
        await context.Database.OpenConnectionAsync(ct);
        await using var command = context.Database.GetDbConnection().CreateCommand();
        command.CommandText = LastHours;
        foreach (object value in (object[])[organizationId, current - KeptHours, current + 1, current - DetailedHours])
        {
            var parameter = command.CreateParameter();
            if (parameter is SqliteParameter) parameter.ParameterName = FormattableString.Invariant($"${command.Parameters.Count + 1}");
            parameter.Value = value;
            command.Parameters.Add(parameter);
        }
        var found = ImmutableArray.CreateBuilder<StoredHour>();
        await using var row = await command.ExecuteReaderAsync(ct);
        while (await row.ReadAsync(ct))
        {
            var sums = new PeriodSums(row.GetInt32(1), row.GetInt32(2), row.GetInt32(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6), row.GetInt64(7), row.GetInt64(8), row.GetInt64(9), default, default, default)
                .WithExtra(row.GetFieldValue<byte[]>(10));
            var sketch = SlaHourRows.Array(row.IsDBNull(11) ? null : row.GetFieldValue<byte[]>(11));
            var detail = row.IsDBNull(12) ? null : SlaHourRows.HourOf(organizationId, row.GetInt64(0), row.GetFieldValue<byte[]>(12), sketch, row.GetBoolean(13), row.GetInt32(14));
            found.Add(new StoredHour(row.GetInt64(0), sums, sketch, detail));
        }
        return found.DrainToImmutable();
    }

    /// <summary>Days from <paramref name="first"/> to <paramref name="end"/> (exclusive) in this zone, in order; days counted in another zone are left out.</summary>
    public async Task<ImmutableArray<SlaDay>> DaysAsync(string organizationId, string zone, DateOnly first, DateOnly end, CancellationToken ct)
    {
        var (from, to) = (SlaHourRows.DateKey(first), SlaHourRows.DateKey(end));
        await using var context = database.Open();
        var rows = await context.SlaDays.AsNoTracking().Where(r => r.OrganizationId == organizationId && r.Zone == zone && r.Date >= from && r.Date < to).OrderBy(r => r.Date).ToListAsync(ct);
        return [.. rows.Select(r => new SlaDay(r.OrganizationId, SlaHourRows.Date(r.Date), r.Zone, r.Good + r.Bad + r.Unknown + r.Excluded, SlaHourRows.SumsOf(r), SlaHourRows.Array(r.Sketch)))];
    }
}
