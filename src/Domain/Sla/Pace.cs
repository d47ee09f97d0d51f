namespace Forge.Domain.Sla;

/// <summary>
/// How often figures are shown and alert rules judged while data arrives: every second, and every 10 s while a sender catches up, whose figures are those of the past anyway.
/// What concerns a violation is shown at once in either case.
/// </summary>
public static class Pace
{
    private static readonly TimeSpan Live = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CatchingUp = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Behind = TimeSpan.FromMinutes(15);   // later than any silence is noticed

    private static readonly long Step = TimeSpan.FromMilliseconds(100).Ticks;

    /// <summary>The next tenth of a second: timers of many organizations that fall together wake the process once. For what nobody waits for.</summary>
    public static DateTimeOffset OnStep(DateTimeOffset at) => new((at.UtcTicks + Step - 1) / Step * Step, TimeSpan.Zero);

    /// <summary>The tenth of a second before it, for what must not be late.</summary>
    public static DateTimeOffset BeforeStep(DateTimeOffset at) => new(at.UtcTicks / Step * Step, TimeSpan.Zero);

    /// <summary>Least time between two tiles, and between two rounds of the alert rules: 10 s when the newest data is more than 15 min old, else 1 s.</summary>
    public static TimeSpan Of(DateTimeOffset? dataAt, DateTimeOffset now) => now - dataAt > Behind ? CatchingUp : Live;
}
