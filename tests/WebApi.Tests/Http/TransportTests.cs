using System.Net;
using Forge.WebApi.Tests.Host;

namespace Forge.WebApi.Tests.Http;

/// <summary>A node behind a proxy that ends TLS.</summary>
public sealed class TransportTests
{
    [Fact]
    public async Task Https_EveryAnswer_CarriesStrictTransportSecurity()
    {
        await using var node = await TestNode.StartAsync(o =>
        {
            o.Https = true;
            o.KnownProxies.Add("127.0.0.1");
        });
        var browser = node.Open();
        foreach (var (path, status) in new[] { ("/api/session", 200), ("/api/organizations", 503), ("/api/nothing", 503), ("/healthz/live", 200), ("/nothing.css", 404), ("/hubs/live", 401) })
        {
            using var answer = await browser.SendAsync(HttpMethod.Get, path, null, ("X-Forwarded-Proto", "https"));
            Assert.Equal((path, status), (path, (int)answer.StatusCode));
            Assert.Equal((path, "max-age=31536000; includeSubDomains"), (path, answer.Headers.TryGetValues("Strict-Transport-Security", out var values) ? values.Single() : ""));
        }
        using var plain = await browser.SendAsync(HttpMethod.Get, "/organizations", null);
        Assert.Equal(HttpStatusCode.PermanentRedirect, plain.StatusCode);
    }

    [Fact]
    public async Task Http_OnLoopback_PromisesNothing()
    {
        await using var node = await TestNode.StartAsync();
        using var answer = await node.Open().GetAsync("/api/session");
        Assert.False(answer.Headers.Contains("Strict-Transport-Security"));
    }
}
