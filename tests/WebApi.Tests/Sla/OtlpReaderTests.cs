using Forge.Domain.Sla;
using Forge.WebApi.Sla.Ingest;
using static Forge.Testing.Otlp.OtlpMessages;
using static Forge.WebApi.Tests.Sla.Decode;

namespace Forge.WebApi.Tests.Sla;

/// <summary>What OTLP data points mean: histograms, sums, gauges, both temporalities.</summary>
public sealed class OtlpReaderTests
{
    private const string Duration = "http.server.request.duration";
    private const long Start = T0 - 60_000;
    private static readonly (string Key, object Value)[] Resource = [("service.name", "orders"), ("service.instance.id", "pod-1"), ("organization_id", Eu)];

    private static IngestBatch Read(byte[] request, OtlpSeriesCache? cache = null)
    {
        var (batch, fault) = Otlp(request, cache: cache);
        Assert.Null(fault);
        return batch;
    }

    private static byte[] Histogram((string Key, object Value)[] attributes, double[] bounds, ulong[] counts, int temporality = Cumulative, string unit = "s", uint flags = 0, ulong? count = null) =>
        Request(Resource, Metric(Duration, unit, 9, temporality, false, HistogramPoint(attributes, Start, T0, bounds, counts, flags, count)));

    [Fact]
    public void Histogram_Cumulative_ReadsAsPrometheusWouldSendIt()
    {
        var batch = Read(Histogram([("http.response.status_code", 200)], [0.05, 0.07, 0.25], [900, 92, 6, 2]));
        Assert.Equal(
            [(SignalRole.Requests, 0, 1000), (SignalRole.LatencyBucket, 50, 900), (SignalRole.LatencyBucket, 70, 992), (SignalRole.LatencyBucket, 250, 998), (SignalRole.LatencyBucket, double.PositiveInfinity, 1000)],
            batch.Samples().Select(s => (s.Role, s.BoundMs, s.Value)));
        Assert.All(batch.Samples(), s => Assert.Equal((T0, Start), (s.AtMs, s.StartMs)));
        Assert.Single(batch.Samples().Select(s => s.Family).Distinct());
        Assert.Single(batch.Samples().Select(s => s.Group).Distinct());
        Assert.Equal(5, batch.Samples().Select(s => s.Series).Distinct().Count());
        Assert.Equal(5, batch.Size);
        Assert.Equal([Eu], batch.Parts.Select(p => p.OrganizationId));
    }

    [Theory]
    [InlineData(499, SignalRole.Requests)]
    [InlineData(500, SignalRole.BadRequests)]
    [InlineData(599, SignalRole.BadRequests)]
    [InlineData(600, SignalRole.Requests)]
    [InlineData("503", SignalRole.BadRequests)]
    [InlineData("5xx", SignalRole.Requests)]
    [InlineData(true, SignalRole.Requests)]
    public void Histogram_AtTheEdgesOfBad_HasItsRole(object status, SignalRole role) =>
        Assert.Equal(role, Read(Histogram([("http.response.status_code", status is int i ? i : status)], [], [])).Samples()[0].Role);

    [Theory]
    [InlineData(-1, -1)]
    [InlineData(0, -1)]
    [InlineData(1, 1)]
    public void Delta_CollectedInTheMillisecondItBegan_IsTheShortestInterval(int startMs, int fromMs)
    {
        var body = Request([("organization_id", Eu)], Metric("http.server.request.duration", "s", 9, Delta, false, HistogramPoint([], T0 + startMs, T0, [0.1], [1, 0])));
        var interval = Assert.Single(Otlp(body).Batch.Intervals());
        Assert.Equal((T0 + fromMs, T0, 1L), (interval.FromMs, interval.ToMs, interval.Total));
    }

    [Fact]
    public void Histogram_Delta_IsOneInterval()
    {
        var interval = Assert.Single(Read(Histogram([("http.response.status_code", 503)], [0.05, 0.1], [3, 2, 1], Delta)).Intervals());
        Assert.Equal((Start, T0, 6, 6), (interval.FromMs, interval.ToMs, interval.Total, interval.Bad));
        Assert.Equal([50d, 100d], interval.BoundsMs);
        Assert.Equal([3, 2, 1], interval.Counts);
        Assert.NotEqual(0ul, interval.Series);
        Assert.Equal(0, Assert.Single(Read(Histogram([], [0.05, 0.1], [3, 2, 1], Delta)).Intervals()).Bad);
    }

    [Theory]
    [InlineData("ms", 100)]
    [InlineData("s", 100_000)]
    [InlineData("", 100_000)]
    public void Histogram_InAUnit_IsReadInMilliseconds(string unit, double boundMs) =>
        Assert.Equal(boundMs, Read(Histogram([], [100], [1, 0], unit: unit)).Samples()[1].BoundMs);

    // The older default bounds begin with 0; no duration lies below, and the engine takes no such bound.
    [Fact]
    public void Histogram_WithABoundOfZero_FoldsItIntoTheNext()
    {
        var cumulative = Read(Histogram([], [-1, 0, 5], [1, 2, 3, 4])).Samples();
        Assert.Equal([(5000d, 6d), (double.PositiveInfinity, 10d)], cumulative.Skip(1).Select(s => (s.BoundMs, s.Value)));
        var delta = Assert.Single(Read(Histogram([], [-1, 0, 5], [1, 2, 3, 4], Delta)).Intervals());
        Assert.Equal([5000d], delta.BoundsMs);
        Assert.Equal([6, 4], delta.Counts);
    }

    [Fact]
    public void Histogram_WithoutBuckets_GivesRequestsOnly()
    {
        Assert.Equal(7, Assert.Single(Read(Histogram([], [], [], count: 7)).Samples()).Value);
        var delta = Assert.Single(Read(Histogram([], [], [7], Delta)).Intervals());
        Assert.Equal((7, true, true), (delta.Total, delta.BoundsMs.IsEmpty, delta.Counts.IsEmpty));
    }

    public static TheoryData<string, byte[], string> Unusable => new()
    {
        { "counts too few", Histogram([], [0.1, 0.2], [1, 2]), "unsupported_histogram=1" },
        { "counts without bounds", Histogram([], [], [1, 2]), "unsupported_histogram=1" },
        { "sum below count", Histogram([], [0.1], [1, 2], count: 4), "unsupported_histogram=1" },
        { "sum above count", Histogram([], [0.1], [1, 2], count: 2), "unsupported_histogram=1" },
        { "sum wraps", Histogram([], [0.1], [ulong.MaxValue, 2], count: 1), "unsupported_histogram=1" },
        { "bounds fall", Histogram([], [0.2, 0.1], [1, 2, 3]), "not_monotonic=1" },
        { "bounds repeat", Histogram([], [0.1, 0.1], [1, 2, 3]), "not_monotonic=1" },
        { "bound NaN", Histogram([], [double.NaN], [1, 2]), "not_a_number=1" },
        { "bound infinite", Histogram([], [double.PositiveInfinity], [1, 2]), "not_a_number=1" },
        { "count beyond exact", Histogram([], [], [], count: (1ul << 53) + 1), "not_a_number=1" },
        { "too many bounds", Histogram([], [.. Enumerable.Range(1, 1025).Select(i => (double)i)], new ulong[1026]), "unsupported_histogram=1" },
        { "no temporality", Histogram([], [0.1], [1, 2], 0), "unsupported_histogram=1" },
        { "summary", Request(Resource, Metric(Duration, "s", 11, 0, false, Attributes(7, ("a", "b")))), "unsupported_histogram=1" },
        { "negative buckets", Exponential(negative: [1]), "unsupported_histogram=1" },
        { "scale", Exponential(scale: 21), "unsupported_histogram=1" },
        { "scale below", Exponential(scale: -11), "unsupported_histogram=1" },
        { "exponential sum", Exponential(count: 2), "unsupported_histogram=1" },
        { "exponential count", Exponential(count: (1ul << 53) + 1), "not_a_number=1" },
        { "index beyond numbers", Exponential(scale: 0, offset: 2000), "unsupported_histogram=1" },
        { "sum negative", Sum(-1, Delta), "not_mapped=1" },
        { "empty attribute", Histogram([("", "x")], [], []), "bad_labels=1" },
        { "repeated attribute", Histogram([("a", "x"), ("b", "x"), ("a", "y")], [], []), "bad_labels=1" },
        { "attribute no text", Histogram([("a", new byte[] { 0x0a, 0x01, 0xff })], [], []), "bad_labels=1" },
        { "too many attributes", Histogram([.. Enumerable.Range(0, 129).Select(i => ($"a{i}", (object)"x"))], [], []), "bad_labels=1" },
        { "no metric name", Request(Resource, Metric("", "s", 9, Cumulative, false, HistogramPoint([], Start, T0, [], []))), "bad_labels=1" },
        { "another metric", Request(Resource, Metric("process.cpu.time", "s", 7, Cumulative, true, NumberPoint([], Start, T0, 1), NumberPoint([("a", 1)], Start, T0, 1))), "not_mapped=2" },
        { "delta that ended", Histogram([], [0.1], [1, 2], Delta, flags: 1), "stale_marker=1" },
    };

    private static byte[] Exponential(int scale = 3, int offset = 0, ulong[]? negative = null, ulong? count = null, int temporality = Cumulative) =>
        Request(Resource, Metric(Duration, "s", 10, temporality, false, ExponentialPoint([], Start, T0, scale, 1, offset, [2, 3], negative: negative, count: count)));

    private static byte[] Sum(double value, int temporality) => Request(Resource, Metric("requests", "1", 7, temporality, true, NumberPoint([], Start, T0, value)));

    [Theory]
    [MemberData(nameof(Unusable))]
    public void Point_ThatCannotBeUsed_IsCountedByReasonAndItsNeighboursCount(string why, byte[] request, string turned)
    {
        var batch = Read([.. Histogram([("n", 1)], [], [], count: 1), .. request, .. Histogram([("n", 2)], [], [], count: 1)]);
        Assert.True(batch.Turned() == turned, $"{why}: {batch.Turned()}");
        Assert.Equal([1, 1], batch.Samples().Select(s => s.Value));
    }

    [Fact]
    public void Exponential_Cumulative_KeepsItsBuckets()
    {
        var sample = Assert.Single(Read(Exponential(offset: -17)).Histograms());
        Assert.Equal((T0, Start, 6, false), (sample.AtMs, sample.StartMs, sample.Count, sample.Bad));
        Assert.Equal((3, 1, -17), (sample.Latency!.Scale, sample.Latency.ZeroCount, sample.Latency.Offset));
        Assert.Equal([2, 3], sample.Latency.Counts);
    }

    [Fact]
    public void Exponential_Delta_IsOneIntervalWithItsBuckets()
    {
        var interval = Assert.Single(Read(Exponential(temporality: Delta)).Intervals());
        Assert.Equal((Start, T0, 6, 0), (interval.FromMs, interval.ToMs, interval.Total, interval.Bad));
        Assert.Equal([2, 3], interval.Exponential!.Counts);
        Assert.True(interval.Counts.IsEmpty);
    }

    // 0.1 s: OTel scale 8 index -851 (sla.md 15); the same in milliseconds must land within one bucket of it.
    [Fact]
    public void Exponential_InMilliseconds_MovesToSeconds()
    {
        var index = (int)Math.Ceiling(Math.Log2(100) * 256) - 1;
        var request = Request(Resource, Metric(Duration, "ms", 10, Cumulative, false, ExponentialPoint([], Start, T0, 8, 0, index, [5])));
        Assert.InRange(Assert.Single(Read(request).Histograms()).Latency!.Offset, -852, -850);
    }

    [Fact]
    public void Exponential_WiderThanTheEngineTakes_IsMergedExactly()
    {
        ulong[] counts = [.. Enumerable.Range(1, 1300).Select(i => (ulong)i)];
        var request = Request(Resource, Metric(Duration, "s", 10, Cumulative, false, ExponentialPoint([], Start, T0, 6, 0, -651, counts)));
        var latency = Assert.Single(Read(request).Histograms()).Latency!;
        Assert.Equal((4, -163), (latency.Scale, latency.Offset));
        Assert.InRange(latency.Counts.Length, 1, ExponentialBuilder.MaxBuckets);
        Assert.Equal(counts.Sum(c => (long)c), latency.Counts.Sum());
        // The first bucket of scale 4, -163, holds -652..-649 of scale 6: three of them were sent.
        Assert.Equal(1 + 2 + 3, latency.Counts[0]);
    }

    [Fact]
    public void Point_WithoutARecordedValue_IsAStaleMarker()
    {
        var batch = Read(Histogram([], [0.1], [0, 0], flags: 1));
        Assert.Equal(3, batch.Samples().Length);
        Assert.All(batch.Samples(), s => Assert.Equal(0x7ff0000000000002ul, BitConverter.DoubleToUInt64Bits(s.Value)));
        Assert.Null(Assert.Single(Read(Request(Resource, Metric(Duration, "s", 10, Cumulative, false, ExponentialPoint([], Start, T0, 3, 0, 0, [], flags: 1)))).Histograms()).Latency);
    }

    [Fact]
    public void Organization_OfThePoint_WinsOverTheResources()
    {
        Assert.Equal([Us], Read(Histogram([("organization_id", Us)], [], [])).Parts.Select(p => p.OrganizationId));
        var none = Request([], Metric(Duration, "s", 9, Cumulative, false, HistogramPoint([], Start, T0, [], [])));
        Assert.Equal([Eu], Otlp(none, Key(Eu)).Batch.Parts.Select(p => p.OrganizationId));
        Assert.Equal("no_organization=1", Read(none).Turned());
        Assert.Equal("organization_not_allowed=1", Otlp(none, Key(Us)).Batch.Turned() is "" ? Otlp(Histogram([], [], []), Key(Us)).Batch.Turned() : "");
    }

    [Fact]
    public void Group_IsTheInstanceOrTheWholeResource()
    {
        ulong Of(params (string Key, object Value)[] resource) => Assert.Single(Read(Request([.. resource, ("organization_id", Eu)], Metric(Duration, "s", 9, Cumulative, false, HistogramPoint([], Start, T0, [], [])))).Samples()).Group;
        Assert.Equal(Of(("service.name", "a"), ("service.instance.id", "1")), Of(("host.name", "x"), ("service.instance.id", "1"), ("service.name", "a")));
        Assert.NotEqual(Of(("service.name", "a"), ("service.instance.id", "1")), Of(("service.name", "a"), ("service.instance.id", "2")));
        Assert.NotEqual(Of(("service.name", "a"), ("host.name", "x")), Of(("service.name", "a"), ("host.name", "y")));
    }

    // Checkpoints hold these numbers: a change loses the cursor of every series.
    [Fact]
    public void Series_InAnyProcessAndOrder_HasTheSameHash()
    {
        var one = Read(Histogram([("http.response.status_code", 200), ("http.route", "/a")], [0.1], [1, 2])).Samples();
        var other = Read(Histogram([("http.route", "/a"), ("http.response.status_code", 200)], [0.1], [1, 2])).Samples();
        Assert.Equal(one.Select(s => s.Series), other.Select(s => s.Series));
        Assert.Equal((2136417193750626386UL, 10209985610415975184UL), (one[0].Series, one[0].Group));
    }

    [Fact]
    public void Body_OfKnownSeries_AllocatesLittleMoreThanItsSamples()
    {
        var points = Enumerable.Range(0, 200).Select(i => HistogramPoint([("n", i)], Start, T0, [0.05, 0.1, 0.25], [1, 2, 3, 4])).ToArray();
        var request = Request(Resource, Metric(Duration, "s", 9, Cumulative, false, points));
        var cache = OtlpCache();
        Read(request, cache);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var batch = Read(request, cache);
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / 1000, 0, 200);
        Assert.Equal(1000, batch.Samples().Length);
    }

    [Fact]
    public void Cache_WhenFull_StaysBoundedAndAnswersTheSame()
    {
        var cache = OtlpCache(50_000);
        for (var i = 0; i < 500; i++)
        {
            var request = Histogram([("n", i)], [0.1], [1, 2]);
            Assert.Equal(Read(request).Samples(), Read(request, cache).Samples());
        }

        Assert.InRange(cache.Count, 2, 120);
    }

    [Fact]
    public void Body_AtTheSampleLimit_IsReadAndOneMoreIsNot()
    {
        var request = Histogram([], [0.1], [1, 2]);
        Assert.Null(Otlp(request, maxSamples: 3).Fault);
        Assert.Equal(413, Otlp(request, maxSamples: 2).Fault!.Status);
    }

    // Senders pack lists; the format allows single values too.
    [Fact]
    public void Lists_ThatAreNotPacked_AreRead()
    {
        byte[] point = [.. Fixed(2, 0), .. Fixed(3, (ulong)T0 * 1_000_000), .. Fixed(4, 3), .. Fixed(6, 1), .. Fixed(7, BitConverter.DoubleToUInt64Bits(0.1)), .. Fixed(6, 2)];
        Assert.Equal([3d, 1d, 3d], Read(Request(Resource, Metric(Duration, "s", 9, Cumulative, false, point))).Samples().Select(s => s.Value));
        byte[] exponential = [.. Fixed(3, (ulong)T0 * 1_000_000), .. Fixed(4, 3), .. Bytes(8, [.. Number(2, 1), .. Number(2, 2)])];
        Assert.Equal([1, 2], Assert.Single(Read(Request(Resource, Metric(Duration, "s", 10, Cumulative, false, exponential))).Histograms()).Latency!.Counts);
    }

    public static TheoryData<string, byte[]> Broken => new()
    {
        { "length beyond the end", [0x0a, 0x05, 0x01] },
        { "resource that is a number", [0x08, 0x01] },
        { "scope that is a number", Bytes(1, [0x10, 0x01]) },
        { "metric that is a number", Bytes(1, Bytes(2, [0x10, 0x01])) },
        { "data that is a number", Bytes(1, Bytes(2, Bytes(2, [0x48, 0x01]))) },
        { "time that is a varint", Request(Resource, Metric(Duration, "s", 9, Cumulative, false, [0x18, 0x01])) },
        { "attribute that is no message", Request(Resource, Metric(Duration, "s", 9, Cumulative, false, Bytes(9, [0xff]))) },
        { "counts of odd length", Request(Resource, Metric(Duration, "s", 9, Cumulative, false, Bytes(6, [1, 2, 3]))) },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void Body_ThatIsNoRequest_IsMalformed(string why, byte[] body)
    {
        var fault = Otlp(body).Fault;
        Assert.True(fault is { Status: 400, Code: "malformed" }, $"{why}: {fault}");
    }
}
