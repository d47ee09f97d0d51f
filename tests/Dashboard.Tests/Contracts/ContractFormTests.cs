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

    [Theory]
    [InlineData("", true, null)]
    [InlineData("150000", true, 15_000_000L)]
    [InlineData("150000.00", true, 15_000_000L)]
    [InlineData("150 000,5", true, 15_000_050L)]
    [InlineData("150,000.25", true, 15_000_025L)]
    [InlineData("150.000,25", true, 15_000_025L)]
    [InlineData("1.500.000", true, 150_000_000L)]
    [InlineData("1e5", false, null)]
    [InlineData("-1", false, null)]
    [InlineData("a lot", false, null)]
    [InlineData("99999999999999", false, null)]
    public void AnnualValue_AsTyped_IsReadInCents(string text, bool good, long? cents)
    {
        Assert.Equal(good, new ContractForm { AnnualValue = text }.TryAnnualValue(out var read));
        Assert.Equal(cents, read);
    }

    [Fact]
    public void Money_ShownAndReadAgain_IsTheSame()
    {
        foreach (var cents in new long[] { 100, 101, 15_000_000, 99_999_999_999 })
        {
            Assert.True(new ContractForm().WithMoney(cents, "EUR").TryAnnualValue(out var read));
            Assert.Equal(cents, read);
        }
    }
}
