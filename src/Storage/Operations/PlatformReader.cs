using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Operations;
using Microsoft.EntityFrameworkCore;

namespace Forge.Storage.Operations;

/// <summary>The store about itself: what waits, what was missed, how old the newest checkpoint is.</summary>
public sealed class PlatformReader(ForgeDatabase database)
{
    /// <summary>Readings at an instant.</summary>
    public async Task<ImmutableArray<FigureReading>> ReadAsync(DateTimeOffset now, CancellationToken ct)
    {
        await using var context = database.Open();
        var waiting = context.Outbox.Where(m => m.State == OutboxState.Pending || m.State == OutboxState.Sending);
        var pending = await waiting.CountAsync(ct);
        var oldest = await waiting.OrderBy(m => m.Position).Select(m => (DateTimeOffset?)m.CreatedAt).FirstOrDefaultAsync(ct);
        var dead = await context.Outbox.CountAsync(m => m.State == OutboxState.Dead, ct);
        var missed = now - PlatformBounds.DeadlineGrace;
        var overdue = await context.Deadlines.CountAsync(d => d.DueAt <= missed, ct);
        var checkpoint = await context.SlaCheckpoints.OrderByDescending(c => c.TakenAt).Select(c => (DateTimeOffset?)c.TakenAt).FirstOrDefaultAsync(ct);
        var head = await context.JournalHeads.Where(h => h.Chain == OrganizationId.PlatformChain).Select(h => (long?)h.Seq).FirstOrDefaultAsync(ct);
        return
        [
            Of(PlatformFigure.WriteP50, database.Figures.QuantileMs(500_000)), Of(PlatformFigure.WriteP99, database.Figures.QuantileMs(990_000)), Of(PlatformFigure.WriteQueue, database.Figures.Waiting()),
            Of(PlatformFigure.OutboxPending, pending), Of(PlatformFigure.OutboxAge, (now - oldest)?.TotalSeconds), Of(PlatformFigure.OutboxDead, dead),
            Of(PlatformFigure.DeadlinesOverdue, overdue), Of(PlatformFigure.CheckpointAge, (now - checkpoint)?.TotalSeconds), Of(PlatformFigure.JournalHead, head ?? 0),
        ];

        FigureReading Of(PlatformFigure figure, double? value) => new(figure, value, now);
    }
}
