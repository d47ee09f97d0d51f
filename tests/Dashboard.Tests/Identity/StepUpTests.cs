using Bunit;
using Forge.Dashboard.Api;
using Forge.Dashboard.Identity;
using Forge.Domain;
using Forge.Domain.Audit;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Forge.Dashboard.Tests.Identity;

/// <summary>A command that needs a proof of its own: asked for once, in words, and sent again unchanged.</summary>
public sealed class StepUpTests
{
    private const string Disable = "/api/users/u1/disable";
    private const string Person = """{"id":"u1","email":"bo@acme.example","displayName":"Bo","enabled":false,"roles":[],"epoch":2,"createdAt":"2025-12-01T00:00:00Z","sessions":0,"hasTotp":true,"passkeys":0}""";

    private static (PageContext Page, IRenderedComponent<StepUpDialog> View, Task<Answer<UserView>> Command) Start(bool passkey, bool code, Action<PageContext>? given = null)
    {
        var page = new PageContext();
        page.HasPasskeys();
        page.SignedIn();
        page.Answers.Json[Disable] = Person;
        page.Answers.Once[Disable] = new([Given.StepUpRequired("user.disable", "user:u1")]);
        page.Answers.Json["/api/auth/step-up/options"] = Given.StepUpOptions(passkey, code);
        page.Answers.Json["/api/auth/step-up"] = Given.StepUpDone;
        given?.Invoke(page);
        var view = page.Render<StepUpDialog>();
        var api = page.Services.GetRequiredService<ForgeApi>();
        return (page, view, api.SendAsync(HttpMethod.Post, Disable[1..], new ChangeUser("left"), ForgeJson.Default.ChangeUser, ForgeJson.Default.UserView));
    }

    [Fact]
    public async Task Command_ProvedByCode_IsSentAgainUnchangedWithTheStepUp()
    {
        var (page, view, command) = Start(passkey: false, code: true);
        using var _ = page;
        Assert.Contains("to disable a person's account", view.WaitForElement("#step-up-code").Closest("dialog")!.TextContent, StringComparison.Ordinal);
        view.Find("#step-up-code").Input("123 456");
        view.Find("form").Submit();
        Assert.Equal("Bo", (await command).Value!.DisplayName);

        var sent = page.Answers.Commands.Where(c => c.Call == "POST " + Disable).ToArray();
        Assert.Equal([null, "su-1"], sent.Select(c => c.StepUp));
        Assert.Equal(sent[0].Key, sent[1].Key);
        Assert.Equal(
            ["""{"reason":"left"}""", """{"purpose":"user.disable","subject":"user:u1"}""", """{"stepUpId":"su-1","code":"123456"}""", """{"reason":"left"}"""],
            page.Answers.Sent.Select(s => s.Body));
        Assert.Empty(view.FindAll("dialog"));
        Assert.Equal("token-2", page.Services.GetRequiredService<SessionToken>().Csrf);
    }

    [Fact]
    public async Task Command_ProvedByPasskey_NeedsNoTyping()
    {
        var (page, view, command) = Start(passkey: true, code: false);
        using var _ = page;
        Assert.Empty(view.FindAll("#step-up-code"));
        view.WaitForElement(".inside button.primary").Click();
        Assert.True((await command).Succeeded);
        Assert.Contains("\"credential\":", page.Answers.Sent[2].Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Code_Wrong_StaysWithItsReasonAndMayBeTriedAgain()
    {
        var (page, view, command) = Start(passkey: true, code: true, p => p.Answers.Once["/api/auth/step-up"] = new([Given.Problem("step_up_failed")]));
        using var _ = page;
        view.WaitForElement("#step-up-code").Input("000000");
        view.Find("form").Submit();
        Assert.Contains("Title of step_up_failed", view.WaitForElement("[role=alert]").TextContent, StringComparison.Ordinal);
        Assert.False(command.IsCompleted);
        view.Find("#step-up-code").Input("123456");
        view.Find("form").Submit();
        Assert.True((await command).Succeeded);
    }

    [Fact]
    public async Task Question_Left_SendsNothingMoreAndSaysThatNothingWasDone()
    {
        var (page, view, command) = Start(passkey: false, code: true);
        using var _ = page;
        view.WaitForElement("#step-up-code");
        view.Find("footer button[type=button]").Click();
        Assert.Equal("step_up_left", (await command).Problem!.Code);
        Assert.Single(page.Answers.Commands, c => c.Call == "POST " + Disable);
        Assert.Empty(view.FindAll("dialog"));
    }

    [Fact]
    public async Task Command_RefusedAfterTheProof_GivesItsOwnReasonAndAsksNoSecondTime()
    {
        var (page, view, command) = Start(passkey: false, code: true, p => p.Answers.Once[Disable].Enqueue(Given.Problem("last_senior_admin")));
        using var _ = page;
        view.WaitForElement("#step-up-code").Input("123456");
        view.Find("form").Submit();
        Assert.Equal("last_senior_admin", (await command).Problem!.Code);
        Assert.Single(page.Answers.Commands, c => c.Call == "POST /api/auth/step-up/options");
    }

    [Fact]
    public async Task Options_NotThere_OfferAnotherTry()
    {
        var (page, view, command) = Start(passkey: false, code: true, p => p.Answers.Once["/api/auth/step-up/options"] = new([Given.Problem("rate_limited")]));
        using var _ = page;
        view.WaitForElement("[role=alert]");
        view.FindAll("[role=alert] button").Single(b => b.TextContent == "Try again").Click();
        view.WaitForElement("#step-up-code").Input("123456");
        view.Find("form").Submit();
        Assert.True((await command).Succeeded);
    }

    [Fact]
    public async Task TwoCommands_AtOnce_AreAskedOneAfterTheOther()
    {
        var (page, view, first) = Start(passkey: false, code: true, p =>
        {
            p.Answers.Json["/api/users/u2/enable"] = Person;
            p.Answers.Once["/api/users/u2/enable"] = new([Given.StepUpRequired("user.enable", "user:u2")]);
        });
        using var _ = page;
        var second = page.Services.GetRequiredService<ForgeApi>().SendAsync(HttpMethod.Post, "api/users/u2/enable", new ChangeUser("back"), ForgeJson.Default.ChangeUser, ForgeJson.Default.UserView);
        view.WaitForElement("#step-up-code").Input("111111");
        view.Find("form").Submit();
        Assert.True((await first).Succeeded);
        view.WaitForState(() => view.Markup.Contains("to enable a person", StringComparison.Ordinal));
        view.WaitForElement("#step-up-code").Input("222222");
        view.Find("form").Submit();
        Assert.True((await second).Succeeded);
    }

    [Fact]
    public async Task Command_WithNobodyToAsk_IsNotLeftHanging()
    {
        using var page = new PageContext();
        page.SignedIn();
        page.Answers.Once[Disable] = new([Given.StepUpRequired("user.disable", "user:u1")]);
        var answer = await page.Services.GetRequiredService<ForgeApi>().SendAsync(HttpMethod.Post, Disable[1..], new ChangeUser("left"), ForgeJson.Default.ChangeUser, ForgeJson.Default.UserView);
        Assert.Equal("step_up_left", answer.Problem!.Code);
    }
}
