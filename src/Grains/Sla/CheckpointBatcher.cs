using System.Threading.Channels;
using Forge.Storage.Sla;

namespace Forge.Grains.Sla;

/// <summary>
/// One writer of checkpoints and sealed hours for all SLA grains of a silo: what arrives within <see cref="Gather"/>, or while the transaction before it runs, shares a transaction.
/// Each organization stays guarded by its own version.
/// </summary>
public sealed class CheckpointBatcher : IAsyncDisposable
{
    private const int LargestBatch = 256;
    // Not the single-reader kind: that one cannot be counted.
    private readonly Channel<Item> _queue = Channel.CreateUnbounded<Item>();
    private readonly CancellationTokenSource _stopping = new();
    private readonly CheckpointStore _store;
    private readonly Task _loop;
    private volatile TaskCompletionSource _hurry = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Starts the writer.</summary>
    public CheckpointBatcher(CheckpointStore store)
    {
        _store = store;
        _loop = Task.Run(RunAsync);
    }

    /// <summary>How long the first checkpoint waits for company. With the writer's own 250 ms a waiting sender stays below 500 ms.</summary>
    public TimeSpan Gather { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Completes when the checkpoint and its hours are durable; false when another activation has written since. Throws when the store refused, or the outcome is unknown: then the next write finds out.
    /// </summary>
    /// <param name="write">What to store.</param>
    /// <param name="urgent">A sender runs ahead of the stored checkpoint and will have to wait for it soon: the transaction begins at once.</param>
    /// <param name="cancellation">Ends the waiting, not the writing.</param>
    public Task<bool> WriteAsync(CheckpointWrite write, bool urgent, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var item = new Item(CheckpointStore.Prepare(write), new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously), cancellation);   // what cannot be packed fails here, alone
        if (!_queue.Writer.TryWrite(item)) throw new ObjectDisposedException(nameof(CheckpointBatcher));
        if (urgent) _hurry.TrySetResult();
        return item.Done.Task.WaitAsync(cancellation);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _stopping.CancelAsync();
        await _loop;
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        var batch = new List<Item>(LargestBatch);
        while (await _queue.Reader.WaitToReadAsync())
        {
            // Real time: waiting for company is no part of what grains know of time.
            if (Gather > TimeSpan.Zero && _queue.Reader.Count < LargestBatch) await _hurry.Task.WaitAsync(Gather, TimeProvider.System, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_hurry.Task.IsCompleted) _hurry = new(TaskCreationOptions.RunContinuationsAsynchronously);
            while (batch.Count < LargestBatch && _queue.Reader.TryRead(out var item))
                if (!item.Cancellation.IsCancellationRequested) batch.Add(item);   // its activation has stopped waiting: another one may have read already
            if (batch.Count == 0) continue;
            try
            {
                var written = await _store.WriteAsync([.. batch.Select(i => i.Write)], CancellationToken.None);
                for (var i = 0; i < batch.Count; i++) batch[i].Done.TrySetResult(written[i]);
            }
            catch (Exception error)
            {
                foreach (var item in batch) item.Done.TrySetException(error);
            }
            batch.Clear();
        }
    }

    private readonly record struct Item(PreparedCheckpoint Write, TaskCompletionSource<bool> Done, CancellationToken Cancellation);
}
