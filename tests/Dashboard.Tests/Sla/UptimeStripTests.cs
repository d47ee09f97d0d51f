using Forge.Dashboard.Sla;
using Forge.Domain.Sla;
using Xunit;

namespace Forge.Dashboard.Tests.Sla;

public sealed class UptimeStripTests
{
    private static SlaHistoryPoint Point(int second, SlotVerdict verdict, long bad = 0) => new(A.Start.AddSeconds(second), verdict, 100, bad, null, null, null, false, false);

    [Fact]
    public void Runs_MergeNeighboursAndKeepGapsUnknown()
    {
        var history = new SlaHistory("eu-acme000000", 10, A.Start, A.Start.AddSeconds(60),
            [Point(0, SlotVerdict.Good), Point(10, SlotVerdict.Good), Point(20, SlotVerdict.Bad, 40), Point(50, SlotVerdict.Good)]);
        var runs = UptimeStrip.Runs(history).Select(r => (r.Verdict, (int)(r.From - A.Start).TotalSeconds, (int)(r.To - A.Start).TotalSeconds, r.BadRequests));
        Assert.Equal([(SlotVerdict.Good, 0, 20, 0L), (SlotVerdict.Bad, 20, 30, 40L), (SlotVerdict.Unknown, 30, 50, 0L), (SlotVerdict.Good, 50, 60, 0L)], runs);
    }

    [Theory]
    [InlineData(30, 1)]
    [InlineData(40, 2)]
    public void Runs_LeaveOutTheSlotsThatStillArrive(int silence, int runs)
    {
        var history = new SlaHistory("eu-acme000000", 10, A.Start, A.Start.AddSeconds(10 + silence), [Point(0, SlotVerdict.Good)]);
        Assert.Equal(runs, UptimeStrip.Runs(history).Count);
    }
}
