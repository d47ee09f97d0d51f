using Forge.Dashboard.Sla;
using Forge.Domain.Sla;
using Xunit;

namespace Forge.Dashboard.Tests.Sla;

public sealed class ViolationProofTests
{
    private static SlaViolation Violation(SlaMetricType metric, DateTimeOffset? end = null) => new(
        new string('a', 32), "eu-acme000000", metric, metric is SlaMetricType.UPTIME ? 999_500 : 100, null, null, A.Start, end, 30, ImpactLevel.MINOR, "bad time under 5 min",
        end is null ? ViolationState.OPEN : ViolationState.CLOSED, false, null, A.Start.AddSeconds(30), A.Start.AddSeconds(30));

    private static SlaHistoryPoint Point(SlotVerdict verdict, bool slow = false, bool errors = false, double? p50 = null, long requests = 100, long bad = 0, int second = 0) =>
        new(A.Start.AddSeconds(second), verdict, requests, bad, p50, null, 250, slow, errors);

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
        { SlaMetricType.LATENCY_P50, Point(SlotVerdict.Good, p50: 100), false },
        { SlaMetricType.LATENCY_P50, Point(SlotVerdict.Good, p50: 101), true },
        { SlaMetricType.LATENCY_P50, Point(SlotVerdict.Good), false },
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
        Assert.Equal("down by probe", ViolationProof.Words(SlaMetricType.UPTIME, slots[2].Point));
        Assert.Equal("2026-01-01T00:00:00Z,Bad,true,true,100,50,,,250", ViolationProof.Csv(slots).Split("\r\n")[2]);
    }

    [Fact]
    public void Events_AreSentences()
    {
        Assert.Equal(("Escalated to major", "Over 5 min of bad time."), ViolationWords.Event(new ViolationEvent.Escalated(ImpactLevel.MAJOR, "over 5 min of bad time"), SlaMetricType.UPTIME));
        Assert.Equal("Two minutes without a bad slot; 1 min 30 s of bad time in all, the last ended 1 Jan 00:01 UTC.",
            ViolationWords.Event(new ViolationEvent.Closed(A.Start.AddSeconds(90), 90, null, null, null), SlaMetricType.UPTIME).Detail);
    }
}
