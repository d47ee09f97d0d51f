using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.WebApi.Http;
using Forge.WebApi.Identity;
using Forge.WebApi.Tests.Host;
using Microsoft.AspNetCore.WebUtilities;

namespace Forge.WebApi.Tests.Identity;

/// <summary>Sign-in through an identity provider, against a real one. Source: security.md 3.</summary>
public sealed class OidcTests : IAsyncLifetime
{
    private const string Strong = "urn:example:two-factors";
    private TestProvider _provider = null!;
    private TestNode _node = null!;
    private Browser _admin = null!;

    public async ValueTask InitializeAsync()
    {
        _provider = await TestProvider.StartAsync();
        _node = await StartAsync(_provider.Issuer);
        _admin = await _node.AdminAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _provider.DisposeAsync();
    }

    [Fact]
    public async Task Invitation_AcceptedAtTheProvider_LinksBySubjectAndNotByEmail()
    {
        _provider.Email = "ana@example.com";   // the administrator's own
        var (browser, back) = await InviteAsync("bob@example.com", Roles.Auditor);
        Assert.Equal("/sign-in", back);
        var session = await browser.ReadSessionAsync();
        Assert.Equal((true, "bob@example.com", "Bob", false), (session.Authenticated, session.Email, session.DisplayName, session.MustEnrol));
        Assert.Equal([Roles.Auditor], session.Roles);

        // Another person of the provider with that e-mail is nobody here.
        (_provider.Subject, _provider.Email) = ("subject-2", "bob@example.com");
        var stranger = _node.Open();
        Assert.Equal("/sign-in?reason=sso-failed", await SignInAsync(stranger));
        Assert.False((await stranger.ReadSessionAsync()).Authenticated);
    }

    [Fact]
    public async Task Invitation_OfAnAccountThatIsLinkedAlready_IsRefused()
    {
        await InviteAsync("bob@example.com", Roles.Auditor);
        var (browser, back) = await InviteAsync("eve@example.com", Roles.SeniorAdmin);
        Assert.Equal("/sign-in?reason=sso-failed", back);
        Assert.False((await browser.ReadSessionAsync()).Authenticated);
    }

    [Fact]
    public async Task SignIn_AtTheProvider_OpensASessionOfOurOwn()
    {
        await InviteAsync("bob@example.com", Roles.Auditor);
        _provider.Asked.Clear();
        var browser = _node.Open();
        Assert.Equal("single sign-on", (await browser.ReadSessionAsync()).SingleSignOn);
        Assert.Equal("/sign-in?return=sla%2Foverview", await SignInAsync(browser, "sla/overview"));
        Assert.Equal("bob@example.com", (await browser.ReadSessionAsync()).Email);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/api/organizations")).StatusCode);

        var asked = Assert.Single(_provider.Asked);
        Assert.Equal(("code", "S256", "openid", "43200"), (asked.ResponseType, asked.CodeChallengeMethod, asked.Scope, asked.MaxAge?.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        Assert.All([asked.State, asked.Nonce, asked.CodeChallenge], v => Assert.True(v?.Length > 30, v));
        // What the browser keeps is our cookie alone; the two of the ceremony are gone.
        var cookies = browser.Cookies.GetAllCookies().Where(c => c.Value.Length > 0).Select(c => c.Name).Order().ToList();
        Assert.Equal(["forge-csrf-local", "forge-local"], cookies);
        Assert.Contains(_node.Cluster.Journal, j => j.Action == "session.signed_in" && j.Body.Contains("oidc", StringComparison.Ordinal));
    }

    [Fact]
    public async Task IdToken_ThatIsWrong_IsRefused()
    {
        await InviteAsync("bob@example.com", Roles.Auditor);
        using var other = RSA.Create(2048);
        var refused = 0;
        foreach (var what in (string[])[
            "nonce", "no nonce", "aud", "aud and azp of others", "iss", "old auth_time", "auth_time ahead", "no auth_time", "expired", "never expires", "not yet", "no subject",
            "unsigned", "signed by another key", "signed with our secret", "key of its own", "access token"])
        {
            _provider.Spoil = (header, payload) => SpoilBy(what, header, payload);
            _provider.Sign = what switch
            {
                "unsigned" => _ => [],
                "signed by another key" or "key of its own" => text => other.SignData(text, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
                "signed with our secret" => text => HMACSHA256.HashData(Encoding.UTF8.GetBytes(TestProvider.ClientSecret), text),
                _ => null,
            };
            var browser = _node.Open();
            Assert.Equal((what, "/sign-in?reason=sso-failed"), (what, await SignInAsync(browser)));
            Assert.False((await browser.ReadSessionAsync()).Authenticated, what);
            await _node.Cluster.JournaledAsync("session.sign_in_failed", ++refused);

            // The same token as the provider made it is good: nothing else was in the way.
            (_provider.Spoil, _provider.Sign) = ((_, _) => { }, null);
            Assert.Equal((what, "/sign-in?return="), (what, await SignInAsync(browser)));
        }
    }

    [Fact]
    public async Task Callback_OfAnotherBrowser_IsRefused()
    {
        await InviteAsync("bob@example.com", Roles.Auditor);
        var (mine, theirs) = (_node.Open(), _node.Open());
        var callback = await _provider.VisitAsync(await BeginAsync(mine, new OidcStart()));
        Assert.Equal("/sign-in?reason=sso-failed", await BackAsync(theirs, callback));   // an answer that was put under somebody
        Assert.False((await theirs.ReadSessionAsync()).Authenticated);
        Assert.Equal("/sign-in?return=", await BackAsync(mine, callback));
        Assert.Equal("/sign-in?reason=sso-failed", await BackAsync(mine, callback));   // once
        foreach (var forged in (string[])["?code=x", "?code=x&state=forged", "?error=access_denied&state=forged", "?state=" + new string('A', 4_000), ""])
            Assert.Equal("/sign-in?reason=sso-failed", await BackAsync(_node.Open(), new Uri(callback, forged.Length > 0 ? callback.AbsolutePath + forged : callback.AbsolutePath)));
    }

    [Fact]
    public async Task StepUp_AtTheProvider_NeedsAStrongSignInOfThisMinute()
    {
        var (browser, _) = await InviteAsync("bob@example.com", Roles.SeniorAdmin);
        await browser.ReadSessionAsync();
        foreach (var (acr, age, good) in new[] { ("urn:example:password", 0, false), (Strong, 61, false), (Strong, 0, true) })
        {
            var options = await Browser.ReadAsync(await browser.PostAsync("/api/auth/step-up/options", new StepUpRequest("user.invite", "user:eve@example.com")), ForgeJson.Default.StepUpOptions);
            Assert.Equal((null, false, "single sign-on"), (options.PasskeyOptions, options.Code, options.SingleSignOn));
            (_provider.Acr, _provider.SignedInAt) = (acr, TimeProvider.System.GetUtcNow().AddSeconds(-age));
            _provider.Asked.Clear();
            Assert.Equal(good ? "/sign-in?reason=sso-proved" : "/sign-in?reason=sso-failed", await BackAsync(browser, await _provider.VisitAsync(await BeginAsync(browser, new OidcStart(StepUpId: options.StepUpId)))));
            var asked = Assert.Single(_provider.Asked);
            Assert.Equal((0L, "login", Strong), (asked.MaxAge, asked.Prompt, asked.AcrValues));

            await browser.ReadSessionAsync();
            using var proved = await browser.PostAsync("/api/auth/step-up", new StepUpProof(options.StepUpId, null, null));
            Assert.Equal(good ? HttpStatusCode.OK : HttpStatusCode.Forbidden, proved.StatusCode);
            using var command = await browser.SendAsync(HttpMethod.Post, "/api/users/invitations", """{"email":"eve@example.com","roles":["Auditor"],"reason":"joins"}""", ("Idempotency-Key", "invite-eve"), (StepUpHeader.Name, options.StepUpId));
            Assert.Equal(good ? HttpStatusCode.Created : HttpStatusCode.Forbidden, command.StatusCode);
        }
    }

    [Fact]
    public async Task Provider_ThatNamesAnotherIssuer_IsRefused()
    {
        await using var node = await StartAsync(_provider.Issuer.TrimEnd('/'));   // the same place under another name
        await node.AdminAsync();
        using var answer = await node.Open().PostAsync("/api/auth/oidc", new OidcStart());
        Assert.Equal("provider_unavailable", (await Browser.ProblemOf(answer)).Code);
    }

    [Fact]
    public async Task Provider_ThatIsDown_SaysSoAndOtherWaysStayOpen()
    {
        await _provider.StopAsync();
        var browser = _node.Open();
        using var answer = await browser.PostAsync("/api/auth/oidc", new OidcStart());
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "provider_unavailable"), (answer.StatusCode, (await Browser.ProblemOf(answer)).Code));
        Assert.True((await browser.SignInAsync("ana@example.com", TestNode.Password, _node.AdminSeed!)).Authenticated);
    }

    [Fact]
    public async Task NotConfigured_ThereIsNoSuchWay()
    {
        await using var node = await TestNode.StartAsync();
        var admin = await node.AdminAsync();
        Assert.Null((await admin.ReadSessionAsync()).SingleSignOn);
        using var answer = await admin.PostAsync("/api/auth/oidc", new OidcStart());
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        using var callback = await admin.GetAsync(OidcScheme.CallbackPath + "?code=x&state=y");
        Assert.Equal(HttpStatusCode.NotFound, callback.StatusCode);
    }

    private static Task<TestNode> StartAsync(string issuer) => TestNode.StartAsync(o =>
    {
        o.Oidc = new OidcOptions { Authority = issuer, ClientId = TestProvider.ClientId, ClientSecret = TestProvider.ClientSecret, Acr = Strong };
        o.Limits = new EdgeLimits { SetupPerMinute = 1_000, SignInPerAddressPerMinute = 1_000, SignInPerAccountPerMinute = 1_000 };
    });

    private async Task<(Browser Browser, string Back)> InviteAsync(string email, string role)
    {
        var stepUp = await _node.StepUpAsync(_admin, "user.invite", "user:" + email);
        using var made = await _admin.SendAsync(HttpMethod.Post, "/api/users/invitations", $$"""{"email":"{{email}}","roles":["{{role}}"],"reason":"joins"}""", ("Idempotency-Key", Guid.NewGuid().ToString("N")), (StepUpHeader.Name, stepUp));
        var link = (await Browser.ReadAsync(made, ForgeJson.Default.CreatedInvitation)).Link;
        var browser = _node.Open();
        var url = await BeginAsync(browser, new OidcStart(Invitation: link.Split('#')[1], DisplayName: "Bob"));
        return (browser, await BackAsync(browser, await _provider.VisitAsync(url)));
    }

    private async Task<string> SignInAsync(Browser browser, string? page = null) => await BackAsync(browser, await _provider.VisitAsync(await BeginAsync(browser, new OidcStart(page))));

    private static async Task<string> BeginAsync(Browser browser, OidcStart start)
    {
        await browser.ReadSessionAsync();
        var answer = await browser.PostAsync("/api/auth/oidc", start);
        Assert.Null(answer.Headers.Location);
        return (await Browser.ReadAsync(answer, ForgeJson.Default.OidcRedirect)).Url;
    }

    private static async Task<string> BackAsync(Browser browser, Uri callback)
    {
        using var answer = await browser.GetAsync(callback.ToString());
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        return answer.Headers.Location!.ToString();
    }

    private static void SpoilBy(string what, JsonObject header, JsonObject payload)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        switch (what)
        {
            case "nonce": payload["nonce"] = "another"; break;
            case "no nonce": payload.Remove("nonce"); break;
            case "aud": payload["aud"] = "another-client"; break;
            case "aud and azp of others": (payload["aud"], payload["azp"]) = (new JsonArray("a", "b"), "a"); break;
            case "iss": payload["iss"] = "https://another.example/"; break;
            case "old auth_time": payload["auth_time"] = now - (12 * 3_600) - 5; break;
            case "auth_time ahead": payload["auth_time"] = now + 3_600; break;
            case "no auth_time": payload.Remove("auth_time"); break;
            case "expired": (payload["exp"], payload["iat"], payload["nbf"]) = (now - 120, now - 600, now - 600); break;
            case "never expires": payload.Remove("exp"); break;
            case "not yet": payload["nbf"] = now + 600; break;
            case "no subject": payload.Remove("sub"); break;
            case "unsigned": (header["alg"], _) = ("none", header.Remove("kid")); break;
            case "signed with our secret": (header["alg"], _) = ("HS256", header.Remove("kid")); break;
            case "key of its own": header["jwk"] = JsonNode.Parse("""{"kty":"RSA","e":"AQAB","n":"AQAB"}"""); break;
            case "access token": header["typ"] = "at+jwt"; break;
        }
    }
}
