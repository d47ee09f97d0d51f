namespace Forge.Domain.Sla;

/// <summary>How bad a violation is: the highest row of the table that applies. Source: sla.md 6.</summary>
public static class ImpactRules
{
    /// <summary>Bad time from which a violation is MAJOR, inclusive: 5 min.</summary>
    public const int MajorSeconds = 300;

    /// <summary>Bad time above which a violation is CRITICAL: 30 min.</summary>
    public const int CriticalSeconds = 1_800;

    /// <summary>Bad time from which magnitude counts.</summary>
    public const int MagnitudeSeconds = 60;

    /// <summary>Judges an episode against its target (ppm or ms); <paramref name="exhaustsBudget"/>: without it the month's budget would not be exhausted.</summary>
    public static (ImpactLevel Impact, string Reason) Judge(Episode episode, long target, bool exhaustsBudget)
    {
        if (episode.BadSeconds > CriticalSeconds) return (ImpactLevel.CRITICAL, "bad for more than 30 min");
        if (exhaustsBudget && episode.BadSeconds >= MagnitudeSeconds) return (ImpactLevel.CRITICAL, "exhausts the month's error budget");
        var magnitude = episode.BadSeconds >= MagnitudeSeconds ? Magnitude(episode, target) : (ImpactLevel.MINOR, "");
        if (magnitude.Item1 == ImpactLevel.CRITICAL) return magnitude;
        if (episode.BadSeconds >= MajorSeconds) return (ImpactLevel.MAJOR, "bad for 5 min or more");
        return magnitude.Item1 == ImpactLevel.MAJOR ? magnitude : (ImpactLevel.MINOR, "bad for less than 5 min");
    }

    private static (ImpactLevel, string) Magnitude(Episode episode, long target) => episode.Metric switch
    {
        SlaMetricType.UPTIME when episode is { FailingPpm: >= 900_000, BadSeconds: >= MajorSeconds } => (ImpactLevel.CRITICAL, "at least 90 % of requests fail"),
        SlaMetricType.UPTIME when episode.FailingPpm >= 500_000 => (ImpactLevel.MAJOR, "at least 50 % of requests fail"),
        SlaMetricType.LATENCY_P50 or SlaMetricType.LATENCY_P95 or SlaMetricType.LATENCY_P99 when episode.Worst > target + 200 => (ImpactLevel.CRITICAL, "more than 200 ms above the target"),
        SlaMetricType.LATENCY_P50 or SlaMetricType.LATENCY_P95 or SlaMetricType.LATENCY_P99 when episode.Worst > target + 100 => (ImpactLevel.MAJOR, "more than 100 ms above the target"),
        SlaMetricType.ERROR_RATE when episode.FailingPpm >= 10 * target => (ImpactLevel.CRITICAL, "10 times the allowed errors"),
        SlaMetricType.ERROR_RATE when episode.FailingPpm >= 5 * target => (ImpactLevel.MAJOR, "5 times the allowed errors"),
        _ => (ImpactLevel.MINOR, ""),
    };
}
