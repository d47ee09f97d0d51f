using System.Net;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Testing;
using Forge.WebApi.Identity;
using Forge.WebApi.Tests.Host;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Forge.WebApi.Tests.Identity;

public sealed class FactorTests
{
    [Fact]
    public async Task Code_Used_IsRefusedTheSecondTime_AndOneOfTwoAtOnceWins()
    {
        await using var node = await TestNode.StartAsync();
        await node.AdminAsync();
        var id = node.Cluster.Principals.Keys.Single();
        var factors = node.Services.GetRequiredService<FactorStore>();
        var code = await AuthenticatorApp.Of(node.AdminSeed!).NextAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => factors.AcceptAsync(id, code)));
        Assert.Equal(["otp"], answers.Where(a => a is not null));
        Assert.Null(await factors.AcceptAsync(id, code));
    }

    [Theory]
    [InlineData(-2, false)]
    [InlineData(-1, true)]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public void Code_OfAStep_CountsOneStepEitherSide(int steps, bool accepted)
    {
        var seed = TotpCodes.NewSeed();
        var now = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        Assert.Equal(accepted, TotpCodes.StepOf(seed, AuthenticatorApp.Of(seed).CodeAt(now.AddSeconds(30 * steps)), now) is not null);
    }

    // RFC 6238, appendix B: ASCII seed 12345678901234567890; the last six of the eight digits there.
    [Theory]
    [InlineData(59, "287082")]
    [InlineData(1111111109, "081804")]
    [InlineData(2000000000, "279037")]
    public void Code_OfTheRfc_IsAccepted(long seconds, string code)
    {
        Assert.Equal(code, AuthenticatorApp.Of("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").CodeAt(DateTimeOffset.FromUnixTimeSeconds(seconds)));
        Assert.Equal(seconds / 30, TotpCodes.StepOf("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", code, DateTimeOffset.FromUnixTimeSeconds(seconds)));
    }

    [Fact]
    public async Task Seed_IsSealedInTheStore()
    {
        await using var node = await TestNode.StartAsync();
        await node.AdminAsync();
        await using var store = node.Services.GetRequiredService<Func<IdentityStore>>()();
        var row = await store.Totps.AsNoTracking().SingleAsync();
        Assert.StartsWith("v1.1.", row.Seed, StringComparison.Ordinal);
        Assert.DoesNotContain(node.AdminSeed!, row.Seed, StringComparison.Ordinal);
        var secrets = node.Services.GetRequiredService<IdentitySecrets>();
        Assert.Equal(node.AdminSeed, secrets.Open("user_totp|seed|" + row.UserId, row.Seed));
        Assert.ThrowsAny<System.Security.Cryptography.CryptographicException>(() => secrets.Open("user_totp|seed|" + Guid.NewGuid().ToString("N"), row.Seed));
    }

    [Fact]
    public async Task WebKeys_AreSealedInTheStore()
    {
        await using var node = await TestNode.StartAsync();
        await node.AdminAsync();
        await using var store = node.Services.GetRequiredService<Func<IdentityStore>>()();
        var key = await store.DataProtectionKeys.AsNoTracking().SingleAsync();
        Assert.Contains("v1.1.", key.Xml, StringComparison.Ordinal);
        Assert.DoesNotContain("<value>", key.Xml, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RecoveryCode_OpensOnlyTheWayToANewFactor_AndWorksOnce()
    {
        await using var node = await TestNode.StartAsync();
        var first = node.Open();
        var link = (await node.Services.GetRequiredService<SetupService>().OpenAsync("http://localhost"))!;
        var (made, _) = await first.SetUpAsync(link.Split('#')[1]);
        var typed = string.Join("-", made.RecoveryCodes[0].ToLowerInvariant().Chunk(6).Select(c => new string(c)));

        var browser = node.Open();
        var session = await CodeAsync(browser, typed);
        Assert.True(session.MustEnrol);
        await browser.ReadSessionAsync();
        using (var closed = await browser.GetAsync("/api/organizations")) Assert.Equal("factor_required", (await Browser.ProblemOf(closed)).Code);
        var again = node.Open();
        using (var used = await HalfAsync(again, typed)) Assert.Equal("sign_in_failed", (await Browser.ProblemOf(used)).Code);

        var begun = await Browser.ReadAsync(await browser.SendAsync(HttpMethod.Post, "/api/account/totp/begin", null), ForgeJson.Default.EnrolmentBegun);
        var codes = await Browser.ReadAsync(await browser.PostAsync("/api/account/totp", new AddTotp(begun.EnrolmentId, await AuthenticatorApp.Of(begun.Secret!).NextAsync(), null)), ForgeJson.Default.RecoveryCodes);
        Assert.Equal(FactorStore.RecoveryCodes, codes.Codes.Length);
        Assert.False((await browser.ReadSessionAsync()).MustEnrol);
        using (var open = await browser.GetAsync("/api/organizations")) Assert.Equal(HttpStatusCode.OK, open.StatusCode);
        Assert.False((await first.ReadSessionAsync()).Authenticated);   // another session of the person
        using var oldCode = await HalfAsync(node.Open(), made.RecoveryCodes[1]);
        Assert.Equal("sign_in_failed", (await Browser.ProblemOf(oldCode)).Code);
    }

    [Fact]
    public async Task FiveFailures_ClosePasswordWayFor15Minutes()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var node = await TestNode.StartAsync(time: time);
        await node.AdminAsync();
        time.Advance(TimeSpan.FromMinutes(2));
        var ticket = await Browser.ReadAsync(await node.Open().PostAsync("/api/auth/password", new SignInRequest("ana@example.com", TestNode.Password)), ForgeJson.Default.SignInTicket);
        for (var i = 0; i < 5; i++)
        {
            using var wrong = await node.Open().PostAsync("/api/auth/totp", new TotpSignIn(ticket.Ticket, "abcdef"));
            Assert.Equal("sign_in_failed", (await Browser.ProblemOf(wrong)).Code);
        }
        time.Advance(SignIn.Lock - TimeSpan.FromTicks(1));
        using (var locked = await node.Open().PostAsync("/api/auth/password", new SignInRequest("ana@example.com", TestNode.Password))) Assert.Equal(HttpStatusCode.Unauthorized, locked.StatusCode);
        time.Advance(TimeSpan.FromTicks(1));
        Assert.True((await node.Open().SignInAsync("ana@example.com", TestNode.Password, node.AdminSeed!)).Authenticated);
    }

    [Fact]
    public async Task SignIn_WithoutJournal_DoesNotHappen()
    {
        var broken = false;
        await using var node = await TestNode.StartAsync(services: s => s.AddSingleton<PlatformJournal>((_, _, _, _, _) => broken ? Task.FromException(new TimeoutException()) : Task.CompletedTask));
        await node.AdminAsync();
        broken = true;
        var browser = node.Open();
        using var answer = await HalfAsync(browser, await AuthenticatorApp.Of(node.AdminSeed!).NextAsync());
        Assert.Equal(("journal_unavailable", 503), ((await Browser.ProblemOf(answer)).Code, (int)answer.StatusCode));
        Assert.False((await browser.ReadSessionAsync()).Authenticated);
    }

    private static async Task<SessionView> CodeAsync(Browser browser, string code) => await Browser.ReadAsync(await HalfAsync(browser, code), ForgeJson.Default.SessionView);

    private static async Task<HttpResponseMessage> HalfAsync(Browser browser, string code)
    {
        var ticket = await Browser.ReadAsync(await browser.PostAsync("/api/auth/password", new SignInRequest("ana@example.com", TestNode.Password)), ForgeJson.Default.SignInTicket);
        return await browser.PostAsync("/api/auth/totp", new TotpSignIn(ticket.Ticket, code));
    }
}
