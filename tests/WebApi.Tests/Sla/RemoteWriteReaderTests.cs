using Forge.Domain.Sla;
using Forge.WebApi.Sla.Ingest;
using static Forge.WebApi.Tests.Sla.Decode;

namespace Forge.WebApi.Tests.Sla;

public sealed class RemoteWriteReaderTests
{
    private static readonly double StaleMarker = BitConverter.UInt64BitsToDouble(0x7ff0000000000002);

    [Fact]
    public void Counter_OfAStatus_IsMappedToItsRole()
    {
        var batch = Remote(new WriteRequest().Counter(Eu, "200", T0, 17).Counter(Eu, "503", T0 + 1, 3));
        var samples = batch.Samples();
        Assert.Equal([(SignalRole.Requests, T0, 17d), (SignalRole.BadRequests, T0 + 1, 3d)], samples.Select(s => (s.Role, s.AtMs, s.Value)));
        Assert.NotEqual(samples[0].Series, samples[1].Series);
        Assert.Equal(samples[0].Group, samples[1].Group);
        Assert.Equal("", batch.Turned());
    }

    [Theory]
    [InlineData("499", SignalRole.Requests)]
    [InlineData("500", SignalRole.BadRequests)]
    [InlineData("599", SignalRole.BadRequests)]
    [InlineData("600", SignalRole.Requests)]
    [InlineData("5xx", SignalRole.Requests)]
    [InlineData("50", SignalRole.Requests)]
    [InlineData("5000", SignalRole.Requests)]
    [InlineData("", SignalRole.Requests)]
    public void Counter_AtTheEdgesOfBad_IsMappedToItsRole(string status, SignalRole role) =>
        Assert.Equal(role, Assert.Single(Remote(new WriteRequest().Counter(Eu, status, T0, 1)).Samples()).Role);

    [Theory]
    [InlineData("0.07", 70)]
    [InlineData("0.1", 100)]
    [InlineData("1.0", 1000)]
    [InlineData("1e-05", 0.01)]
    [InlineData("+Inf", double.PositiveInfinity)]
    public void Bucket_WithABound_CarriesItInMilliseconds(string le, double boundMs)
    {
        var sample = Assert.Single(Remote(new WriteRequest().Series(WriteRequest.BucketLabels(Eu, le), (T0, 5))).Samples());
        Assert.Equal((SignalRole.LatencyBucket, boundMs), (sample.Role, sample.BoundMs));
    }

    // OpenTelemetry's older default bounds begin with 0: no duration lies below.
    [Fact]
    public void Bucket_UpToZero_IsIgnored() =>
        Assert.Equal("not_mapped=1", Remote(new WriteRequest().Series(WriteRequest.BucketLabels(Eu, "0"), (T0, 5))).Turned());

    [Theory]
    [InlineData("-1")]
    [InlineData("NaN")]
    [InlineData("-Inf")]
    [InlineData("abc")]
    [InlineData("1e999")]
    [InlineData("")]
    public void Bucket_WithoutAUsableBound_IsBadLabels(string le) =>
        Assert.Equal("bad_labels=1", Remote(new WriteRequest().Series(WriteRequest.BucketLabels(Eu, le), (T0, 5))).Turned());

    [Fact]
    public void Buckets_OfOneHistogram_ShareTheFamilyOnly()
    {
        var samples = Remote(new WriteRequest().Series(WriteRequest.BucketLabels(Eu, "0.1"), (T0, 5)).Series(WriteRequest.BucketLabels(Eu, "0.2"), (T0, 6)).Series(WriteRequest.BucketLabels(Us, "0.2"), (T0, 6))).Samples();
        Assert.Equal(samples[0].Family, samples[1].Family);
        Assert.NotEqual(samples[0].Series, samples[1].Series);
        Assert.NotEqual(samples[1].Family, samples[2].Family);
    }

    [Fact]
    public void Series_OfAnyLabelOrderOrReplica_HasTheSameIdentity()
    {
        var labels = WriteRequest.CountLabels(Eu, "200");
        var batch = Remote(new WriteRequest()
            .Series(labels, (T0, 1))
            .Series([.. labels.Reverse()], (T0, 1))
            .Series([.. labels, ("__replica__", "a")], (T0, 1))
            .Series([.. labels, ("prometheus_replica", "b")], (T0, 1))
            .Series([.. labels, ("empty", "")], (T0, 1))
            .Series([.. labels, ("zone", "a")], (T0, 2)));
        Assert.Single(batch.Samples().Where(s => s.Value.Equals(1d)).Select(s => s.Series).Distinct());
        Assert.Equal(2, batch.Samples().Select(s => s.Series).Distinct().Count());
        // What each replica sent stays apart, so that the engine can choose one of them.
        Assert.Equal(3, batch.Parts.Select(p => p.Replica).Distinct().Count());
        Assert.Equal(4, batch.Parts.Single(p => p.Replica == 0).Samples.Length);
    }

    // Checkpoints hold these numbers: a change loses the cursor of every series.
    [Fact]
    public void Series_InAnyProcess_HasTheSameHash()
    {
        var sample = Assert.Single(Remote(new WriteRequest().Series(WriteRequest.BucketLabels(Eu, "0.1"), (T0, 5))).Samples());
        Assert.Equal((8396676936812189416UL, 9361394580473541331UL, 11926703554978234362UL, 8530896332404612749UL), (sample.Series, sample.Family, sample.Group, SeriesHash.Of("orders")));
    }

    [Fact]
    public void Series_WithLabelsAfterOrBetweenSamples_IsReadTheSame()
    {
        var labels = WriteRequest.CountLabels(Eu, "200").Select(l => WriteRequest.Label(l.Name, l.Value)).ToArray();
        var batch = Remote(new WriteRequest()
            .Raw(1, WriteRequest.Series(labels, [WriteRequest.Sample(T0, 1)]))
            .Raw(1, [.. WriteRequest.Sample(T0, 1), .. labels.SelectMany(l => l)])
            .Raw(1, [.. labels[0], .. WriteRequest.Sample(T0, 1), .. WriteRequest.Exemplar(), .. labels.Skip(1).SelectMany(l => l)]));
        Assert.Equal(3, batch.Samples().Length);
        Assert.Single(batch.Samples().Distinct());
    }

    [Fact]
    public void Body_WithMetadataExemplarsAndUnknownFields_IsReadWithoutThem()
    {
        var labels = WriteRequest.CountLabels(Eu, "200").Select(l => WriteRequest.Label(l.Name, l.Value));
        var batch = Remote(new WriteRequest().Raw(3, [8, 1]).Raw(1, WriteRequest.Series(labels, [WriteRequest.Exemplar(), WriteRequest.Sample(T0, 1), WriteRequest.Bytes(9, [1, 2])])).Raw(77, [1]).Append([.. WriteRequest.Varint((12 << 3) | 5), 1, 2, 3, 4]));
        Assert.Single(batch.Samples());
        Assert.Equal("", batch.Turned());
    }

    [Fact]
    public void StaleMarker_OfAMappedSeries_PassesAsNaN() =>
        Assert.Equal(0x7ff0000000000002UL, BitConverter.DoubleToUInt64Bits(Assert.Single(Remote(new WriteRequest().Counter(Eu, "200", T0, StaleMarker)).Samples()).Value));

    public static TheoryData<double, string> Values => new()
    {
        { double.NaN, "not_a_number=1" },
        { BitConverter.UInt64BitsToDouble(0x7ff0000000000003), "not_a_number=1" },
        { double.PositiveInfinity, "not_a_number=1" },
        { double.NegativeInfinity, "not_a_number=1" },
        { 9_007_199_254_740_994, "not_a_number=1" },
        { 9_007_199_254_740_992, "" },
        { -double.Epsilon, "negative_value=1" },
        { -0.0, "" },
        { 0, "" },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public void Sample_WithAnUnusableValue_IsRefusedAloneAndItsNeighboursCount(double value, string turned)
    {
        var batch = Remote(new WriteRequest().Counter(Eu, "200", T0, 1).Series(WriteRequest.CountLabels(Eu, "201"), (T0, value), (T0 + 5, 2)).Counter(Us, "200", T0, 1));
        Assert.Equal(turned, batch.Turned());
        Assert.Equal(turned.Length == 0 ? 4 : 3, batch.Samples().Length);
    }

    [Theory]
    [InlineData("http_server_request_duration_seconds_sum")]
    [InlineData("http_server_request_duration_seconds_created")]
    [InlineData("http_server_request_duration_seconds")]
    [InlineData("http_server_request_duration_secondsx_count")]
    [InlineData("up")]
    public void Series_OutsideTheMapping_IsIgnored(string metric) =>
        Assert.Equal("not_mapped=2", Remote(new WriteRequest().Series([("__name__", metric), ("organization_id", Eu)], (T0, double.NaN), (T0, -1))).Turned());

    [Fact]
    public void NativeHistogram_UnderAnotherName_IsRefusedOrIgnored()
    {
        byte[] Labels(string metric) => [.. WriteRequest.Label("__name__", metric), .. WriteRequest.Label("organization_id", Eu)];
        var batch = Remote(new WriteRequest()
            .Raw(1, [.. Labels("http_server_request_duration_seconds"), .. WriteRequest.Histogram(), .. WriteRequest.Histogram()])
            .Raw(1, [.. Labels("http_server_request_duration_seconds_count"), .. WriteRequest.Histogram()])
            .Raw(1, [.. Labels("rpc_duration_seconds"), .. WriteRequest.Histogram()]));
        Assert.Equal("not_mapped=1 unsupported_histogram=1", batch.Turned());
        Assert.Equal([12, 12], batch.Histograms().Select(h => h.Count));
        Assert.Equal(4, batch.Size);
    }

    public static TheoryData<string, byte[]> BadLabelSets => new()
    {
        { "empty name", [.. Count(), .. WriteRequest.Label("", "x")] },
        { "repeated", [.. Count(), .. WriteRequest.Label("a", "x"), .. WriteRequest.Label("a", "y")] },
        { "repeated apart", [.. WriteRequest.Label("a", "x"), .. Count(), .. WriteRequest.Label("a", "x")] },
        { "name not UTF-8", [.. Count(), .. WriteRequest.Label([0xff], [0x61])] },
        { "value not UTF-8", [.. Count(), .. WriteRequest.Label([0x61], [0xc3])] },
        { "no metric name", WriteRequest.Label("organization_id", Eu) },
        { "empty metric name", WriteRequest.Label("__name__", "") },
        { "no labels", [] },
        { "too many", [.. Count(), .. Enumerable.Range(0, 63).SelectMany(i => WriteRequest.Label($"l{i}", "x"))] },
    };

    private static byte[] Count() => [.. WriteRequest.Label("__name__", "http_server_request_duration_seconds_count"), .. WriteRequest.Label("organization_id", Eu)];

    [Theory]
    [MemberData(nameof(BadLabelSets))]
    public void Series_WithBadLabels_IsRefusedWithAllItsSamplesAndItsNeighboursCount(string why, byte[] labels)
    {
        var batch = Remote(new WriteRequest().Counter(Eu, "200", T0, 1).Raw(1, [.. labels, .. WriteRequest.Sample(T0, 1), .. WriteRequest.Sample(T0 + 1, 2), .. WriteRequest.Histogram()]).Counter(Us, "200", T0, 1));
        Assert.True(batch.Turned() == "bad_labels=3", $"{why}: {batch.Turned()}");
        Assert.Equal(2, batch.Samples().Length);
    }

    [Fact]
    public void Series_WithAsManyLabelsAsAllowed_IsRead() =>
        Assert.Single(Remote(new WriteRequest().Raw(1, [.. Count(), .. Enumerable.Range(0, 62).SelectMany(i => WriteRequest.Label($"l{i}", "x")), .. WriteRequest.Sample(T0, 1)])).Samples());

    [Fact]
    public void Sample_WithoutOrganization_BelongsToTheKeysOnlyOne()
    {
        var request = new WriteRequest().Series(WriteRequest.CountLabels(null, "200"), (T0, 1)).Series(WriteRequest.CountLabels("", "200"), (T0, 1));
        Assert.Equal([Eu], Remote(request, Key(Eu)).Parts.Select(p => p.OrganizationId));
        Assert.Equal("no_organization=2", Remote(request, Key(Eu, Us)).Turned());
        Assert.Equal("no_organization=2", Remote(request, Key()).Turned());
    }

    [Fact]
    public void Sample_OfAnOrganizationOutsideTheKey_IsRefusedWithItsNames()
    {
        var batch = Remote(new WriteRequest().Counter(Us, "200", T0, 1).Counter(Eu, "200", T0, 1), Key(Eu));
        Assert.Equal("organization_not_allowed=1", batch.Turned());
        Assert.Equal([Eu], batch.Parts.Select(p => p.OrganizationId));
        Assert.Equal([new RefusedSample("organization_not_allowed", Us, "http_server_request_duration_seconds_count", DateTimeOffset.FromUnixTimeMilliseconds(T0))], batch.Tally.ToReceipt().First);
    }

    [Fact]
    public void Refusals_OfManySamples_AreCountedAndTheFirstFiveKept()
    {
        var request = new WriteRequest();
        for (var i = 0; i < 7; i++) request.Counter(Eu, "200", T0 + i, -1);
        var receipt = Remote(request).Tally.ToReceipt();
        Assert.Equal(new ReasonCount("negative_value", 7), Assert.Single(receipt.Refused));
        Assert.Equal(Enumerable.Range(0, 5).Select(i => (DateTimeOffset?)DateTimeOffset.FromUnixTimeMilliseconds(T0 + i)), receipt.First.Select(f => f.At));
    }

    [Fact]
    public void Refusal_AtATimeNoCalendarKnows_HasNoTime() =>
        Assert.Null(Assert.Single(Remote(new WriteRequest().Counter(Eu, "200", long.MinValue, -1)).Tally.ToReceipt().First).At);

    [Fact]
    public void Body_AtTheSampleLimit_IsReadAndOneMoreIsNot()
    {
        var three = new WriteRequest().Series(WriteRequest.CountLabels(Eu, "200"), (T0, 1), (T0 + 1, 2)).Series([("__name__", "up")], (T0, 1)).ToArray();
        Assert.Null(RemoteWrite(three, maxSamples: 3).Fault);
        Assert.Equal((413, "body_too_large"), (RemoteWrite(three, maxSamples: 2).Fault!.Status, RemoteWrite(three, maxSamples: 2).Fault!.Code));
    }

    public static TheoryData<string, byte[]> Broken => new()
    {
        { "length beyond the end", [0x0a, 0x05, 0x01] },
        { "field 0", [0x02, 0x00] },
        { "group", [0x0b] },
        { "varint without end", [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01] },
        { "series that is no message", [0x08, 0x01] },
        { "label that is no message", WriteRequest.Bytes(1, [0x08, 0x01]) },
        { "label text that is a number", WriteRequest.Bytes(1, WriteRequest.Bytes(1, [0x08, 0x01])) },
        { "sample value that is a number", WriteRequest.Bytes(1, WriteRequest.Bytes(2, [0x08, 0x01])) },
        { "time that is a text", WriteRequest.Bytes(1, WriteRequest.Bytes(2, [0x12, 0x00])) },
        { "value cut off", WriteRequest.Bytes(1, WriteRequest.Bytes(2, [0x09, 0x00, 0x00])) },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void Body_ThatIsNoWriteRequest_IsMalformed(string why, byte[] body)
    {
        var fault = RemoteWrite(body).Fault;
        Assert.True(fault is { Status: 400, Code: "malformed" }, $"{why}: {fault}");
    }

    [Fact]
    public void Cache_WhenFull_StaysBoundedAndAnswersTheSame()
    {
        var cache = Cache(20_000);
        for (var i = 0; i < 1000; i++)
        {
            var body = new WriteRequest().Counter(Eu, "200", T0, 1, ("n", $"{i}")).Counter(Us, "503", T0, 1, ("n", "same")).ToArray();
            var samples = RemoteWrite(body, cache: cache).Batch.Samples();
            Assert.Equal(RemoteWrite(body).Batch.Samples(), samples);
        }

        Assert.InRange(cache.Count, 2, 100);
    }

    // A known series costs no text, no label and no identity: only its samples' own 56 bytes, in a list that doubles.
    [Fact]
    public void Body_OfKnownSeries_AllocatesLittleMoreThanItsSamples()
    {
        var request = new WriteRequest();
        for (var i = 0; i < 1000; i++) request.Counter(Eu, "200", T0, i, ("n", $"{i}"));
        var body = request.ToArray();
        var cache = Cache();
        Assert.Null(RemoteWrite(body, cache: cache).Fault);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var batch = RemoteWrite(body, cache: cache).Batch;
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / 1000, 0, 200);
        Assert.Equal(1000, batch.Samples().Length);
    }
}
