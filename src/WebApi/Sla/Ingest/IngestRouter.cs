using Forge.Domain.Sla;
using Microsoft.Extensions.Options;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>Hands a decoded request to its organizations and adds up their receipts.</summary>
internal sealed class IngestRouter(IIngestTarget target, OrganizationDirectory directory, IOptions<IngestOptions> options, TimeProvider time, ILogger<IngestRouter> log)
{
    private readonly TimeSpan _timeout = TimeSpan.FromMilliseconds(options.Value.GrainTimeoutMs);
    private readonly ParallelOptions _parallel = new() { MaxDegreeOfParallelism = options.Value.Parallelism };

    /// <summary>True when every organization answered and what it took is safe; then the batch's tally holds all receipts.</summary>
    public async Task<bool> Send(IngestBatch batch)
    {
        var parts = batch.Parts.Where(p => !p.IsEmpty).ToArray();
        if (parts.Length == 0) return true;
        try
        {
            await directory.Learn(parts.Select(p => p.OrganizationId)).WaitAsync(_timeout, time);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            log.LogWarning(e, "Telemetry refused: the list of organizations cannot be read");
            return false;
        }

        foreach (var part in parts)
            if (!directory.Contains(part.OrganizationId)) part.RefuseAll(batch.Tally, IngestReason.OrganizationUnknown);
        parts = [.. parts.Where(p => !p.IsEmpty)];
        var receipts = new IngestReceipt?[parts.Length];
        await ForEach(parts.Length, async i =>
        {
            var load = new TelemetryBatch(batch.Identity, parts[i].Samples.DrainToImmutable(), parts[i].Intervals.DrainToImmutable(), parts[i].Histograms.DrainToImmutable(), parts[i].Gauges.DrainToImmutable(), parts[i].Replica);
            receipts[i] = await target.Ingest(parts[i].OrganizationId, load).WaitAsync(_timeout, time);
        }, i => parts[i].OrganizationId);

        // All checkpoints were asked for above, so the waits overlap.
        var waiting = Enumerable.Range(0, parts.Length).Where(i => receipts[i] is { Durable: not 0 }).ToArray();
        var durable = await ForEach(waiting.Length, i => target.Durable(parts[waiting[i]].OrganizationId, receipts[waiting[i]]!.Durable).WaitAsync(_timeout, time), i => parts[waiting[i]].OrganizationId);

        var complete = durable;
        for (var i = 0; i < parts.Length; i++)
        {
            if (receipts[i] is { } receipt) batch.Tally.Add(parts[i].OrganizationId, receipt);
            else complete = false;
        }

        return complete;
    }

    // One that fails does not stop the others: what they take now, the retry finds done.
    private async Task<bool> ForEach(int count, Func<int, Task> action, Func<int, string> name)
    {
        var failed = 0;
        if (count == 1) await One(0);
        else if (count > 1) await Parallel.ForEachAsync(Enumerable.Range(0, count), _parallel, async (i, _) => await One(i));
        return failed == 0;

        async Task One(int i)
        {
            try
            {
                await action(i);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                if (Interlocked.Increment(ref failed) == 1) log.LogWarning(e, "Telemetry of {OrganizationId} was not taken; the sender is asked to repeat", name(i));
            }
        }
    }
}
