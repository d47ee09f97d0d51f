using Forge.Domain.Audit;
using Xunit;

namespace Forge.Domain.Tests.Audit;

public sealed class StepUpChallengeTests
{
    private const string Purpose = "access.approve";
    private const string Subject = "grant:0198f3c2a7b44c1e9d2f6a5b8c7d6e5f:1";
    private static readonly byte[] Content = new byte[32];
    private static readonly byte[] Random = [.. Enumerable.Range(0, 16).Select(i => (byte)i)];

    [Fact]
    public void Challenge_OfTheWorkedExample_IsTheComputedOne() =>
        Assert.Equal("41a3872fd4b8183ad272328f230268734c36988f2b4e3a4449b99deefb88cbad", Convert.ToHexStringLower(StepUpChallenge.Of(Purpose, Subject, Content, Random).AsSpan()));

    [Fact]
    public void Challenge_WhenAnythingChanges_IsAnother()
    {
        var good = StepUpChallenge.Of(Purpose, Subject, Content, Random);
        byte[] other = [1, .. Content[1..]];
        Assert.NotEqual(good, StepUpChallenge.Of("access.activate", Subject, Content, Random));
        Assert.NotEqual(good, StepUpChallenge.Of(Purpose, Subject[..^1] + "2", Content, Random));
        Assert.NotEqual(good, StepUpChallenge.Of(Purpose, Subject, other, Random));
        Assert.NotEqual(good, StepUpChallenge.Of(Purpose, Subject, Content, [1, .. Random[1..]]));
        // Lengths stand in front of the fields, so text cannot move from one to the next.
        Assert.NotEqual(StepUpChallenge.Of("ab", "c", Content, Random), StepUpChallenge.Of("a", "bc", Content, Random));
    }

    [Theory]
    [InlineData(31, 16)]
    [InlineData(32, 15)]
    [InlineData(32, 17)]
    public void Challenge_FromOtherLengths_IsRefused(int content, int random) =>
        Assert.Throws<ArgumentException>(() => StepUpChallenge.Of(Purpose, Subject, new byte[content], new byte[random]));
}
