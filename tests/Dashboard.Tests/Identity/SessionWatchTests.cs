using Bunit;
using Forge.Dashboard.Api;
using Forge.Dashboard.Identity;
using Forge.Domain;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Forge.Dashboard.Tests.Identity;

public sealed class SessionWatchTests
{
    private static (PageContext Page, IRenderedComponent<SessionWatch> View) Start(string? endsAt = null)
    {
        var page = new PageContext();
        page.SignedIn(endsAt: endsAt);
        return (page, page.Render<SessionWatch>());
    }

    private static bool Shown(IRenderedComponent<SessionWatch> view) => view.FindAll("[role=status]").Count > 0;

    [Theory]
    [InlineData(-1, false)]
    [InlineData(0, true)]
    [InlineData(299, true)]
    [InlineData(300, false)]
    public void Notice_AroundTheLastFiveMinutes_IsThereOnlyInThem(int seconds, bool shown)
    {
        var (page, view) = Start();
        using var _ = page;
        page.Clock.Advance(TimeSpan.FromMinutes(25) + TimeSpan.FromSeconds(seconds));
        view.WaitForAssertion(() => Assert.Equal(shown, Shown(view)));
    }

    [Fact]
    public void Notice_Answered_AsksTheServerAndGoes()
    {
        var (page, view) = Start();
        using var _ = page;
        page.Clock.Advance(TimeSpan.FromMinutes(26));
        view.WaitForElement("button").Click();
        view.WaitForAssertion(() => Assert.False(Shown(view)));
        Assert.Equal(2, page.Answers.Asked.Count(a => a == "/api/session"));
    }

    [Fact]
    public async Task Work_HereOrInAnotherTab_BeginsTheTimeAnew()
    {
        var (page, view) = Start();
        using var _ = page;
        page.Clock.Advance(TimeSpan.FromMinutes(20));
        await page.Services.GetRequiredService<ForgeApi>().GetAsync("api/session", ForgeJson.Default.SessionView);
        Assert.Equal("at-work", page.TabScript.Invocations["tell"].Single().Arguments[0]);
        page.Clock.Advance(TimeSpan.FromMinutes(24));
        Assert.False(Shown(view));
        page.Services.GetRequiredService<SessionTabs>().Told(SessionTabs.AtWork);
        page.Clock.Advance(TimeSpan.FromMinutes(24));
        Assert.False(Shown(view));
        page.Clock.Advance(TimeSpan.FromMinutes(1));
        view.WaitForAssertion(() => Assert.True(Shown(view)));
    }

    [Fact]
    public void AbsoluteEnd_Near_IsSaidWithoutAWayAroundIt()
    {
        var (page, view) = Start("2026-01-01T00:10:00Z");
        using var _ = page;
        page.Clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Contains("Your session ends in 4 min", view.WaitForElement("[role=status]").TextContent, StringComparison.Ordinal);
        Assert.Empty(view.FindAll("button"));
    }
}
