using System.Net;
using Forge.WebApi.Tests.Host;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Forge.WebApi.Tests.Operations;

public sealed class OrleansDashboardGateTests
{
    private static Task<TestNode> StartAsync() => TestNode.StartAsync(options => options.OrleansDashboard = endpoints =>
    {
        foreach (var path in new[] { "", "ClusterStats", "GrainState", "Trace" })
            endpoints.MapGet("/ops/" + path, (HttpContext http) => Results.Text("inside", "text/plain"));
    });

    [Theory]
    [InlineData("/ops/", HttpStatusCode.OK)]
    [InlineData("/ops/ClusterStats", HttpStatusCode.OK)]
    [InlineData("/ops/GrainState", HttpStatusCode.NotFound)]
    [InlineData("/ops/grainstate", HttpStatusCode.NotFound)]
    [InlineData("/ops/GrainState/x", HttpStatusCode.NotFound)]
    [InlineData("/ops/Trace", HttpStatusCode.NotFound)]
    [InlineData("/ops/Unknown", HttpStatusCode.NotFound)]
    public async Task Dashboard_ForAnAdministrator_IsThereWithoutStatesAndLogs(string path, HttpStatusCode expected)
    {
        await using var node = await StartAsync();
        using var answer = await (await node.AdminAsync()).GetAsync(path);
        Assert.Equal(expected, answer.StatusCode);
        if (expected == HttpStatusCode.OK) Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
    }

    [Fact]
    public async Task Dashboard_ForNobody_IsRefused()
    {
        await using var node = await StartAsync();
        using var answer = await node.Open().GetAsync("/ops/ClusterStats");
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.DoesNotContain("inside", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dashboard_ThatTheHostDoesNotBring_IsNotThere()
    {
        await using var node = await TestNode.StartAsync();
        using var answer = await (await node.AdminAsync()).GetAsync("/ops/");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }
}
