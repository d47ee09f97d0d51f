using Forge.Dashboard.Contracts;
using Forge.Domain.Contracts;
using Xunit;

namespace Forge.Dashboard.Tests.Contracts;

public sealed class ContractFormTests
{
    [Theory]
    [InlineData("99.95", 999_500)]
    [InlineData("99,95", 999_500)]
    [InlineData(" 99.9999 % ", 999_999)]
    [InlineData("99.99999", null)]
    [InlineData("101", null)]
    [InlineData("high", null)]
    public void Uptime_AsTyped_BecomesPpmOrIsNamedWrong(string typed, int? expected)
    {
        var (terms, wrong) = new ContractForm { Uptime = typed }.Read(SlaTerms.Default);
        Assert.Equal(expected, terms?.Uptime.TargetPpm);
        Assert.Equal(expected is null ? "slaTerms.uptime.targetPpm" : null, wrong);
    }

    [Fact]
    public void Terms_ThroughTheForm_ComeBackUnchanged()
    {
        var terms = SlaTerms.Default with { Uptime = new UptimeTerms(999_900, UptimeFormula.RequestRatio, 50_000, 20, 60), Latency = new LatencyTerms(20, null, 250), ErrorRateTargetPpm = null, UnknownPolicy = UnknownPolicy.CountBad };
        Assert.Equal(terms, ContractForm.Of(terms).Read(terms).Terms);
    }
}
