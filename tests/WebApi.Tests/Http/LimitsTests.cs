using System.Net;
using System.Reflection;
using System.Text;
using Forge.WebApi.Http;
using Forge.WebApi.Identity;
using Forge.WebApi.Tests.Host;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Forge.WebApi.Tests.Http;

/// <summary>Each limit of security.md 8 at n and n + 1, with the product's own numbers.</summary>
public sealed class LimitsTests
{
    [Theory]
    [InlineData("GET", "/api/organizations", 600, 1)]   // the page has read its session
    [InlineData("POST", "/api/nothing", 120, 0)]
    [InlineData("GET", "/api/organizations?format=csv", 5, 0)]
    [InlineData("POST", "/api/invitations/look", 10, 2)]   // the first administrator was set up from this address, in two steps
    [InlineData("GET", "/api/public/status", 120, 0)]
    public async Task Rate_BeyondTheLimit_Is429UntilRetryAfter(string method, string path, int most, int used)
    {
        await using var node = await TestNode.StartAsync();
        var admin = await node.AdminAsync();
        var body = method == "POST" ? "{}" : null;
        for (var i = used; i < most; i++)
        {
            using var answer = await admin.SendAsync(new HttpMethod(method), path, body);
            Assert.True(answer.StatusCode != HttpStatusCode.TooManyRequests, $"Refused after {i}.");
        }
        using var refused = await admin.SendAsync(new HttpMethod(method), path, body);
        Assert.Equal((HttpStatusCode.TooManyRequests, "rate_limited"), (refused.StatusCode, (await Browser.ProblemOf(refused)).Code));
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
    }

    [Fact]
    public async Task Rate_OfOneSession_DoesNotTouchAnother()
    {
        await using var node = await TestNode.StartAsync(o => o.Limits = new EdgeLimits { ReadsPerMinute = 2 });
        var (admin, auditor) = (await node.AdminAsync(), await node.DemoAsync(Domain.Audit.Roles.Auditor));
        Assert.Equal(HttpStatusCode.OK, (await admin.GetAsync("/api/organizations")).StatusCode);   // the second after the session
        Assert.Equal(HttpStatusCode.TooManyRequests, (await admin.GetAsync("/api/organizations")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await auditor.GetAsync("/api/organizations")).StatusCode);
    }

    [Fact]
    public async Task Exports_OfOneSession_RunTwoAtOnce()
    {
        var go = new TaskCompletionSource();
        var arrived = new SemaphoreSlim(0);
        await using var node = await TestNode.StartAsync(map: app => app.MapGet("/api/slow", async () =>
        {
            arrived.Release();
            await go.Task;
        }).AllowAnonymous());
        var admin = await node.AdminAsync();
        var running = new[] { admin.GetAsync("/api/slow?format=csv"), admin.GetAsync("/api/slow?format=csv") };
        for (var i = 0; i < 2; i++) await arrived.WaitAsync();
        using var third = await admin.GetAsync("/api/slow?format=csv");
        Assert.Equal(HttpStatusCode.TooManyRequests, third.StatusCode);
        go.SetResult();
        Assert.All(await Task.WhenAll(running), a => Assert.Equal(HttpStatusCode.OK, a.StatusCode));
    }

    [Fact]
    public async Task InFlight_BeyondTheLimit_Is503AtOnce()
    {
        Assert.Equal(1_000, new EdgeLimits().InFlight);
        var go = new TaskCompletionSource();
        var arrived = new SemaphoreSlim(0);
        await using var node = await TestNode.StartAsync(o => o.Limits = new EdgeLimits { InFlight = 2 }, map: app => app.MapGet("/api/slow", async () =>
        {
            arrived.Release();
            await go.Task;
        }).AllowAnonymous());
        var admin = await node.AdminAsync();
        var running = new[] { admin.GetAsync("/api/slow"), admin.GetAsync("/api/slow") };
        for (var i = 0; i < 2; i++) await arrived.WaitAsync();
        using var third = await admin.GetAsync("/api/session");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "overloaded"), (third.StatusCode, (await Browser.ProblemOf(third)).Code));
        Assert.NotNull(third.Headers.RetryAfter);
        go.SetResult();
        await Task.WhenAll(running);
        Assert.Equal(HttpStatusCode.OK, (await admin.GetAsync("/api/session")).StatusCode);
    }

    [Theory]
    [InlineData(256 * 1024, false, 400)]
    [InlineData(256 * 1024 + 1, false, 413)]
    [InlineData(256 * 1024, true, 400)]
    [InlineData(256 * 1024 + 1, true, 413)]
    public async Task Body_AtTheLimit(int bytes, bool chunked, int status)
    {
        await using var node = await TestNode.StartAsync();
        await node.AdminAsync();
        using var http = new HttpClient { BaseAddress = node.Address };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/auth/password")
        {
            Content = new ByteArrayContent(Encoding.ASCII.GetBytes("{" + new string(' ', bytes - 1))) { Headers = { ContentType = new("application/json") } },
            Headers = { TransferEncodingChunked = chunked },
        };
        using var answer = await http.SendAsync(request);
        Assert.Equal((status, status == 413 ? "body_too_large" : "malformed"), ((int)answer.StatusCode, (await Browser.ProblemOf(answer)).Code));
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded", 100, 415)]
    [InlineData("application/x-www-form-urlencoded", 16 * 1024, 415)]
    [InlineData("application/x-www-form-urlencoded", 16 * 1024 + 1, 413)]
    [InlineData("multipart/form-data; boundary=x", 100, 415)]
    [InlineData("text/plain", 100, 415)]
    [InlineData("application/xml", 100, 415)]
    [InlineData("image/svg+xml", 100, 415)]
    [InlineData(null, 100, 415)]
    public async Task Body_OfAnotherType_IsRefused(string? type, int bytes, int status)
    {
        await using var node = await TestNode.StartAsync();
        await node.AdminAsync();
        using var http = new HttpClient { BaseAddress = node.Address };
        var content = new ByteArrayContent(new byte[bytes]);
        if (type is not null) content.Headers.TryAddWithoutValidation("Content-Type", type);
        using var answer = await http.PostAsync("/api/auth/password", content);
        Assert.Equal((status, status == 413 ? "body_too_large" : "content_type_unsupported"), ((int)answer.StatusCode, (await Browser.ProblemOf(answer)).Code));
    }

    [Fact]
    public async Task Body_DeeperThan32_IsRefused()
    {
        await using var node = await TestNode.StartAsync();
        var admin = await node.AdminAsync();
        using var answer = await admin.SendAsync(HttpMethod.Post, "/api/organizations", "{\"name\":" + new string('[', 32) + new string(']', 32) + "}", ("Idempotency-Key", "k"));
        Assert.Equal("malformed", (await Browser.ProblemOf(answer)).Code);
    }

    [Fact]
    public async Task Address_LongerThan8KiB_Is414()
    {
        await using var node = await TestNode.StartAsync();
        var browser = node.Open();
        using var fits = await browser.GetAsync("/api/session?x=" + new string('a', 8 * 1024 - "/api/session?x=".Length));
        Assert.Equal(HttpStatusCode.OK, fits.StatusCode);
        using var refused = await browser.GetAsync("/api/session?x=" + new string('a', 8 * 1024 - "/api/session?x=".Length + 1));
        Assert.Equal((HttpStatusCode.RequestUriTooLong, "url_too_long"), (refused.StatusCode, (await Browser.ProblemOf(refused)).Code));
        using var beyond = await browser.GetAsync("/api/session?x=" + new string('a', 16 * 1024));
        Assert.Equal(HttpStatusCode.RequestUriTooLong, beyond.StatusCode);
    }

    [Theory]
    [InlineData(31 * 1024, 200)]
    [InlineData(32 * 1024, 431)]
    [InlineData(64 * 1024, 431)]
    public async Task Headers_LargerThan32KiB_Are431(int bytes, int status)
    {
        await using var node = await TestNode.StartAsync();
        using var answer = await node.Open().SendAsync(HttpMethod.Get, "/api/session", null, ("X-Large", new string('a', bytes)));
        Assert.Equal(status, (int)answer.StatusCode);
        if (bytes == 32 * 1024) Assert.Equal("headers_too_large", (await Browser.ProblemOf(answer)).Code);
    }

    [Fact]
    public async Task SlowSenders_AreCutByTheServer()
    {
        await using var node = await TestNode.StartAsync();
        var limits = node.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits;
        Assert.Equal((TimeSpan.FromSeconds(15), 240d, 240d), (limits.RequestHeadersTimeout, limits.MinRequestBodyDataRate!.BytesPerSecond, limits.MinResponseDataRate!.BytesPerSecond));
    }

    [Theory]
    [InlineData("TRACE", "/api/organizations", 405, "method_not_allowed")]
    [InlineData("TRACE", "/", 405, "method_not_allowed")]
    [InlineData("PUT", "/api/organizations", 405, "method_not_allowed")]
    [InlineData("GET", "/api/ingest/nothing", 404, "not_found")]
    [InlineData("POST", "/api/ingest", 404, "not_found")]
    [InlineData("GET", "/api/.git/config", 404, "not_found")]
    public async Task Method_OrAddress_ThatIsNotThere_IsAProblem(string method, string path, int status, string code)
    {
        await using var node = await TestNode.StartAsync();
        var admin = await node.AdminAsync();
        using var answer = await admin.SendAsync(new HttpMethod(method), path, null);
        Assert.Equal((status, code), ((int)answer.StatusCode, (await Browser.ProblemOf(answer)).Code));
    }

    [Theory]
    [InlineData("/api/session", 421)]
    [InlineData("/api/ingest/metrics", 421)]
    [InlineData("/hubs/live", 421)]
    [InlineData("/organizations?search=a", 308)]
    [InlineData("/healthz/live", 200)]
    public async Task PlainHttp_WherePeopleComeByHttps_IsNotServed(string path, int status)
    {
        await using var node = await TestNode.StartAsync(o => o.Https = true);
        using var answer = await node.Open().GetAsync(path);
        Assert.Equal(status, (int)answer.StatusCode);
        if (status == 421) Assert.Equal("https_required", (await Browser.ProblemOf(answer)).Code);
        if (status == 308) Assert.Equal(new Uri(node.Address, path).AbsoluteUri.Replace("http:", "https:", StringComparison.Ordinal), answer.Headers.Location?.AbsoluteUri);
    }

    [Theory]
    [InlineData("", 421)]
    [InlineData("10.0.0.1", 421)]
    [InlineData("10.0.0.0/8", 421)]
    [InlineData("127.0.0.1", 200)]
    [InlineData("127.0.0.0/8", 200)]
    public async Task ForwardedScheme_CountsOnlyFromKnownProxies(string proxy, int status)
    {
        await using var node = await TestNode.StartAsync(o =>
        {
            o.Https = true;
            if (proxy.Length > 0) o.KnownProxies.Add(proxy);
        });
        using var answer = await node.Open().SendAsync(HttpMethod.Get, "/api/session", null, ("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "198.51.100.7"));
        Assert.Equal(status, (int)answer.StatusCode);
    }

    [Fact]
    public async Task ForwardedAddress_FromAStranger_DoesNotEscapeTheLimit()
    {
        await using var node = await TestNode.StartAsync();
        await node.AdminAsync();
        HttpStatusCode last = default;
        for (var i = 0; i < 11; i++)
        {
            using var answer = await node.Open().SendAsync(HttpMethod.Post, "/api/invitations/look", "{}", ("X-Forwarded-For", $"198.51.100.{i}"), ("Forwarded", $"for=198.51.100.{i}"));
            last = answer.StatusCode;
        }
        Assert.Equal(HttpStatusCode.TooManyRequests, last);
    }

    [Fact]
    public void Rate_OfEveryRow_IsTheMatrixs()
    {
        var rows = PolicyMatrix.Load().Rows.Where(r => r.Route.StartsWith("/api/", StringComparison.Ordinal)).ToList();
        Assert.True(rows.Count > 30, $"Only {rows.Count} rows.");
        Assert.All(rows, r => Assert.Equal(r.Name + " " + (r.Rate == "ingest" ? RateLimits.None : r.Rate), r.Name + " " + RateLimits.NameOf(r.Method, r.Route)));
    }

    [Fact]
    public async Task BodyLimit_OfEveryCommand_IsTheMatrixs()
    {
        await using var node = await TestNode.StartAsync();
        var limits = node.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Where(e => e.Metadata.GetMetadata<BodyLimit>() is not null)
            .ToDictionary(e => e.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods[0] + " /" + e.RoutePattern.RawText!.Trim('/'), e => e.Metadata.GetRequiredMetadata<BodyLimit>().Bytes);
        foreach (var row in PolicyMatrix.Load().Rows.Where(r => r.BodyLimit.Length > 1 && r.Route.StartsWith("/api/", StringComparison.Ordinal) && r.Rate != "ingest"))
            Assert.Equal((row.Name, row.BodyLimit), (row.Name, limits.TryGetValue(row.Name, out var bytes) ? $"{bytes / 1024 / 1024}M" : $"{JsonBody.MaxBytes / 1024}K"));
    }

    [Fact]
    public async Task SafeMethods_NeverReachACommand()
    {
        await using var node = await TestNode.StartAsync();
        var commands = node.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.Metadata.GetMetadata<MethodInfo>()?.GetParameters().Any(p => p.ParameterType == typeof(Order) || (p.ParameterType.IsGenericType && p.ParameterType.GetGenericTypeDefinition() is var open && (open == typeof(Command<>) || open == typeof(Body<>)))) == true).ToList();
        Assert.True(commands.Count > 10, $"Only {commands.Count} commands were found.");
        Assert.All(commands, e => Assert.DoesNotContain(e.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods, m => m is "GET" or "HEAD" or "OPTIONS"));
    }
}
