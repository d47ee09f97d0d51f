using Forge.Domain;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Forge.EndToEnd.Tests.Harness;

namespace Forge.EndToEnd.Tests.Sla;

/// <summary>Native histograms scraped and forwarded by a real Prometheus: what the target counted after the first scrape is what the product counts.</summary>
public sealed class NativeHistogramTests(PublishedProduct published)
{
    [Fact]
    public async Task NativeHistograms_ForwardedByPrometheus_AreCountedExactly()
    {
        await using var product = await ProductProcess.StartPublishedAsync(published, demo: false);
        var (session, _, _) = await product.SetUpAsync();
        using var _ = session;
        var organization = await session.CreateMonitoredOrganizationAsync("Native Ltd", SlaTerms.Default, DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime));
        await using var target = new NativeTarget();
        target.Count(1_000, 10, 7);
        await using var prometheus = await PrometheusProcess.StartNativeAsync(target.Url, product.Url, organization.Id, await session.CreateKeyAsync("native", [organization.Id]));
        Task<SlaOrganizationView> ViewAsync(string what, Func<SlaOrganizationView, bool> enough) => Eventually.GetAsync(
            what, TimeSpan.FromSeconds(40), () => session.GetAsync($"/api/sla/organizations/{organization.Id}", ForgeJson.Default.SlaOrganizationView), enough);

        // The first scrape is the baseline: what the target had counted before nobody saw.
        var before = await ViewAsync("the first scrapes", v => v.Tile.DataAt is not null);
        Assert.True(target.AskedForProtobuf, prometheus.Output);
        Assert.Equal(0, before.Month.Requests);
        target.Count(900, 95, 5);
        var after = await ViewAsync("1,000 requests", v => v.Month.Requests >= 1_000);
        Assert.Equal((1_000, 5, 1_000), (after.Month.Requests, after.Month.BadRequests, after.Month.LatencyCount));
        // 95 of 1,000 lie in the bucket that ends at 125 ms, a twelfth of a doubling wide at most.
        Assert.InRange(after.Month.P99Ms!.Value, 114, 127);
        Assert.InRange(after.Month.P50Ms!.Value, 57, 64);
    }
}
