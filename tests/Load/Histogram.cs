namespace Forge.Load;

/// <summary>Times counted in steps of a tenth of a millisecond up to a minute; thread-safe, without memory per value.</summary>
public sealed class Histogram
{
    private const int StepsPerMs = 10;
    private readonly int[] _steps = new int[60_000 * StepsPerMs];
    private long _count;

    /// <summary>Values so far.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Counts a value in milliseconds; below zero is zero.</summary>
    public void Add(double ms)
    {
        Interlocked.Increment(ref _steps[Math.Clamp((int)(ms * StepsPerMs), 0, _steps.Length - 1)]);
        Interlocked.Increment(ref _count);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_steps);
        Interlocked.Exchange(ref _count, 0);
    }

    /// <summary>The smallest step, in milliseconds, that at least the share (0..1) of all values does not exceed; 0 without values.</summary>
    public double At(double share)
    {
        var wanted = Math.Max(1, (long)Math.Ceiling(share * Count));
        long seen = 0;
        for (var i = 0; i < _steps.Length; i++)
            if ((seen += _steps[i]) >= wanted) return (i + 1) / (double)StepsPerMs;
        return 0;
    }

    /// <summary>One line: p50, p99 and max.</summary>
    public string Line() => FormattableString.Invariant($"p50 {At(0.5):F1} ms, p99 {At(0.99):F1} ms, max {At(1):F1} ms (n = {Count})");
}
