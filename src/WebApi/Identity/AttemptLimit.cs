using System.Collections.Concurrent;

namespace Forge.WebApi.Identity;

/// <summary>At most <paramref name="most"/> attempts per key within <paramref name="window"/>; a success clears its key.</summary>
public sealed class AttemptLimit(int most, TimeSpan window, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Queue<DateTimeOffset>> _attempts = new(StringComparer.Ordinal);

    /// <summary>Counts an attempt; null when it may go on, else how long to wait.</summary>
    public TimeSpan? Try(string key)
    {
        var now = time.GetUtcNow();
        if (_attempts.Count > 10_000) DropOld(now);
        var queue = _attempts.GetOrAdd(key, _ => new Queue<DateTimeOffset>());
        lock (queue)
        {
            while (queue.TryPeek(out var oldest) && now - oldest >= window) queue.Dequeue();
            if (queue.Count >= most) return queue.Peek() + window - now;
            queue.Enqueue(now);
            return null;
        }
    }

    /// <summary>Forgets the attempts of a key.</summary>
    public void Clear(string key) => _attempts.TryRemove(key, out _);

    private void DropOld(DateTimeOffset now)
    {
        foreach (var (key, queue) in _attempts)
            lock (queue)
                if (queue.Count == 0 || now - queue.Last() >= window) _attempts.TryRemove(key, out _);
    }
}

/// <summary>Limits of the ways in. Source: security.md 8.</summary>
public sealed class SignInLimits(TimeProvider time, WebApiOptions options)
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    /// <summary>5 a minute per account.</summary>
    public AttemptLimit Account { get; } = new(options.Limits.SignInPerAccountPerMinute, Minute, time);

    /// <summary>20 a minute per address.</summary>
    public AttemptLimit Address { get; } = new(options.Limits.SignInPerAddressPerMinute, Minute, time);

    /// <summary>5 tries of the setup link a minute, whoever tries.</summary>
    public AttemptLimit Setup { get; } = new(options.Limits.SetupTriesPerMinute, Minute, time);

    /// <summary>30 step-ups begun a minute per person; proofs count as sign-ins.</summary>
    public AttemptLimit StepUp { get; } = new(options.Limits.StepUpsPerMinute, Minute, time);

    /// <summary>10 looks at an invitation a minute per address.</summary>
    public AttemptLimit Invitation { get; } = new(options.Limits.SetupPerMinute, Minute, time);

    /// <summary>The address limits count by: IPv6 by its /64.</summary>
    public static string AddressOf(HttpContext http)
    {
        var address = http.Connection.RemoteIpAddress;
        if (address is null) return "none";
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        var bytes = address.GetAddressBytes();
        return Convert.ToHexStringLower(bytes.Length == 16 ? bytes.AsSpan(0, 8) : bytes);
    }
}
