using Forge.Domain;
using Forge.Domain.Organizations;
using Forge.Grains.Audit;
using Forge.Grains.Interfaces;
using Forge.Grains.Interfaces.Organizations;
using Forge.Grains.Interfaces.Sla;
using Forge.Storage;
using Microsoft.Extensions.Logging;

namespace Forge.Grains;

/// <summary>Delivers outbox messages to grains; external targets join with the response capability.</summary>
public sealed partial class OutboxGrain(OutboxStore store, SiloActors actors, TimeProvider time, ILogger<OutboxGrain> log) : Grain, IOutboxGrain
{
    private const string Kind = "grain";
    private const int BatchSize = 64;
    private const string Contracts = "contracts";

    private Task<int>? _running;
    private bool _again;

    /// <inheritdoc/>
    public Task<int> Sweep()
    {
        // Calls interleave: whoever comes while a sweep runs asks for one more round and shares its end.
        if (_running is { IsCompleted: false })
        {
            _again = true;
            return _running;
        }
        return _running = DeliverAll();
    }

    /// <inheritdoc/>
    public Task Nudge()
    {
        Sweep().Ignore();
        return Task.CompletedTask;
    }

    private async Task<int> DeliverAll()
    {
        var delivered = 0;
        do
        {
            _again = false;
            while (await store.TakeAsync(Kind, BatchSize, default) is { IsEmpty: false } due)
                delivered += (await Task.WhenAll(due.Select(Deliver))).Count(done => done);
        }
        while (_again);
        return delivered;
    }

    private async Task<bool> Deliver(OutboxMessage message)
    {
        try
        {
            actors.ActAs("outbox");   // not as whoever nudged: their part ended with their commit
            await (message.Type switch
            {
                OutboxMessages.SlaProfile => GrainFactory.GetGrain<ISlaGrain>(message.TargetId).ProfileChanged(),
                OutboxMessages.ContractSigned => ContractSigned(message),
                _ => throw new NotSupportedException($"No delivery for message type {message.Type}."),
            });
            await store.DeliveredAsync(message, default);
            return true;
        }
        catch (Exception error)
        {
            LogFailed(log, message.Id, message.Type, error);
            if (OutboxRetry.NextAttempt(message.Attempts, message.CreatedAt, time.GetUtcNow(), Random.Shared.NextDouble()) is { } next) await store.FailedAsync(message, error.Message, next, default);
            else await store.DeadAsync(message, error.Message, default);
            return false;
        }
    }

    private async Task ContractSigned(OutboxMessage message)
    {
        actors.ActAs(Contracts);
        var edit = new EditOrganization(null, null, null, null, null, true, null);
        var outcome = await GrainFactory.GetGrain<IOrganizationGrain>(message.TargetId)
            .Edit(edit, new CommandContext("outbox-" + message.Id, "-", "system:" + Contracts, message.Id, null));
        if (!outcome.Succeeded) throw new InvalidOperationException(outcome.Refusal!.Code);
        await GrainFactory.GetGrain<ISlaGrain>(message.TargetId).ProfileChanged();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Outbox message {Id} of type {Type} was not delivered; it is tried again.")]
    private static partial void LogFailed(ILogger logger, string id, string type, Exception error);
}
