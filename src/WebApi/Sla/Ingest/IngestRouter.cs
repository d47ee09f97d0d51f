using Forge.Domain.Sla;
using Microsoft.Extensions.Options;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>Hands a decoded request to its organizations and adds up their receipts.</summary>
internal sealed class IngestRouter(IIngestTarget target, OrganizationDirectory directory, IOptions<IngestOptions> options, TimeProvider time, ILogger<IngestRouter> log)
{
    private readonly TimeSpan _timeout = TimeSpan.FromMilliseconds(options.Value.GrainTimeoutMs);
    private readonly int _parallelism = options.Value.Parallelism;

    /// <summary>True when every organization answered and what it took is safe; then the batch's tally holds all receipts.</summary>
    public async Task<bool> Send(IngestBatch batch)
    {
        var parts = Filled(batch.Parts);
        if (parts.Length == 0) return true;
        try
        {
            // Nearly always they are known.
            if (!KnowsAll(parts)) await directory.Learn(parts.Select(p => p.OrganizationId)).WaitAsync(_timeout, time);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            log.LogWarning(e, "Telemetry refused: the list of organizations cannot be read");
            return false;
        }

        if (!KnowsAll(parts))
        {
            foreach (var part in parts)
                if (!directory.Contains(part.OrganizationId)) part.RefuseAll(batch.Tally, IngestReason.OrganizationUnknown);
            parts = Filled(parts);
        }

        var receipts = new IngestReceipt?[parts.Length];
        var complete = await Ingest(parts, batch.Identity, receipts);
        // All checkpoints were asked for above, so the waits overlap.
        complete &= await Durable(parts, receipts);
        for (var i = 0; i < parts.Length; i++)
            if (receipts[i] is { } receipt) batch.Tally.Add(parts[i].OrganizationId, receipt);
        return complete;
    }

    private static OrganizationPart[] Filled(IReadOnlyList<OrganizationPart> parts)
    {
        var filled = new OrganizationPart[parts.Count];
        var count = 0;
        for (var i = 0; i < parts.Count; i++)
            if (!parts[i].IsEmpty) filled[count++] = parts[i];
        return count == filled.Length ? filled : filled[..count];
    }

    private bool KnowsAll(OrganizationPart[] parts)
    {
        foreach (var part in parts)
            if (!directory.Contains(part.OrganizationId)) return false;
        return true;
    }

    // A window of calls moves over the parts; only a call that is still running when its turn comes needs a timer.
    private async Task<bool> Ingest(OrganizationPart[] parts, ulong identity, IngestReceipt?[] receipts)
    {
        var window = new (Task<IngestReceipt> Call, long StartedAt)[Math.Min(_parallelism, parts.Length)];
        var complete = true;
        for (var i = 0; i < parts.Length + window.Length; i++)
        {
            ref var slot = ref window[i % window.Length];
            var (call, startedAt) = slot;
            if (i < parts.Length && i < window.Length) slot = (Call(parts[i], identity), time.GetTimestamp());
            if (i < window.Length) continue;
            var done = i - window.Length;
            try
            {
                receipts[done] = call.IsCompletedSuccessfully ? call.Result : await call.WaitAsync(Left(startedAt), time);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                Failed(e, parts[done], ref complete);
            }

            if (i < parts.Length) window[i % window.Length] = (Call(parts[i], identity), time.GetTimestamp());
        }

        return complete;
    }

    private async Task<bool> Durable(OrganizationPart[] parts, IngestReceipt?[] receipts)
    {
        List<(Task Call, int Part)>? waiting = null;
        for (var i = 0; i < parts.Length; i++)
            if (receipts[i] is { Durable: not 0 and var ticket }) (waiting ??= []).Add((Wait(parts[i].OrganizationId, ticket), i));
        if (waiting is null) return true;
        var (complete, started) = (true, time.GetTimestamp());
        foreach (var (call, part) in waiting)
        {
            try
            {
                if (!call.IsCompletedSuccessfully) await call.WaitAsync(Left(started), time);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                Failed(e, parts[part], ref complete);
            }
        }

        return complete;
    }

    private Task<IngestReceipt> Call(OrganizationPart part, ulong identity)
    {
        try
        {
            return target.Ingest(part.OrganizationId, part.Take(identity));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return Task.FromException<IngestReceipt>(e);
        }
    }

    private Task Wait(string organizationId, long ticket)
    {
        try
        {
            return target.Durable(organizationId, ticket);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return Task.FromException(e);
        }
    }

    private TimeSpan Left(long startedAt)
    {
        var left = _timeout - time.GetElapsedTime(startedAt);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    // One that fails does not stop the others: what they take now, the retry finds done.
    private void Failed(Exception e, OrganizationPart part, ref bool complete)
    {
        if (complete) log.LogWarning(e, "Telemetry of {OrganizationId} was not taken; the sender is asked to repeat", part.OrganizationId);
        complete = false;
    }
}
