using Forge.Dashboard.Sla;
using Forge.Domain.Sla;
using Xunit;

namespace Forge.Dashboard.Tests.Sla;

public sealed class ViolationProofTests
{
    private static SlaViolation Violation(SlaMetricType metric, DateTimeOffset? end = null) => new(
        new string('a', 32), "eu-acme000000", metric, metric is SlaMetricType.UPTIME ? 999_500 : 100, null, null, A.Start, end, 30, ImpactLevel.MINOR, "bad time under 5 min",
        end is null ? ViolationState.OPEN : ViolationState.CLOSED, false, null, A.Start.AddSeconds(30), A.Start.AddSeconds(30));

    private static SlaHistoryPoint Point(SlotVerdict verdict, bool slow = false, bool errors = false, double? p99 = null, long requests = 100, long bad = 0, int second = 0, bool p50 = false, bool p95 = false) =>
        new(A.Start.AddSeconds(second), verdict, requests, bad, null, null, p99, slow, errors, SlowP50: p50, SlowP95: p95);

    [Fact]
    public void Stretch_OfAClosedOne_HoldsAMinuteBeforeAndItsClose()
    {
        var (from, to) = ViolationProof.Stretch(Violation(SlaMetricType.UPTIME, A.Start.AddSeconds(30)), A.Start.AddHours(1));
        Assert.Equal((A.Start.AddSeconds(-60), A.Start.AddSeconds(160)), (from, to));
    }

    [Fact]
    public void Stretch_OfAnOpenOne_EndsNowAndIsAtMostSixHours()
    {
        Assert.Equal(A.Start.AddMinutes(5), ViolationProof.Stretch(Violation(SlaMetricType.UPTIME), A.Start.AddMinutes(5)).To);
        var (from, to) = ViolationProof.Stretch(Violation(SlaMetricType.UPTIME), A.Start.AddDays(2));
        Assert.Equal(TimeSpan.FromHours(6), to - from);
    }

    public static TheoryData<SlaMetricType, SlaHistoryPoint, bool> Cases => new()
    {
        { SlaMetricType.UPTIME, Point(SlotVerdict.Bad), true },
        { SlaMetricType.UPTIME, Point(SlotVerdict.Good, slow: true, errors: true), false },
        { SlaMetricType.ERROR_RATE, Point(SlotVerdict.Good, errors: true), true },
        { SlaMetricType.ERROR_RATE, Point(SlotVerdict.Bad), false },
        { SlaMetricType.LATENCY_P99, Point(SlotVerdict.Good, slow: true), true },
        { SlaMetricType.LATENCY_P99, Point(SlotVerdict.Excluded, slow: true), false },
        { SlaMetricType.LATENCY_P50, Point(SlotVerdict.Good, p50: true), true },
        { SlaMetricType.LATENCY_P50, Point(SlotVerdict.Good, slow: true, p95: true), false },
        { SlaMetricType.LATENCY_P95, Point(SlotVerdict.Good, p95: true), true },
        { SlaMetricType.LATENCY_P95, Point(SlotVerdict.Good, slow: true, p50: true), false },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Slot_IsBadForThePromiseItBroke(SlaMetricType metric, SlaHistoryPoint point, bool bad) => Assert.Equal(bad, ViolationProof.Bad(Violation(metric), point));

    [Fact]
    public void Slots_KnowWhichAreInsideAndHowBad()
    {
        var history = new SlaHistory("eu-acme000000", 10, A.Start.AddSeconds(-10), A.Start.AddSeconds(40),
            [Point(SlotVerdict.Good, second: -10), Point(SlotVerdict.Bad, bad: 50), Point(SlotVerdict.Bad, requests: 0, second: 10), Point(SlotVerdict.Bad, bad: 1, second: 20), Point(SlotVerdict.Good, second: 30)]);
        var slots = ViolationProof.Slots(Violation(SlaMetricType.UPTIME, A.Start.AddSeconds(30)), history);
        Assert.Equal([(false, false, 0), (true, true, 50), (true, true, 100), (true, true, 12), (false, false, 0)], slots.Select(s => (s.Inside, s.Bad, s.Height)));
        Assert.Equal("down by probe", ViolationProof.Words(Violation(SlaMetricType.UPTIME), slots[2].Point));
        Assert.Equal("2026-01-01T00:00:00Z,Bad,true,true,100,50,,,,false,false,false,false", ViolationProof.Csv(slots).Split("\r\n")[2]);
    }

    // Slots keep no percentile, only on which side of the promise they were.
    [Fact]
    public void Slots_OfALatencyPromise_SayWhichBrokeIt()
    {
        var violation = Violation(SlaMetricType.LATENCY_P95, A.Start.AddSeconds(20));
        var history = new SlaHistory("eu-acme000000", 10, A.Start, A.Start.AddSeconds(30), [Point(SlotVerdict.Good, p95: true), Point(SlotVerdict.Good, second: 10), Point(SlotVerdict.Unknown, requests: 0, second: 20)]);
        var slots = ViolationProof.Slots(violation, history);
        Assert.Equal([(100, "above 100 ms"), (0, "within 100 ms"), (0, "no requests")], slots.Select(s => (s.Height, ViolationProof.Words(violation, s.Point))));
        Assert.Equal("filled: Latency p95 above 100 ms", ViolationProof.Scale(violation, history));
    }

    [Fact]
    public void Minutes_OfALatencyPromise_ShowTheirPercentile()
    {
        var violation = Violation(SlaMetricType.LATENCY_P99);
        var history = new SlaHistory("eu-acme000000", 60, A.Start, A.Start.AddSeconds(60), [Point(SlotVerdict.Good, slow: true, p99: 250)]);
        var slot = Assert.Single(ViolationProof.Slots(violation, history));
        Assert.Equal((63, "250 ms"), (slot.Height, ViolationProof.Words(violation, slot.Point)));
        Assert.Equal("height: latency, full at four times the promise", ViolationProof.Scale(violation, history));
    }

    [Fact]
    public void Events_AreSentences()
    {
        Assert.Equal(("Escalated to major", "Over 5 min of bad time."), ViolationWords.Event(new ViolationEvent.Escalated(ImpactLevel.MAJOR, "over 5 min of bad time"), SlaMetricType.UPTIME));
        Assert.Equal("Two minutes without a bad slot; 1 min 30 s of bad time in all, the last ended 1 Jan 00:01 UTC.",
            ViolationWords.Event(new ViolationEvent.Closed(A.Start.AddSeconds(90), 90, null, null, null), SlaMetricType.UPTIME).Detail);
    }
}
