using System.Collections.Immutable;
using Forge.Domain.Sla;
using Microsoft.EntityFrameworkCore;

namespace Forge.Storage.Sla;

/// <summary>A checkpoint as it is stored.</summary>
/// <param name="Version">1 for the first, one more with each write.</param>
/// <param name="Epoch">Live epoch of the activation that wrote it.</param>
/// <param name="TakenAt">When the bytes were taken.</param>
/// <param name="Engine">Bytes of <c>SlaEngine.Checkpoint()</c>.</param>
public sealed record StoredCheckpoint(long Version, long Epoch, DateTimeOffset TakenAt, byte[] Engine);

/// <summary>A checkpoint to be written, with the sealed hours that belong to it: both are stored, or neither.</summary>
/// <param name="OrganizationId">Whose.</param>
/// <param name="ExpectedVersion">Version that the writer read or wrote last; 0 when there was none.</param>
/// <param name="Epoch">Live epoch of the writing activation.</param>
/// <param name="TakenAt">When the bytes were taken.</param>
/// <param name="Engine">Bytes of <c>SlaEngine.Checkpoint()</c>.</param>
/// <param name="Hours">Hours that were sealed, or changed after they were sealed.</param>
public sealed record CheckpointWrite(string OrganizationId, long ExpectedVersion, long Epoch, DateTimeOffset TakenAt, byte[] Engine, ImmutableArray<SlaHour> Hours);

/// <summary>A checkpoint ready to be written: its hours are packed.</summary>
public sealed class PreparedCheckpoint
{
    internal PreparedCheckpoint(CheckpointWrite write) => (Write, Hours) = (write, [.. write.Hours.Select(SlaHourRows.Values)]);

    internal CheckpointWrite Write { get; }

    internal ImmutableArray<object?[]> Hours { get; }
}

/// <summary>Checkpoints of SLA engines with their sealed hours: many organizations in one transaction, each guarded by its own version.</summary>
public sealed class CheckpointStore(ForgeDatabase database)
{
    // The row of somebody who expects version 0 is inserted only when there is none; a deleted row is made again with the version its writer counts on.
    private const string Upsert = """
        INSERT INTO sla_checkpoint (organization_id, version, epoch, taken_at, engine) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (organization_id) DO UPDATE SET version = excluded.version, epoch = excluded.epoch, taken_at = excluded.taken_at, engine = excluded.engine
        WHERE sla_checkpoint.version = excluded.version - 1
        """;

    /// <summary>The newest checkpoint of an organization, or null.</summary>
    public async Task<StoredCheckpoint?> FindAsync(string organizationId, CancellationToken ct)
    {
        await using var context = database.Open();
        return await context.SlaCheckpoints.Where(r => r.OrganizationId == organizationId)
            .Select(r => new StoredCheckpoint(r.Version, r.Epoch, r.TakenAt, r.Engine)).FirstOrDefaultAsync(ct);
    }

    /// <summary>Packs a checkpoint's hours. Throws <see cref="ArgumentException"/> on an hour that cannot be.</summary>
    public static PreparedCheckpoint Prepare(CheckpointWrite write) => new(write);

    /// <summary>
    /// Writes all of them in one transaction. False where another activation has written since: that one's checkpoint and hours are left as they are. The new version of the others is one more than expected.
    /// </summary>
    public async Task<bool[]> WriteAsync(IReadOnlyList<PreparedCheckpoint> writes, CancellationToken ct)
    {
        await using var batch = await RowBatch.BeginAsync(database, ct);
        var touched = await batch.RunAsync(Upsert, [.. writes.Select(p => p.Write).Select(w => new object?[] { w.OrganizationId, w.ExpectedVersion + 1, w.Epoch, batch.Time(w.TakenAt), w.Engine })], ct);
        await batch.RunAsync(SlaHourRows.Upsert, [.. writes.Where((_, i) => touched[i] > 0).SelectMany(p => p.Hours)], ct);
        await batch.CommitAsync(ct);
        return [.. touched.Select(n => n > 0)];
    }
}
