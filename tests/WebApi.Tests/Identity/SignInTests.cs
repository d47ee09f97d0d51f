using System.Net;
using System.Net.Http.Json;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Testing;
using Forge.WebApi.Identity;
using Forge.WebApi.Tests.Host;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Forge.WebApi.Tests.Identity;

public sealed class SignInTests
{
    [Fact]
    public async Task SignIn_WrongPasswordAndUnknownPerson_AnswerTheSame()
    {
        await using var node = await TestNode.StartAsync();
        await node.AdminAsync();
        using var wrong = await node.Open().PostAsync("/api/auth/password", new SignInRequest("ana@example.com", "wrong but long enough"));
        using var unknown = await node.Open().PostAsync("/api/auth/password", new SignInRequest("eve@example.com", TestNode.Password));
        var (a, b) = (await Browser.ProblemOf(wrong), await Browser.ProblemOf(unknown));
        Assert.Equal(("sign_in_failed", 401, a.Detail), (b.Code, b.Status, b.Detail));
        Assert.Equal((a.Code, a.Title), (b.Code, b.Title));
        await node.Cluster.JournaledAsync("session.sign_in_failed", 2);
    }

    [Fact]
    public async Task SignIn_SetsAStrictHttpOnlyCookieAndSignOutEndsIt()
    {
        await using var node = await TestNode.StartAsync();
        await node.AdminAsync();
        var browser = node.Open();
        var ticket = await Browser.ReadAsync(await browser.PostAsync("/api/auth/password", new SignInRequest(" ANA@example.com ", TestNode.Password)), ForgeJson.Default.SignInTicket);
        using (var answer = await browser.PostAsync("/api/auth/totp", new TotpSignIn(ticket.Ticket, await AuthenticatorApp.Of(node.AdminSeed!).NextAsync())))
        {
            var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"), c => c.StartsWith("forge-local=", StringComparison.Ordinal));
            Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        }
        await browser.ReadSessionAsync();
        using (var left = await browser.SendAsync(HttpMethod.Post, "/api/auth/sign-out", null)) Assert.Equal(HttpStatusCode.OK, left.StatusCode);
        Assert.False((await browser.ReadSessionAsync()).Authenticated);
        await node.Cluster.JournaledAsync("session.signed_out", 1);
    }

    [Fact]
    public async Task SignIn_OverHttps_CookiesCarryTheHostPrefix()
    {
        await using var node = await TestNode.StartAsync(o => o.Https = true);
        var http = new DefaultHttpContext { RequestServices = node.Services };
        SessionCookie.Write(http, "value");
        var session = http.Response.Headers.SetCookie.ToString();
        Assert.StartsWith("__Host-forge=value", session, StringComparison.Ordinal);
        Assert.Contains("; path=/; secure; samesite=strict; httponly", session, StringComparison.Ordinal);
        var token = node.Services.GetRequiredService<IOptions<AntiforgeryOptions>>().Value.Cookie;
        Assert.Equal(("__Host-forge-csrf", CookieSecurePolicy.Always, "/"), (token.Name, token.SecurePolicy, token.Path));
        using var answer = await node.Open().GetAsync("/healthz/live");
        Assert.True(answer.Headers.Contains("Strict-Transport-Security"));
    }

    [Fact]
    public async Task SignIn_AnswersTheTokenOfTheNewSession()
    {
        await using var node = await TestNode.StartAsync();
        await node.AdminAsync();
        var browser = node.Open();
        await browser.ReadSessionAsync();
        var token = (await browser.SignInAsync("ana@example.com", TestNode.Password, node.AdminSeed!)).CsrfToken!;
        using var old = await browser.SendAsync(HttpMethod.Post, "/api/ingest-keys", """{"name":"x","allOrganizations":true}""", ("Idempotency-Key", "a"));
        Assert.Equal("csrf_failed", (await Browser.ProblemOf(old)).Code);
        using var made = await browser.SendAsync(HttpMethod.Post, "/api/ingest-keys", """{"name":"x","allOrganizations":true}""", ("Idempotency-Key", "b"), ("X-Forge-Csrf", token));
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        var key = (await made.Content.ReadFromJsonAsync(ForgeJson.Default.CreatedIngestKey))!.Key;
        using var gone = await browser.SendAsync(HttpMethod.Delete, "/api/ingest-keys/" + key.Id, null, ("X-Forge-Csrf", token));
        Assert.NotNull((await gone.Content.ReadFromJsonAsync(ForgeJson.Default.IngestKeyView))!.RevokedAt);
    }

    [Fact]
    public async Task PasswordCheck_AfterFiveFailures_RefusesTheRightPasswordToo()
    {
        await using var node = await TestNode.StartAsync();
        await node.AdminAsync();
        for (var i = 0; i < 4; i++) Assert.Null(await FindAsync("wrong but long enough"));
        Assert.NotNull(await FindAsync(TestNode.Password));
        for (var i = 0; i < 5; i++) Assert.Null(await FindAsync("wrong but long enough"));
        Assert.Null(await FindAsync(TestNode.Password));

        async Task<ForgeUser?> FindAsync(string password)
        {
            await using var scope = node.Services.CreateAsyncScope();
            return await scope.ServiceProvider.GetRequiredService<PasswordCheck>().FindAsync("ana@example.com", password);
        }
    }

    [Fact]
    public async Task Auditor_ReadsButChangesNothing()
    {
        await using var node = await TestNode.StartAsync();
        await node.AdminAsync();
        var auditor = await node.DemoAsync(Roles.Auditor);
        using var read = await auditor.GetAsync("/api/organizations");
        using var write = await auditor.SendAsync(HttpMethod.Post, "/api/ingest-keys", """{"name":"x","allOrganizations":true}""", ("Idempotency-Key", "k"));
        Assert.Equal(HttpStatusCode.OK, read.StatusCode);
        Assert.Equal("forbidden", (await Browser.ProblemOf(write)).Code);
    }

    [Fact]
    public async Task DemoUsers_Twice_KeepTheirPasswords()
    {
        await using var node = await TestNode.StartAsync();
        var first = await DemoUsers.EnsureAsync(node.Services, node.Directory);
        var second = await DemoUsers.EnsureAsync(node.Services, node.Directory);
        Assert.Equal(first, second);
        Assert.Equal(Roles.All, first.Select(u => u.Role));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(node.Directory, DemoUsers.FileName)));
    }

    [Theory]
    [InlineData("fourteen chars", "too_short")]
    [InlineData("aaaaaaaaaaaaaaaaaaaa", "too_simple")]
    [InlineData("my forge password", "contains_product")]
    [InlineData("winterfell is far away", "contains_email")]
    [InlineData("exactly 15 char", null)]
    [InlineData("PasswordPassword1!", "too_common")]
    [InlineData("123456789012345", "too_common")]
    [InlineData("qwertyuiop asdfgh 2026", "too_common")]
    [InlineData("w3lc0me-summer-2026", "too_common")]
    [InlineData("iloveyou-michelle-99", "too_common")]
    [InlineData("glass teapot on the moor", null)]
    public void PasswordRules_AtTheirBounds(string password, string? why) => Assert.Equal(why, PasswordRules.Refuse(password, "winterfell@example.com"));

    [Theory]
    [InlineData(128, null)]
    [InlineData(129, "too_long")]
    public void PasswordRules_LongestPassword(int length, string? why) =>
        Assert.Equal(why, PasswordRules.Refuse(string.Concat(Enumerable.Repeat("abcdefg", 20))[..length], null));

    [Fact]
    public void AttemptLimit_AtTheLimit_WaitsForTheOldest()
    {
        var time = new FakeTimeProvider();
        var limit = new AttemptLimit(2, TimeSpan.FromMinutes(1), time);
        Assert.Null(limit.Try("a"));
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Null(limit.Try("a"));
        Assert.Equal(TimeSpan.FromSeconds(50), limit.Try("a"));
        Assert.Null(limit.Try("b"));
        time.Advance(TimeSpan.FromSeconds(50));
        Assert.Null(limit.Try("a"));
        Assert.NotNull(limit.Try("a"));
        limit.Clear("a");
        Assert.Null(limit.Try("a"));
    }
}
