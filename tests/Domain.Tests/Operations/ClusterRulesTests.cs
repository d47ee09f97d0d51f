using System.Collections.Immutable;
using Forge.Domain.Operations;
using Xunit;

namespace Forge.Domain.Tests.Operations;

public sealed class ClusterRulesTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static ProcessReport Silo(string process, string address, long? ahead = 0, params PumpReport[] pumps) =>
        new(process, "1.2.3", Start.AddHours(-1), ahead, null, null, null, new SiloPart(address, [.. pumps], 0.5, 2));

    private static ProcessReport Web(string process, string run, long? ahead = 0, double accepted = 10, TelemetryLag? lag = null) =>
        new(process, "1.2.3", Start.AddHours(-1), ahead, 250_000, 1_000, new WebPart("http://" + process, run, accepted, 1, 3, 0.4, lag), null);

    private static SiloMember Member(string address, string status = "Active", int? activations = 7) => new("silo-" + address, address, status, Start.AddHours(-1), activations, 100_000, 2_000);

    private static ClusterReports Heard(params (ProcessReport Report, DateTimeOffset At)[] reports)
    {
        var kept = ClusterReports.None;
        foreach (var (report, at) in reports) kept = kept.Take(report, at);
        return kept;
    }

    [Fact]
    public void Members_OfOneProcessWithBothParts_AreOneRow()
    {
        var member = Assert.Single(ClusterRules.Members([Member("10.0.0.1:1")], Heard((Silo("a/1", "10.0.0.1:1"), Start), (Web("a/1", "run"), Start)), Start));
        Assert.Equal((MemberRole.SiloAndWeb, MemberState.Well, "1.2.3", 250_000, 1_000L), (member.Role, member.State, member.Version, member.CpuPpm, member.MemoryBytes));
        Assert.Equal(("10.0.0.1:1", "http://a/1", 7, 10d, 3L, 0.5), (member.Address, member.WebAddress, member.Activations, member.AcceptedPerSecond, member.Connections, member.ReminderLateSeconds));
    }

    [Fact]
    public void Members_OfTwoSilosAndTwoNodes_AreFourRowsWithWhatEachKnows()
    {
        var members = ClusterRules.Members(
            [Member("10.0.0.2:1"), Member("10.0.0.1:1")], Heard((Silo("a/1", "10.0.0.1:1"), Start), (Silo("b/1", "10.0.0.2:1"), Start), (Web("d/1", "r2"), Start), (Web("c/1", "r1"), Start)), Start);
        Assert.Equal(["10.0.0.1:1", "10.0.0.2:1", "c/1", "d/1"], members.Select(m => m.Id));
        Assert.All(members.Take(2), m => Assert.Equal((MemberRole.Silo, 100_000, null), (m.Role, m.CpuPpm, m.AcceptedPerSecond)));
        Assert.All(members.Skip(2), m => Assert.Equal((MemberRole.Web, null, 10d), (m.Role, m.Activations, m.AcceptedPerSecond)));
    }

    [Theory]
    [InlineData(15_999, MemberState.Well)]
    [InlineData(16_000, MemberState.Well)]
    [InlineData(16_001, MemberState.Silent)]
    public void Members_NotHeardForLong_AreSilent(int agoMs, MemberState expected)
    {
        var now = Start.AddMilliseconds(agoMs);
        var members = ClusterRules.Members([Member("10.0.0.1:1")], Heard((Silo("a/1", "10.0.0.1:1"), Start), (Web("c/1", "r1"), Start)), now);
        Assert.All(members, m => Assert.Equal(expected, m.State));
    }

    [Fact]
    public void Members_ThatJustJoined_AreNotSilentYet()
    {
        var young = Member("10.0.0.1:1") with { StartedAt = Start.AddSeconds(-3) };
        Assert.Equal(MemberState.Well, Assert.Single(ClusterRules.Members([young], ClusterReports.None, Start)).State);
        Assert.Equal(MemberState.Silent, Assert.Single(ClusterRules.Members([young], ClusterReports.None, Start.AddSeconds(14))).State);
    }

    [Theory]
    [InlineData(2_000, MemberState.Well)]
    [InlineData(2_001, MemberState.ClockOff)]
    [InlineData(-2_000, MemberState.Well)]
    [InlineData(-2_001, MemberState.ClockOff)]
    public void Members_WithAnotherTime_HaveTheirClockOff(long ahead, MemberState expected) =>
        Assert.All(ClusterRules.Members([Member("10.0.0.1:1")], Heard((Silo("a/1", "10.0.0.1:1", ahead), Start), (Web("c/1", "r", ahead), Start)), Start), m => Assert.Equal(expected, m.State));

    [Theory]
    [InlineData("Joining", 7, MemberState.Changing)]
    [InlineData("ShuttingDown", null, MemberState.Changing)]
    [InlineData("Active", null, MemberState.Silent)]
    public void Members_BySilosOwnWord_AreJudged(string status, int? activations, MemberState expected) =>
        Assert.Equal(expected, Assert.Single(ClusterRules.Members([Member("10.0.0.1:1", status, activations)], Heard((Silo("a/1", "10.0.0.1:1"), Start)), Start)).State);

    [Theory]
    [InlineData(0, 100, 50, 0)]
    [InlineData(1_000, 1_100, 50, 1_000)]
    [InlineData(-500, -400, 50, -500)]
    public void ClockAhead_WithTheSameTimeOnEachWay_IsExact(int sent, int received, int answered, int expected) =>
        Assert.Equal(expected, ClusterRules.ClockAhead(Start.AddMilliseconds(sent), Start.AddMilliseconds(received), Start.AddMilliseconds(answered)).TotalMilliseconds);

    [Fact]
    public void Lag_CountsWhoSends_AndTakesTheLowerMedian()
    {
        DateTimeOffset?[] newest = [Start.AddSeconds(-10), Start.AddSeconds(-30), Start.AddSeconds(5), Start.AddSeconds(-40), Start.AddMinutes(-15), Start.AddMinutes(-15).AddTicks(-1), null];
        Assert.Equal(new TelemetryLag(5, 30, 900), ClusterRules.LagOf(newest, Start));
        Assert.Null(ClusterRules.LagOf([null, Start.AddMinutes(-16)], Start));
    }

    [Fact]
    public void Pumps_AreNamedJudgedAndOldestFirst()
    {
        var reports = Heard((Silo("a/1", "10.0.0.1:1", 0, new PumpReport("r1", 3, 0, 0), new PumpReport("r2", 3.1, 40, 2), new PumpReport("gone", null, 1, 0)), Start), (Web("c/1", "r1"), Start), (Web("d/1", "r2"), Start));
        var members = ClusterRules.Members([Member("10.0.0.1:1")], reports, Start);
        Assert.Equal(
            [new PumpView("silo-10.0.0.1:1", "d/1", 3.1, 40, 2, FigureState.Beyond), new PumpView("silo-10.0.0.1:1", "gone", null, 1, 0, FigureState.Unknown), new PumpView("silo-10.0.0.1:1", "c/1", 3, 0, 0, FigureState.Within)],
            ClusterRules.Pumps(members, reports, Start));
        Assert.All(ClusterRules.Pumps(members, reports, Start.AddSeconds(17)), p => Assert.Equal(FigureState.Unknown, p.State));
        Assert.Empty(ClusterRules.Pumps([], reports, Start));
    }

    [Fact]
    public void Figures_OverAllProcesses_AreSumsAndTheWorst()
    {
        var reports = Heard((Silo("a/1", "10.0.0.1:1", -40), Start), (Web("c/1", "r1", 30, 10, new TelemetryLag(5, 12, 40)), Start), (Web("d/1", "r2", 20, 5, new TelemetryLag(4, 90, 95)), Start), (Web("e/1", "r3", 9_000, 99), Start.AddSeconds(-20)));
        var figures = ClusterRules.Figures(reports, Start).ToDictionary(f => f.Figure, f => f.Value);
        Assert.Equal((40d, 0.5, 12d, 40d), (figures[PlatformFigure.ClockOffset], figures[PlatformFigure.ReminderLate], figures[PlatformFigure.TelemetryLag], figures[PlatformFigure.TelemetryLagWorst]));
        Assert.Equal((15d, 2d, 6d), (figures[PlatformFigure.IngestAccepted], figures[PlatformFigure.IngestRefused], figures[PlatformFigure.LiveConnections]));
        Assert.All(ClusterRules.Figures(ClusterReports.None, Start), f => Assert.Null(f.Value));
    }

    [Fact]
    public void Reports_AreReplacedForgottenAndBounded()
    {
        var reports = Heard((Web("c/1", "old"), Start), (Web("c/1", "new"), Start.AddSeconds(5)), (Silo("c/1", "10.0.0.1:1"), Start));
        Assert.Equal(2, reports.Parts.Count);
        Assert.Equal("new", reports.Parts["web/c/1"].Report.Web!.Run);
        Assert.Equal(["web/c/1", "web/d/1"], reports.Take(Web("d/1", "r"), Start.AddMinutes(5).AddTicks(1)).Parts.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(["silo/10.0.0.1:1"], reports.Leave("web/c/1").Parts.Keys);
        for (var i = 0; i < ClusterReports.Most + 10; i++) reports = reports.Take(Web("n/" + i, "r"), Start.AddMilliseconds(5_001 + i));
        Assert.Equal(ClusterReports.Most, reports.Parts.Count);
        Assert.DoesNotContain("silo/10.0.0.1:1", reports.Parts.Keys);
    }

    [Fact]
    public void Sort_ByEveryField_OrdersAndKeepsNamesForEqualOnes()
    {
        var (a, b) = (ClusterRules.Members([Member("10.0.0.1:1")], Heard((Silo("a/1", "10.0.0.1:1", -5), Start)), Start)[0], ClusterRules.Members([], Heard((Web("z/1", "r", 3), Start)), Start)[0]);
        foreach (var field in ClusterRules.SortFields)
        {
            var up = ClusterRules.Sort([b, a], field, false);
            var down = ClusterRules.Sort([b, a], field, true);
            Assert.True(up[0] == a ? down[0] == b || field is "version" or "state" or "startedAt" : down[0] == a, field);
        }
        Assert.Equal([b, a], ClusterRules.Sort([a, b], "clock", false));
        Assert.Equal([a, b], ClusterRules.Sort([b, a], "state", true));
    }
}
