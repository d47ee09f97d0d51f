namespace Forge.Storage;

/// <summary>
/// One slot for everyone of this process who writes to the SQLite file: SQLite has one writer anyway, and waiting here is asynchronous and fair,
/// while waiting for its file lock blocks a pool thread and backs off blindly (a fifth of the throughput, fifty times the tail).
/// </summary>
public sealed class SqliteGate : IDisposable
{
    private readonly SemaphoreSlim _slot = new(1, 1);
    private int _waiting;

    /// <summary>Who waits for the slot now.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Waits for the slot; disposing the answer gives it back, once.</summary>
    public async ValueTask<IDisposable> EnterAsync(CancellationToken ct)
    {
        Interlocked.Increment(ref _waiting);
        try
        {
            await _slot.WaitAsync(ct);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
        return new Pass(_slot);
    }

    /// <summary>Waits for the slot on this thread.</summary>
    public IDisposable Enter()
    {
        Interlocked.Increment(ref _waiting);
        _slot.Wait();
        Interlocked.Decrement(ref _waiting);
        return new Pass(_slot);
    }

    /// <inheritdoc/>
    public void Dispose() => _slot.Dispose();

    private sealed class Pass(SemaphoreSlim slot) : IDisposable
    {
        private SemaphoreSlim? _slot = slot;

        public void Dispose() => Interlocked.Exchange(ref _slot, null)?.Release();
    }
}
