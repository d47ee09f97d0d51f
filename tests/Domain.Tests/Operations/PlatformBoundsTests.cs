using Forge.Domain.Operations;
using Xunit;

namespace Forge.Domain.Tests.Operations;

public sealed class PlatformBoundsTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static FigureState State(PlatformFigure figure, double? value, TimeSpan age = default, long limit = 0, double accepted = 1) =>
        PlatformBounds.Judge([new(figure, value, Now - age), new(PlatformFigure.IngestAccepted, accepted, Now)], limit, Now)[0].State;

    [Theory]
    [InlineData(PlatformFigure.WriteP99, 249.9, FigureState.Within)]
    [InlineData(PlatformFigure.WriteP99, 250, FigureState.Within)]
    [InlineData(PlatformFigure.WriteP99, 250.1, FigureState.Beyond)]
    [InlineData(PlatformFigure.OutboxDead, 0, FigureState.Within)]
    [InlineData(PlatformFigure.OutboxDead, 1, FigureState.Beyond)]
    [InlineData(PlatformFigure.LiveConnections, 1e9, FigureState.NotJudged)]
    public void Figure_AtItsBound_IsWithin(PlatformFigure figure, double value, FigureState state) => Assert.Equal(state, State(figure, value));

    [Theory]
    [InlineData(PlatformFigure.DeadlinesOverdue, FigureState.Unknown)]
    [InlineData(PlatformFigure.OutboxAge, FigureState.NotJudged)] // nothing waits
    [InlineData(PlatformFigure.DecodeP99, FigureState.NotJudged)] // nothing was decoded
    public void Figure_ThatWasNotMeasured_IsUnknownUnlessThereIsNothingToMeasure(PlatformFigure figure, FigureState state) => Assert.Equal(state, State(figure, null));

    [Fact]
    public void Figure_OlderThanAReadingMayBe_IsUnknownWhateverItSays()
    {
        Assert.Equal(FigureState.Within, State(PlatformFigure.OutboxDead, 0, PlatformBounds.FreshFor));
        Assert.Equal(FigureState.Unknown, State(PlatformFigure.OutboxDead, 0, PlatformBounds.FreshFor + TimeSpan.FromTicks(1)));
    }

    [Fact]
    public void Memory_IsJudgedByWhatTheProcessMayUse()
    {
        Assert.Equal(FigureState.Within, State(PlatformFigure.Memory, 850_000_000, limit: 1_000_000_000));
        Assert.Equal(FigureState.Beyond, State(PlatformFigure.Memory, 850_000_001, limit: 1_000_000_000));
        Assert.Equal(FigureState.NotJudged, State(PlatformFigure.Memory, 1e12));
    }

    [Fact]
    public void Checkpoint_WhileNoTelemetryComes_IsNotJudged()
    {
        Assert.Equal(FigureState.Beyond, State(PlatformFigure.CheckpointAge, 31));
        Assert.Equal(FigureState.NotJudged, State(PlatformFigure.CheckpointAge, 31, accepted: 0));
    }

    [Fact]
    public void Quantile_OfFewValues_IsOneOfThem()
    {
        var values = new RecentValues();
        Assert.Null(values.Quantile(500_000, Now));
        for (var i = 1; i <= 100; i++) values.Add(i, Now);
        Assert.Equal((50d, 99d, 100d, 1d), (values.Quantile(500_000, Now)!.Value, values.Quantile(990_000, Now)!.Value, values.Quantile(1_000_000, Now)!.Value, values.Quantile(1, Now)!.Value));
    }

    [Fact]
    public void Values_BeyondTheirWindowOrNumber_AreForgotten()
    {
        var values = new RecentValues();
        values.Add(1, Now);
        values.Add(2, Now + TimeSpan.FromTicks(1));
        Assert.Equal(2, values.Count(Now + RecentValues.Window - TimeSpan.FromTicks(1)));
        Assert.Equal(1, values.Count(Now + RecentValues.Window));
        for (var i = 0; i < RecentValues.Capacity; i++) values.Add(7, Now);
        Assert.Equal((RecentValues.Capacity, 7d), (values.Count(Now), values.Quantile(1, Now)!.Value));
    }

    [Fact]
    public void Rate_OfAMinute_LeavesOutTheRunningSecondAndWhatIsOlder()
    {
        var rate = new RecentRate();
        rate.Add(600, Now);
        Assert.Equal(0, rate.PerSecond(Now));
        Assert.Equal(10, rate.PerSecond(Now.AddSeconds(1)));
        Assert.Equal(10, rate.PerSecond(Now.AddSeconds(60)));
        Assert.Equal(0, rate.PerSecond(Now.AddSeconds(61)));
        for (var i = 0; i < 200; i++) rate.Add(5, Now.AddSeconds(i));
        Assert.Equal(5, rate.PerSecond(Now.AddSeconds(200)));
    }
}
