using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;

namespace Forge.Domain.Tests.Sla;

/// <summary>Times, policies and samples of the engine's tests. Times are seconds after 2026-01-01T00:00:00Z unless a name says otherwise.</summary>
internal static class T
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    public static readonly LatencyTerms NoLatency = new(P99Ms: null);

    public static DateTimeOffset At(double seconds) => Start.AddMilliseconds(Math.Round(seconds * 1_000));

    public static long Ms(double seconds) => At(seconds).ToUnixTimeMilliseconds();

    public static SlaTerms Terms(LatencyTerms? latency = null, UnknownPolicy unknown = UnknownPolicy.Exclude, EpisodeTerms? episode = null, UptimeTerms? uptime = null, int? errors = 10_000) =>
        new(uptime ?? new UptimeTerms(), latency ?? new LatencyTerms(), errors, UnknownPolicy: unknown, Episode: episode ?? new EpisodeTerms());

    public static SlaPolicy Policy(SlaTerms? terms = null, DateTimeOffset? coveredFrom = null, DateTimeOffset? coveredTo = null, DateTimeOffset? at = null)
    {
        var (_, from, to) = ZoneTimeline.Utc.MonthAt(at ?? Start);
        return new SlaPolicy(true, terms ?? Terms(), 1, ZoneTimeline.Utc, from, to, coveredFrom ?? from, coveredTo ?? to);
    }

    public static SlaEngine Engine(SlaTerms? terms = null) => SlaEngine.Create(Policy(terms), Start);

    public static CumulativeSample Ok(double at, double value, ulong group = 1) => new((group * 100) + 1, 0, group, SignalRole.Requests, 0, Ms(at), value);

    public static CumulativeSample Bad(double at, double value, ulong group = 1) => new((group * 100) + 2, 0, group, SignalRole.BadRequests, 0, Ms(at), value);

    public static CumulativeSample Le(double at, double boundMs, double value, ulong group = 1) =>
        new((group * 1_000_000) + 10 + (ulong)(double.IsPositiveInfinity(boundMs) ? 99_999 : boundMs), (group * 100) + 9, group, SignalRole.LatencyBucket, boundMs, Ms(at), value);

    public static TelemetryBatch Batch(params CumulativeSample[] samples) => new(0, [.. samples], []);

    public static TelemetryBatch Batch(DeltaInterval interval, ulong identity = 0) => new(identity, [], [interval]);

    public static DeltaInterval Delta(double from, double to, long total, long bad, ulong group = 1) => new(group, Ms(from), Ms(to), total, bad, [], []);

    /// <summary>A scrape as total and bad: the counter of good requests is the difference.</summary>
    public static IngestReceipt Scrape(this SlaEngine engine, double at, long total, long bad, double? now = null, ulong group = 1) =>
        engine.Ingest(Batch(Ok(at, total - bad, group), Bad(at, bad, group)), At(now ?? at), out _);

    public static IngestReceipt Send(this SlaEngine engine, double now, params CumulativeSample[] samples) => engine.Ingest(Batch(samples), At(now), out _);

    public static IngestReceipt Send(this SlaEngine engine, double now, DeltaInterval interval) => engine.Ingest(Batch(interval), At(now), out _);

    public static SlotVerdict Verdict(this SlaEngine engine, int slot) => engine.VerdictAt(At(slot * 10));

    public static string Verdicts(this SlaEngine engine, int first, int count) => string.Concat(Enumerable.Range(first, count).Select(k => "?gBx"[(int)engine.Verdict(k)]));

    public static int Ignored(this IngestReceipt receipt, string reason) => receipt.Ignored.FirstOrDefault(r => r.Reason == reason)?.Count ?? 0;

    public static int Refused(this IngestReceipt receipt, string reason) => receipt.Refused.FirstOrDefault(r => r.Reason == reason)?.Count ?? 0;

    /// <summary>Everything people can see of the last 6 h, as text.</summary>
    public static string Picture(this SlaEngine engine, double now)
    {
        var points = engine.History("o", At(now).AddHours(-6), At(now).AddSeconds(10), 10).Points
            .Where(p => p.Verdict != SlotVerdict.Unknown).Select(p => $"{(p.At - Start).TotalSeconds}:{p.Verdict}:{p.Requests}:{p.BadRequests}:{p.Slow}:{p.Errors}");
        var episodes = Enum.GetValues<SlaMetricType>().SelectMany(m => engine.Episodes(m)).Select(e => e.ToString());
        var windows = SlaEngine.WindowNames.Select(n => engine.Window(n, At(now)).ToString());
        return string.Join('\n', points.Concat(episodes).Concat(windows).Append(engine.Month(At(now)).ToString()).Append(engine.Totals.ToString()));
    }
}
