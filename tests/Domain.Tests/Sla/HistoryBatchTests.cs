using Forge.Domain.Sla;
using Xunit;

namespace Forge.Domain.Tests.Sla;

/// <summary>A batch may bring hours at once (a sender that catches up): every slot gets its verdict before its detail is overwritten.</summary>
public sealed class HistoryBatchTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 10, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(9)]
    [InlineData(60)]
    [InlineData(350)]
    public void Ingest_MinutesInOneBatch_JudgesEverySlot(int minutes)
    {
        var (_, from, last) = ZoneTimeline.Utc.MonthAt(Now);
        var engine = SlaEngine.Create(new SlaPolicy(true, Domain.Contracts.SlaTerms.Default, 1, ZoneTimeline.Utc, from, last, from, last), Now);
        var start = Now.AddMinutes(-minutes);
        var intervals = Enumerable.Range(0, minutes).Select(i => new DeltaInterval(
            5, start.AddMinutes(i).ToUnixTimeMilliseconds(), start.AddMinutes(i + 1).ToUnixTimeMilliseconds(), 600, i == 4 ? 600 : 0, [], []));

        var receipt = engine.Ingest(new TelemetryBatch(1, [], [.. intervals]), Now, out _);

        Assert.Equal(minutes, receipt.Accepted);
        var month = engine.Month(Now);
        Assert.Equal((minutes * 6 - 6, 6), (month.Good, month.Bad));
        Assert.Equal(minutes * 600, month.Requests);
    }
}
