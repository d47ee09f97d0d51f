using Forge.Domain.Sla;
using Forge.Grains.Interfaces.Sla;
using Forge.WebApi.Http;

namespace Forge.WebApi.Sla;

/// <summary>What was: points of one organization by step, and its judged periods.</summary>
internal static class HistoryEndpoints
{
    private static readonly CsvColumn<SlaMetric>[] MetricColumns =
    [
        new("id", m => m.Id), new("metricType", m => m.MetricType), new("period", m => m.Period), new("timestamp", m => m.Timestamp), new("target", m => m.Target), new("actual", m => m.Actual),
        new("verdict", m => m.Metadata.Verdict), new("coveragePpm", m => m.Metadata.CoveragePpm), new("minPpm", m => m.Metadata.MinPpm), new("maxPpm", m => m.Metadata.MaxPpm),
        new("good", m => m.Metadata.Good), new("bad", m => m.Metadata.Bad), new("unknown", m => m.Metadata.Unknown), new("excluded", m => m.Metadata.Excluded),
        new("requests", m => m.Metadata.Requests), new("badRequests", m => m.Metadata.BadRequests), new("latencyCount", m => m.Metadata.LatencyCount), new("slow", m => m.Metadata.Slow),
        new("formula", m => m.Metadata.Formula), new("termsVersion", m => m.Metadata.TermsVersion), new("method", m => m.Metadata.Method), new("revision", m => m.Revision),
        new("createdAt", m => m.CreatedAt),
    ];

    private static readonly CsvColumn<SlaHistoryPoint>[] PointColumns =
    [
        new("at", p => p.At), new("verdict", p => p.Verdict), new("requests", p => p.Requests), new("badRequests", p => p.BadRequests), new("p50Ms", p => p.P50Ms), new("p95Ms", p => p.P95Ms),
        new("p99Ms", p => p.P99Ms), new("slow", p => p.Slow), new("errors", p => p.Errors), new("badSlots", p => p.BadSlots), new("unknownSlots", p => p.UnknownSlots),
        new("excludedSlots", p => p.ExcludedSlots), new("slots", p => p.Slots),
    ];

    public static void MapHistory(this IEndpointRouteBuilder sla)
    {
        sla.MapGet("/organizations/{id}/history", HistoryAsync);
        sla.MapGet("/organizations/{id}/metrics", MetricsAsync);
    }

    private static async Task<IResult> HistoryAsync(string id, ListRequest list, IGrainFactory grains, TimeProvider time)
    {
        var to = list.Instant("to") ?? time.GetUtcNow();
        var from = list.Instant("from") ?? to.AddHours(-1);
        var step = list.Text("step") switch { "10s" => 10, null or "1m" => 60, "10m" => 600, "1h" => 3_600, "1d" => HistoryAssembly.LocalDay, _ => 0 };
        if (step == 0) list.Refuse("step", "unknown");
        if (from >= to) list.Refuse("from", "not_before_to");
        if (list.Refused is { } refused) return refused;
        if (await SlaEndpoints.KnownAsync(id, grains) is { } unknown) return unknown;
        var history = await grains.GetGrain<ISlaHistoryGrain>(0).History(id, from, to, step);
        if (history.Refusal is { } refusal) return Problems.Of(refusal);
        return list.Csv ? CsvAnswer.Of("sla-history.csv", PointColumns, history.Value!.Points.ToAsyncEnumerable()) : Answers.Json(history.Value!);
    }

    private static async Task<IResult> MetricsAsync(string id, ListRequest list, IGrainFactory grains)
    {
        var query = new SlaMetricQuery(id, list.Many<SlaMetricType>("metricType"), list.Many<MetricPeriod>("period"), list.Instant("from"), list.Instant("to"),
            list.SortBy("-timestamp", "timestamp", "metricType", "period", "createdAt"), list.Descending, list.Skip, list.Take);
        if (list.Refused is { } refused) return refused;
        if (await SlaEndpoints.KnownAsync(id, grains) is { } unknown) return unknown;
        var history = grains.GetGrain<ISlaHistoryGrain>(0);
        if (list.Csv) return CsvAnswer.Of("sla-metrics.csv", MetricColumns, ListRequest.AllAsync(async (skip, take) => (await history.Metrics(query with { Skip = skip, Take = take })).Items));
        var page = await history.Metrics(query);
        return Answers.Json(list.Page(page.Items, page.Total));
    }
}
