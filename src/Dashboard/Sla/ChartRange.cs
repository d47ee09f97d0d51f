namespace Forge.Dashboard.Sla;

/// <summary>A time range that the charts offer: how far back, how fine, and how often it is read again.</summary>
/// <param name="Key">Value in the address; null for the usual one.</param>
/// <param name="Words">On the button.</param>
/// <param name="Length">How far back.</param>
/// <param name="Step">Step in the API's words.</param>
/// <param name="StepSeconds">The same in seconds.</param>
/// <param name="ReadAgain">How often new points are asked for.</param>
public sealed record ChartRange(string? Key, string Words, TimeSpan Length, string Step, int StepSeconds, TimeSpan ReadAgain)
{
    /// <summary>Shortest first.</summary>
    public static IReadOnlyList<ChartRange> All { get; } =
    [
        new("1h", "1 h", TimeSpan.FromHours(1), "10s", 10, TimeSpan.FromSeconds(10)),
        new(null, "6 h", TimeSpan.FromHours(6), "1m", 60, TimeSpan.FromSeconds(10)),
        new("24h", "24 h", TimeSpan.FromHours(24), "10m", 600, TimeSpan.FromSeconds(60)),
        new("7d", "7 d", TimeSpan.FromDays(7), "1h", 3_600, TimeSpan.FromSeconds(60)),
        new("30d", "30 d", TimeSpan.FromDays(30), "1h", 3_600, TimeSpan.FromSeconds(60)),
    ];

    /// <summary>The range of an address; 6 h when it names none.</summary>
    public static ChartRange Of(string? key) => All.FirstOrDefault(r => r.Key == key) ?? All.Single(r => r.Key is null);

    /// <summary>How one point is called.</summary>
    public string PointWords => Name(StepSeconds);

    /// <summary>The step that percentiles are kept by: they are never averaged, so a slot and ten minutes have none.</summary>
    public (string Step, int Seconds, string Words) Percentiles => StepSeconds switch { 10 => ("1m", 60, Name(60)), 600 => ("1h", 3_600, Name(3_600)), _ => (Step, StepSeconds, PointWords) };

    private static string Name(int seconds) => seconds switch { 10 => "10 s", 60 => "minute", 600 => "10 min", _ => "hour" };

    /// <summary>Start of the range in whole steps, so that the first cell is not cut.</summary>
    public DateTimeOffset Start(DateTimeOffset now)
    {
        var step = TimeSpan.FromSeconds(StepSeconds);
        var oldest = now - Length;
        return new DateTimeOffset(oldest.UtcTicks - (oldest.UtcTicks % step.Ticks), TimeSpan.Zero) + step;
    }
}
