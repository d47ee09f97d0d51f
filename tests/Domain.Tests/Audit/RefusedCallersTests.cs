using Forge.Domain.Audit;
using Xunit;

namespace Forge.Domain.Tests.Audit;

public sealed class RefusedCallersTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Note_OneSourceForThreeMinutes_IsToldOnceAMinuteWithEveryCall()
    {
        var callers = new RefusedCallers();

        var told = Enumerable.Range(0, 180).Select(second => callers.Note("a", Start.AddSeconds(second))).OfType<(string Source, long Count)>().ToArray();

        Assert.Equal([("a", 1L), ("a", 60L), ("a", 60L)], told);
    }

    [Theory]
    [InlineData(59.999, false)]
    [InlineData(60, true)]
    public void Note_AtTheEndOfTheMinute_IsTold(double seconds, bool told)
    {
        var callers = new RefusedCallers();
        callers.Note("a", Start);

        Assert.Equal(told, callers.Note("a", Start.AddSeconds(seconds)) is not null);
    }

    [Fact]
    public void Note_AThousandInventedSources_AreToldTogetherBeyondTwenty()
    {
        var callers = new RefusedCallers();

        var told = Enumerable.Range(0, 1_000).Select(i => callers.Note("s" + i, Start)).OfType<(string Source, long Count)>().ToArray();

        Assert.Equal(RefusedCallers.MostSources + 1, told.Length);
        Assert.Equal(RefusedCallers.Others, told[^1].Source);
        Assert.Null(callers.Note("late", Start.AddSeconds(59)));
    }

    [Fact]
    public void Note_AfterAQuietMinute_SourcesHaveEntriesOfTheirOwnAgain()
    {
        var callers = new RefusedCallers();
        for (var i = 0; i < 100; i++) callers.Note("s" + i, Start);

        Assert.Equal(("fresh", 1L), callers.Note("fresh", Start.AddMinutes(1)));
    }
}
