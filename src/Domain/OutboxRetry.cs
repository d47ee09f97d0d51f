namespace Forge.Domain;

/// <summary>When an outbox message is tried again. Source: incidents.md 10.</summary>
public static class OutboxRetry
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromHours(24);

    /// <summary>
    /// Next attempt after <paramref name="attempts"/> failed ones: 5 s doubling to 1 h, spread by ±20 %; null = given up, 24 h after the message was made.
    /// </summary>
    /// <param name="attempts">Failed attempts so far, from 1.</param>
    /// <param name="createdAt">When the message was committed.</param>
    /// <param name="now">Instant of the failure.</param>
    /// <param name="spread">Uniform in 0..1, drawn by the caller.</param>
    public static DateTimeOffset? NextAttempt(int attempts, DateTimeOffset createdAt, DateTimeOffset now, double spread)
    {
        var seconds = Math.Min(Longest.TotalSeconds, First.TotalSeconds * Math.Pow(2, Math.Min(attempts - 1, 20)));
        var next = now + TimeSpan.FromSeconds(seconds * (0.8 + 0.4 * spread));
        return next > createdAt + GiveUpAfter ? null : next;
    }
}
