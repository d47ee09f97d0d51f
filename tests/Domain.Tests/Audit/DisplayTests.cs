using System.Collections.Immutable;
using Forge.Domain.Audit;
using Xunit;

namespace Forge.Domain.Tests.Audit;

public sealed class DisplayTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 4, 10, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("7K3M9Q2V", "7K3M9Q2V")]
    [InlineData("7k3m-9q2v", "7K3M9Q2V")]
    [InlineData(" 7k3m 9q2v ", "7K3M9Q2V")]
    [InlineData("oilOIL00", "01101100")]
    [InlineData("7K3M9Q2", null)]
    [InlineData("7K3M9Q2VX", null)]
    [InlineData("7K3M9Q2U", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void Normalize_TypedCode_HasOneForm(string? typed, string? code) => Assert.Equal(code, Displays.Normalize(typed));

    [Theory]
    [InlineData(null, "pairing_code_wrong")]
    [InlineData(DisplayState.WAITING, null)]
    [InlineData(DisplayState.PAIRED, "pairing_code_wrong")]
    [InlineData(DisplayState.REVOKED, "pairing_code_wrong")]
    [InlineData(DisplayState.EXPIRED, "pairing_expired")]
    public void MayApprove_EachState_OnlyWhileItWaits(DisplayState? state, string? code) => Assert.Equal(code, Displays.MayApprove(state)?.Code);

    [Fact]
    public void StateOfCode_AtItsEnd_IsExpiredUnlessTaken()
    {
        Assert.Equal(DisplayState.WAITING, Displays.StateOfCode(false, Now, Now.AddTicks(-1)));
        Assert.Equal(DisplayState.EXPIRED, Displays.StateOfCode(false, Now, Now));
        Assert.Equal(DisplayState.PAIRED, Displays.StateOfCode(true, Now, Now.AddDays(1)));
    }

    [Fact]
    public void StateOf_Unseen30DaysOrRevoked_HasEnded()
    {
        Assert.Equal(DisplayState.PAIRED, Displays.StateOf(Now, null, Now.AddDays(30).AddTicks(-1)));
        Assert.Equal(DisplayState.EXPIRED, Displays.StateOf(Now, null, Now.AddDays(30)));
        Assert.Equal(DisplayState.REVOKED, Displays.StateOf(Now, Now, Now.AddDays(31)));
    }

    [Fact]
    public void IsStale_UnheardOldOrNeverReported_IsSaid()
    {
        var fresh = new DisplayView("a", "Hall", DisplayState.PAIRED, new CredentialScope(true, []), false, Now, "user:a", Now, 7, 900, null);
        Assert.False(Displays.IsStale(fresh, Now.AddSeconds(60)));
        Assert.True(Displays.IsStale(fresh, Now.AddSeconds(61)));
        Assert.True(Displays.IsStale(fresh with { DataAgeMs = 10_001 }, Now));
        Assert.False(Displays.IsStale(fresh with { DataAgeMs = null }, Now.AddSeconds(60)));   // it was paired just now
        Assert.True(Displays.IsStale(fresh with { DataAgeMs = null, PairedAt = Now.AddSeconds(-61) }, Now));
        Assert.False(Displays.IsStale(fresh with { State = DisplayState.REVOKED }, Now.AddDays(1)));
    }

    [Theory]
    [InlineData(true, "", null)]
    [InlineData(true, "eu-7k3m9q2v4x", "all_or_list")]
    [InlineData(false, "", "required")]
    [InlineData(false, "eu-7k3m9q2v4x", null)]
    [InlineData(false, "eu-7k3m9q2v4x us-0000000000", "organization_unknown")]
    [InlineData(false, "acme", "organization_format")]
    public void Scope_AllOrExistingOrganizations(bool all, string ids, string? fault)
    {
        ImmutableHashSet<string> known = ["eu-7k3m9q2v4x"];
        Assert.Equal(fault, new CredentialScope(all, [.. ids.Split(' ', StringSplitOptions.RemoveEmptyEntries)]).Fault(known));
        Assert.Equal(all ? null : "required", new CredentialScope(all, default).Fault(known));
    }
}
