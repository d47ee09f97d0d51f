using System.Net;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Testing;
using Forge.WebApi.Identity;
using Forge.WebApi.Tests.Host;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Forge.WebApi.Tests.Identity;

public sealed class StepUpTests
{
    private const string Codes = "/api/account/recovery-codes";

    [Fact]
    public async Task Command_WithoutStepUp_SaysWhatIsNeeded_AndOneStepUpServesOneCommand()
    {
        await using var node = await TestNode.StartAsync();
        var admin = await node.AdminAsync();
        var before = admin.Cookies.GetCookies(node.Address)["forge-local"]!.Value;
        using (var missing = await admin.SendAsync(HttpMethod.Post, Codes, null))
        {
            Assert.Equal(HttpStatusCode.Forbidden, missing.StatusCode);
            var problem = await Browser.ProblemOf(missing);
            Assert.Equal(("step_up_required", "factor.change", 300), (problem.Code, problem.Purpose, problem.MaxAgeSeconds));
            Assert.Equal("user:" + node.Cluster.Principals.Keys.Single(), problem.Subject);
        }
        var id = await admin.StepUpAsync("factor.change", "user:" + node.Cluster.Principals.Keys.Single(), node.AdminSeed!);
        Assert.NotEqual(before, admin.Cookies.GetCookies(node.Address)["forge-local"]!.Value);
        using (var done = await admin.SendAsync(HttpMethod.Post, Codes, null, (StepUpHeader.Name, id))) Assert.Equal(HttpStatusCode.Created, done.StatusCode);
        using var again = await admin.SendAsync(HttpMethod.Post, Codes, null, (StepUpHeader.Name, id));
        Assert.Equal("step_up_required", (await Browser.ProblemOf(again)).Code);
    }

    [Theory]
    [InlineData("factor.change", "user:somebody-else")]
    [InlineData("user.disable", "own")]
    public async Task StepUp_ForAnotherPurposeOrSubject_DoesNotCount(string purpose, string subject)
    {
        await using var node = await TestNode.StartAsync();
        var admin = await node.AdminAsync();
        var own = "user:" + node.Cluster.Principals.Keys.Single();
        var id = await admin.StepUpAsync(purpose, subject == "own" ? own : subject, node.AdminSeed!);
        using var refused = await admin.SendAsync(HttpMethod.Post, Codes, null, (StepUpHeader.Name, id));
        Assert.Equal("step_up_required", (await Browser.ProblemOf(refused)).Code);
    }

    [Fact]
    public async Task StepUp_OfAnotherSession_DoesNotCount()
    {
        await using var node = await TestNode.StartAsync();
        var admin = await node.AdminAsync();
        var elsewhere = await node.AdminAsync();
        var id = await admin.StepUpAsync("factor.change", "user:" + node.Cluster.Principals.Keys.Single(), node.AdminSeed!);
        using var refused = await elsewhere.SendAsync(HttpMethod.Post, Codes, null, (StepUpHeader.Name, id));
        Assert.Equal("step_up_required", (await Browser.ProblemOf(refused)).Code);
        using var own = await admin.SendAsync(HttpMethod.Post, Codes, null, (StepUpHeader.Name, id));
        Assert.Equal(HttpStatusCode.Created, own.StatusCode);
        Assert.False((await elsewhere.ReadSessionAsync()).Authenticated);   // a factor changed: all other sessions end
    }

    [Theory]
    [InlineData(-1, HttpStatusCode.Created)]
    [InlineData(0, HttpStatusCode.Forbidden)]
    public async Task StepUp_After5Minutes_IsOver(long ticks, HttpStatusCode answer)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var node = await TestNode.StartAsync(time: time);
        var admin = await node.AdminAsync();
        var id = await admin.StepUpAsync("factor.change", "user:" + node.Cluster.Principals.Keys.Single(), node.AdminSeed!);
        time.Advance(TimeSpan.FromMinutes(5) + TimeSpan.FromTicks(ticks));
        using var done = await admin.SendAsync(HttpMethod.Post, Codes, null, (StepUpHeader.Name, id));
        Assert.Equal(answer, done.StatusCode);
    }

    [Fact]
    public async Task StepUp_WrongCode_Fails_AndTheSessionStays()
    {
        await using var node = await TestNode.StartAsync();
        var admin = await node.AdminAsync();
        var options = await Browser.ReadAsync(await admin.PostAsync("/api/auth/step-up/options", new StepUpRequest("fresh", "")), ForgeJson.Default.StepUpOptions);
        Assert.True(options.Code);
        Assert.Null(options.PasskeyOptions);
        using var wrong = await admin.PostAsync("/api/auth/step-up", new StepUpProof(options.StepUpId, null, "abcdef"));
        Assert.Equal(("step_up_failed", HttpStatusCode.Forbidden), ((await Browser.ProblemOf(wrong)).Code, wrong.StatusCode));
        Assert.True((await admin.ReadSessionAsync()).Authenticated);
    }

    [Fact]
    public async Task Passkey_AddedSignsInStepsUpAndIsRefusedWhenReplayed()
    {
        await using var node = await TestNode.StartAsync();
        var origin = node.Address.GetLeftPart(UriPartial.Authority);
        using var passkey = new SoftPasskey(origin);
        var admin = await node.AdminAsync();
        var me = "user:" + node.Cluster.Principals.Keys.Single();
        var asked = await Browser.ReadAsync(await admin.SendAsync(HttpMethod.Post, "/api/account/passkeys/options", null), ForgeJson.Default.PasskeyOptions);
        var step = await admin.StepUpAsync("factor.change", me, node.AdminSeed!);
        var body = JsonOf(new AddPasskey(asked.ChallengeId, passkey.Create(asked.Options), "Key ring"));
        var added = await Browser.ReadAsync(await admin.SendAsync(HttpMethod.Post, "/api/account/passkeys", body, ("Origin", origin), (StepUpHeader.Name, step)), ForgeJson.Default.PasskeyView);
        Assert.Equal((passkey.Id, "Key ring"), (added.Id, added.Name));

        var browser = node.Open();
        var options = await Browser.ReadAsync(await browser.SendAsync(HttpMethod.Post, "/api/auth/passkey/options", null), ForgeJson.Default.PasskeyOptions);
        var answer = JsonOf(new PasskeySignIn(options.ChallengeId, passkey.Get(options.Options)));
        var session = await Browser.ReadAsync(await browser.SendAsync(HttpMethod.Post, "/api/auth/passkey", answer, ("Origin", origin)), ForgeJson.Default.SessionView);
        Assert.Equal("ana@example.com", session.Email);
        using (var replayed = await node.Open().SendAsync(HttpMethod.Post, "/api/auth/passkey", answer, ("Origin", origin)))
            Assert.Equal("sign_in_failed", (await Browser.ProblemOf(replayed)).Code);

        passkey.Verifies = false;
        options = await Browser.ReadAsync(await node.Open().SendAsync(HttpMethod.Post, "/api/auth/passkey/options", null), ForgeJson.Default.PasskeyOptions);
        using (var unverified = await node.Open().SendAsync(HttpMethod.Post, "/api/auth/passkey", JsonOf(new PasskeySignIn(options.ChallengeId, passkey.Get(options.Options))), ("Origin", origin)))
            Assert.Equal("sign_in_failed", (await Browser.ProblemOf(unverified)).Code);

        passkey.Verifies = true;
        await browser.ReadSessionAsync();
        var stepUp = await Browser.ReadAsync(await browser.PostAsync("/api/auth/step-up/options", new StepUpRequest("factor.change", me)), ForgeJson.Default.StepUpOptions);
        await Browser.ReadAsync(await browser.SendAsync(HttpMethod.Post, "/api/auth/step-up", JsonOf(new StepUpProof(stepUp.StepUpId, passkey.Get(stepUp.PasskeyOptions!), null)), ("Origin", origin)), ForgeJson.Default.StepUpDone);
        // The app may go while the passkey stays; then the passkey is the last factor.
        var left = await Browser.ReadAsync(await browser.SendAsync(HttpMethod.Delete, "/api/account/totp", null, (StepUpHeader.Name, stepUp.StepUpId)), ForgeJson.Default.AccountView);
        Assert.Equal((false, false, 0), (left.HasTotp, left.HasPassword, left.RecoveryCodesLeft));
        var last = await browser.StepUpAsync("factor.change", me, passkey, origin);
        using var refused = await browser.SendAsync(HttpMethod.Delete, "/api/account/passkeys/" + passkey.Id, null, (StepUpHeader.Name, last));
        Assert.Equal("last_factor", (await Browser.ProblemOf(refused)).Code);
    }

    internal static string JsonOf<T>(T body) => System.Text.Json.JsonSerializer.Serialize(body, typeof(T), ForgeJson.Default);
}
