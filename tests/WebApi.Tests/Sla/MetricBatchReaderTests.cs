using System.Globalization;
using Forge.Domain.Sla;
using Forge.WebApi.Sla.Ingest;
using static Forge.WebApi.Tests.Sla.Decode;

namespace Forge.WebApi.Tests.Sla;

public sealed class MetricBatchReaderTests
{
    private const string Good = """{"organizationId":"eu-7k3m9q2v4x","source":"edge-1","from":1767225600000,"to":1767225610000,"total":100,"bad":3}""";

    private static string Interval(string members) => $$"""{"organizationId":"eu-7k3m9q2v4x","from":1767225600000,"to":1767225610000,{{members}}}""";

    private static string Latency(string latency) => Interval($$""" "total":10,"bad":0,"latency":{{latency}} """);

    private static IngestBatch Read(string intervals, params string[] keyOrganizations)
    {
        var (batch, fault) = Json($$"""{"batchId":"b1","intervals":[{{intervals}}]}""", Key(keyOrganizations));
        Assert.Null(fault);
        return batch;
    }

    [Fact]
    public void Interval_WithCounts_IsTakenAsItIs()
    {
        var batch = Read(Good);
        var interval = Assert.Single(batch.Intervals());
        Assert.Equal((T0, T0 + 10_000, 100L, 3L, 0, 0), (interval.FromMs, interval.ToMs, interval.Total, interval.Bad, interval.BoundsMs.Length, interval.Counts.Length));
        Assert.Equal(SeriesHash.Of("edge-1"), interval.Group);
        Assert.NotEqual(0UL, batch.Identity);
    }

    [Fact]
    public void Interval_WithLatencyInSeconds_HasBoundsInMilliseconds()
    {
        var interval = Assert.Single(Read(Latency("""{"unit":"s","bounds":[0.05,0.07,1],"counts":[1,2,3,4]}""")).Intervals());
        Assert.Equal([50, 70, 1000], interval.BoundsMs);
        Assert.Equal([1, 2, 3, 4], interval.Counts);
    }

    [Fact]
    public void Interval_WithLatencyInMilliseconds_KeepsItsBounds() =>
        Assert.Equal([0, 0.5, 70], Assert.Single(Read(Latency("""{"unit":"ms","bounds":[0,0.5,70],"counts":[0,2,3,4]}""")).Intervals()).BoundsMs);

    [Theory]
    [InlineData("""{"scale":0,"zeroCount":1,"offset":-1,"counts":[2,3]}""", 0, 1, -1, new long[] { 2, 3 })]
    [InlineData("""{"scale":1,"offset":0,"counts":[1]}""", 1, 0, 0, new long[] { 1 })]
    [InlineData("""{"scale":2,"offset":-9,"counts":[0,4,0,6,0]}""", 2, 0, -8, new long[] { 4, 0, 6 })]
    [InlineData("""{"scale":3,"zeroCount":7,"counts":[]}""", 3, 7, 0, new long[0])]
    [InlineData("""{"unit":"ms","scale":0,"offset":10,"counts":[5]}""", 0, 0, 0, new long[] { 5 })]
    public void Interval_WithExponentialLatency_KeepsItsBuckets(string latency, int scale, long zero, int offset, long[] counts)
    {
        var interval = Assert.Single(Read(Latency(latency)).Intervals());
        Assert.Equal((scale, zero, offset), (interval.Exponential!.Scale, interval.Exponential.ZeroCount, interval.Exponential.Offset));
        Assert.Equal(counts, interval.Exponential.Counts);
        Assert.True(interval.Counts.IsEmpty && interval.BoundsMs.IsEmpty);
    }

    [Theory]
    [InlineData("\"2026-01-01T00:00:00Z\"", 0)]
    [InlineData("\"2026-01-01T00:00:05.250Z\"", 5250)]
    [InlineData("\"2026-01-01T01:00:00+01:00\"", 0)]
    [InlineData("\"2025-12-31T19:00:01-05:00\"", 1000)]
    [InlineData("1767225600001", 1)]
    public void Time_InEitherForm_IsRead(string from, long afterStartMs) =>
        Assert.Equal(T0 + afterStartMs, Assert.Single(Read($$"""{"organizationId":"eu-7k3m9q2v4x","from":{{from}},"to":"2026-01-01T00:00:10Z","total":1,"bad":0}""").Intervals()).FromMs);

    [Theory]
    [InlineData("\"2026-01-01T00:00:00\"")]
    [InlineData("\"2026-01-01\"")]
    [InlineData("\"2026-02-30T00:00:00Z\"")]
    [InlineData("\"yesterday-yesterday-Z\"")]
    [InlineData("\"01/01/2026 00:00:00 Z\"")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("9223372036854775807")]
    [InlineData("253402300800000")]
    [InlineData("null")]
    [InlineData("true")]
    public void Time_InNoForm_IsIntervalInvalid(string to) =>
        Assert.Equal("interval_invalid=1", Read($$"""{"organizationId":"eu-7k3m9q2v4x","from":1767225600000,"to":{{to}},"total":1,"bad":0}""").Turned());

    [Theory]
    [InlineData(-1, "interval_invalid=1")]
    [InlineData(0, "interval_invalid=1")]
    [InlineData(1, "")]
    [InlineData(300_000, "")]
    [InlineData(300_001, "interval_invalid=1")]
    public void Interval_OfALength_IsTakenUpToFiveMinutes(long lengthMs, string turned) =>
        Assert.Equal(turned, Read(string.Create(CultureInfo.InvariantCulture, $$"""{"organizationId":"eu-7k3m9q2v4x","from":{{T0}},"to":{{T0 + lengthMs}},"total":1,"bad":0}""")).Turned());

    [Theory]
    [InlineData("""{"total":1,"bad":1}""", "")]
    [InlineData("""{"total":1,"bad":2}""", "interval_invalid=1")]
    [InlineData("""{"total":0,"bad":0}""", "")]
    [InlineData("""{"total":1.0,"bad":1e0}""", "")]
    [InlineData("""{"total":9007199254740992,"bad":0}""", "")]
    [InlineData("""{"total":9007199254740993,"bad":0}""", "not_a_number=1")]
    [InlineData("""{"total":1e400,"bad":0}""", "not_a_number=1")]
    [InlineData("""{"total":1.5,"bad":0}""", "not_a_number=1")]
    [InlineData("""{"total":"NaN","bad":0}""", "not_a_number=1")]
    [InlineData("""{"total":null,"bad":0}""", "not_a_number=1")]
    [InlineData("""{"total":-1,"bad":0}""", "negative_value=1")]
    [InlineData("""{"total":1,"bad":-0.5}""", "negative_value=1")]
    [InlineData("""{"total":1}""", "interval_invalid=1")]
    [InlineData("""{"bad":1}""", "interval_invalid=1")]
    [InlineData("""{"total":1,"bad":0,"extra":1}""", "interval_invalid=1")]
    public void Interval_WithCountsOfAKind_IsTakenOrTurnedAway(string members, string turned) =>
        Assert.Equal(turned, Read(Interval(members[1..^1])).Turned());

    [Theory]
    [InlineData("null", "")]
    [InlineData("""{"unit":"ms","bounds":[],"counts":[10]}""", "")]
    [InlineData("""{"unit":"ms","bounds":[1],"counts":[5,5]}""", "")]
    [InlineData("""{"unit":"ms","bounds":[1],"counts":[5,6]}""", "interval_invalid=1")]
    [InlineData("""{"unit":"ms","bounds":[1],"counts":[9007199254740992,9007199254740992]}""", "interval_invalid=1")]
    [InlineData("""{"unit":"ms","bounds":[1],"counts":[5]}""", "interval_invalid=1")]
    [InlineData("""{"unit":"ms","bounds":[1],"counts":[1,2,3]}""", "interval_invalid=1")]
    [InlineData("""{"unit":"ms","bounds":[1,1],"counts":[1,2,3]}""", "not_monotonic=1")]
    [InlineData("""{"unit":"ms","bounds":[2,1],"counts":[1,2,3]}""", "not_monotonic=1")]
    [InlineData("""{"unit":"ms","bounds":[-1,1],"counts":[1,2,3]}""", "negative_value=1")]
    [InlineData("""{"unit":"ms","bounds":["1"],"counts":[1,2]}""", "not_a_number=1")]
    [InlineData("""{"unit":"ms","bounds":[1e400],"counts":[1,2]}""", "not_a_number=1")]
    [InlineData("""{"unit":"ms","bounds":[1],"counts":[1,-2]}""", "negative_value=1")]
    [InlineData("""{"unit":"ms","bounds":[1],"counts":[1,0.5]}""", "not_a_number=1")]
    [InlineData("""{"unit":"us","bounds":[1],"counts":[1,2]}""", "unsupported_histogram=1")]
    [InlineData("""{"bounds":[1],"counts":[1,2]}""", "unsupported_histogram=1")]
    [InlineData("""{"unit":"ms","counts":[1,2]}""", "unsupported_histogram=1")]
    [InlineData("""{"unit":"ms","bounds":[1]}""", "unsupported_histogram=1")]
    [InlineData("""{"unit":"ms","bounds":1,"counts":[1,2]}""", "unsupported_histogram=1")]
    [InlineData("""{"unit":"ms","bounds":[1],"counts":[1,2],"sum":3}""", "unsupported_histogram=1")]
    [InlineData("""{"unit":"ms","scale":0,"bounds":[1],"counts":[1,2]}""", "unsupported_histogram=1")]
    [InlineData("""{"scale":21,"offset":0,"counts":[1]}""", "unsupported_histogram=1")]
    [InlineData("""{"scale":-11,"offset":0,"counts":[1]}""", "unsupported_histogram=1")]
    [InlineData("""{"scale":0,"offset":1023,"counts":[1]}""", "unsupported_histogram=1")]
    [InlineData("""{"scale":0,"offset":-2147483648,"counts":[1]}""", "unsupported_histogram=1")]
    [InlineData("""{"scale":0,"offset":2147483648,"counts":[1]}""", "unsupported_histogram=1")]
    [InlineData("""{"scale":0,"zeroCount":11,"counts":[]}""", "interval_invalid=1")]
    [InlineData("""{"scale":0,"zeroCount":-1,"counts":[]}""", "negative_value=1")]
    [InlineData("""[]""", "unsupported_histogram=1")]
    public void Latency_OfAForm_IsTakenOrTurnedAway(string latency, string turned) => Assert.Equal(turned, Read(Latency(latency)).Turned());

    [Theory]
    [InlineData(1024, "")]
    [InlineData(1025, "unsupported_histogram=1")]
    public void Latency_WithManyBuckets_IsTakenUpToTheLimit(int counts, string turned) =>
        Assert.Equal(turned, Read(Latency($$"""{"unit":"ms","bounds":[{{string.Join(',', Enumerable.Range(1, counts - 1))}}],"counts":[{{string.Join(',', Enumerable.Repeat(0, counts))}}]}""")).Turned());

    [Theory]
    [InlineData("""{"organizationId":7}""", "bad_labels=1")]
    [InlineData("""{"organizationId":"eu-7k3m9q2v4x","source":[]}""", "bad_labels=1")]
    [InlineData("""{}""", "no_organization=1")]
    [InlineData("""{"organizationId":null}""", "no_organization=1")]
    [InlineData("""{"organizationId":""}""", "no_organization=1")]
    [InlineData("""17""", "no_organization=1")]
    [InlineData("""{"organizationId":"us-0123456789"}""", "interval_invalid=1")]
    [InlineData("""{"organizationId":"ap-0123456789"}""", "organization_not_allowed=1")]
    public void Interval_OfNobody_IsTurnedAwayAndItsNeighboursCount(string interval, string turned)
    {
        var batch = Read($"{Good},{interval},{Good}", Eu, Us);
        Assert.Equal(turned, batch.Turned());
        Assert.Equal(2, batch.Intervals().Length);
    }

    [Fact]
    public void Interval_WithoutOrganization_BelongsToTheKeysOnlyOne() =>
        Assert.Equal([Us], Read("""{"from":1767225600000,"to":1767225610000,"total":1,"bad":0}""", Us).Parts.Select(p => p.OrganizationId));

    [Fact]
    public void Refusal_OfAnInterval_NamesOrganizationAndEnd() =>
        Assert.Equal([new RefusedSample("negative_value", Eu, null, DateTimeOffset.FromUnixTimeMilliseconds(T0 + 10_000))], Read(Interval("\"total\":-1,\"bad\":0")).Tally.ToReceipt().First);

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"intervals":{}}""")]
    [InlineData("""{"intervals":[}""")]
    [InlineData("""{"intervals":[{"total":1,}]}""")]
    [InlineData("""{"intervals":[]} x""")]
    [InlineData("""{"intervals":[],"intervals":[]}""")]
    [InlineData("""{"intervals":[{"total":1,"total":2}]}""")]
    [InlineData("""{"intervals":[NaN]}""")]
    [InlineData("""{"intervals":[[[[[[[[[]]]]]]]]]}""")]
    [InlineData("""{"batchId":7,"intervals":[]}""")]
    [InlineData("""{"batchId":"","intervals":[]}""")]
    [InlineData("""{"batchId":"01234567890123456789012345678901234567890123456789012345678901234","intervals":[]}""")]
    [InlineData("""{"intervals":[{"organizationId":"\ud800"}]}""")]
    public void Body_ThatIsNoBatch_IsMalformed(string body)
    {
        var fault = Json(body).Fault;
        Assert.True(fault is { Status: 400, Code: "malformed" }, $"{body}: {fault}");
    }

    [Fact]
    public void Body_WithAnUnknownMember_IsRefusedByName() => Assert.Equal((400, "unknown_field"), (Json("""{"intervals":[],"interval":[]}""").Fault!.Status, Json("""{"intervals":[],"interval":[]}""").Fault!.Code));

    [Fact]
    public void Body_AtTheIntervalLimit_IsReadAndOneMoreIsNot()
    {
        Assert.Null(Json($$"""{"intervals":[{{Good}},{{Good}}]}""", maxSamples: 2).Fault);
        Assert.Equal(413, Json($$"""{"intervals":[{{Good}},{{Good}}]}""", maxSamples: 1).Fault!.Status);
    }

    [Fact]
    public void BatchId_OfOneKey_GivesOneIdentity()
    {
        static ulong Identity(string body, string keyId)
        {
            var batch = new IngestBatch(Key());
            Assert.Null(MetricBatchReader.Read(System.Text.Encoding.UTF8.GetBytes(body), keyId, batch, 1));
            return batch.Identity;
        }

        Assert.Equal(Identity("""{"batchId":"a","intervals":[]}""", "k1"), Identity("""{"intervals":[7],"batchId":"a"}""", "k1"));
        Assert.NotEqual(Identity("""{"batchId":"a","intervals":[]}""", "k1"), Identity("""{"batchId":"b","intervals":[]}""", "k1"));
        Assert.NotEqual(Identity("""{"batchId":"a","intervals":[]}""", "k1"), Identity("""{"batchId":"a","intervals":[]}""", "k2"));
        Assert.Equal(0UL, Identity("""{"intervals":[]}""", "k1"));
    }
}
