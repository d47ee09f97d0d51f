using System.Collections.Immutable;
using System.Text.Json;
using Bunit;
using Forge.Dashboard.Operations;
using Forge.Domain;
using Forge.Domain.Operations;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Forge.Dashboard.Tests.Operations;

public sealed class ClusterPageTests
{
    private static ClusterMember Member(string name, MemberRole role, MemberState state = MemberState.Well) => new(
        name, name, role, "10.0.0.1:1", null, "1.2.3", state, "Active", A.Start.AddHours(-2), 120_000, 300_000_000, 40, role == MemberRole.Web ? null : 42, role == MemberRole.Silo ? null : 1_250, role == MemberRole.Silo ? null : 0, 3, 0.2, A.Start.AddSeconds(-2));

    private static ClusterView View(ImmutableArray<ClusterMember> members, string? problem = null, params (PlatformFigure Figure, double? Value)[] readings) => new(
        A.Start, members, [new PumpView("silo-a", "node-b", 4.2, 7, 1, FigureState.Beyond)], [new SiloGrains("SlaGrain", "silo-a", 40), new SiloGrains("SlaGrain", "silo-b", 2)],
        PlatformBounds.Judge([.. readings.Select(r => new FigureReading(r.Figure, r.Value, A.Start))], 0, A.Start), problem);

    private static IRenderedComponent<ClusterPage> Open(PageContext page, ClusterView cluster)
    {
        page.Answers.Json["/api/operations/cluster"] = JsonSerializer.Serialize(cluster, ForgeJson.Default.ClusterView);
        var view = page.Render<ClusterPage>();
        view.WaitForState(() => view.FindAll(".groups").Count > 0);
        return view;
    }

    [Fact]
    public void Page_OfASiloAndANode_ShowsWhatEachCarries()
    {
        using var page = new PageContext();
        var view = Open(page, View([Member("silo-a", MemberRole.Silo), Member("node-b", MemberRole.Web, MemberState.Silent)], null, (PlatformFigure.OutboxDead, 0)));
        Assert.Equal("1 silo, 1 web node: 1 process needs a look, 1 feed is late.", view.Find(".titles p").TextContent);
        Assert.Equal(["node-b", "silo-a"], view.FindAll("[aria-label=Processes] tbody .name span:first-child").Select(n => n.TextContent));   // worst first
        var silo = view.FindAll("[aria-label=Processes] tbody tr")[1];
        Assert.Equal("42", silo.QuerySelector("[data-label=Grains]")!.TextContent);
        Assert.Equal("40 ms ahead", silo.QuerySelector("[data-label=Clock]")!.TextContent);
        Assert.Contains("1,250 /s", view.FindAll("[aria-label=Processes] tbody tr")[0].TextContent, StringComparison.Ordinal);
        Assert.Contains("4.2 s ago", view.Find("[aria-label='Live feed pumps'] tbody").TextContent, StringComparison.Ordinal);
        Assert.Equal(["SlaGrain", "42", "40", "2"], view.FindAll("[aria-label='Active grains'] tbody tr > *").Select(c => c.TextContent));
    }

    [Fact]
    public void Page_SortedByAnotherColumn_KeepsTheOrderInTheAddressAndInTheFile()
    {
        using var page = new PageContext();
        var view = Open(page, View([Member("a", MemberRole.Silo), Member("b", MemberRole.Silo)]));
        view.FindAll("[aria-label=Processes] thead button").Single(b => b.TextContent.Contains("Process", StringComparison.Ordinal) && !b.TextContent.Contains("Processor", StringComparison.Ordinal)).Click();
        Assert.EndsWith("?sort=name", page.Services.GetRequiredService<NavigationManager>().Uri, StringComparison.Ordinal);
        view.WaitForAssertion(() => Assert.Contains("sort=name&format=csv", view.Find("a[download]").GetAttribute("href"), StringComparison.Ordinal));
    }

    [Fact]
    public void Page_WithoutTheCluster_SaysSo()
    {
        using var page = new PageContext();
        var view = Open(page, View([Member("node-b", MemberRole.Web)], "cluster_unavailable"));
        Assert.Contains("The cluster does not answer", view.Find("[role=alert]").TextContent, StringComparison.Ordinal);
        Assert.Equal("The cluster does not answer; only the process that answers you is known.", view.Find(".titles p").TextContent);
    }

    [Fact]
    public void Page_ThatHearsNothingNew_TurnsGreyAndSaysHowOldItIs()
    {
        using var page = new PageContext();
        var view = Open(page, View([Member("a", MemberRole.SiloAndWeb)]));
        page.Answers.Json.Clear();
        page.Clock.Advance(TimeSpan.FromSeconds(16));
        view.WaitForAssertion(() => Assert.Equal("stale 16 s", view.Find("[aria-label=Processes] .age").TextContent));
        Assert.NotEmpty(view.FindAll(".groups.old"));
    }

    [Theory]
    [InlineData(null, "—")]
    [InlineData(9L, "agrees")]
    [InlineData(-9L, "agrees")]
    [InlineData(10L, "10 ms ahead")]
    [InlineData(-12_000L, "12.0 s behind")]
    public void Clock_AgainstTheOthers_IsInWords(long? ahead, string expected) => Assert.Equal(expected, ClusterWords.Clock(ahead));
}
