using System.Net;
using Forge.WebApi.Sla.Ingest;
using static Forge.WebApi.Tests.Sla.Decode;

namespace Forge.WebApi.Tests.Sla;

/// <summary>What the edge refuses is told to the organization it concerns: no batch ever carries it there.</summary>
public sealed class RefusalReportsTests
{
    private const string OnlyEu = "bbbbbbbbbbbb";

    private static (string, string, int)[] Told(IngestHost host) => [.. host.Target.Refusals.GroupBy(r => (r.OrganizationId, r.Reason)).Select(g => (g.Key.OrganizationId, g.Key.Reason, g.Sum(r => r.Count))).Order()];

    private static async Task<HttpStatusCode> Send(IngestHost host, HttpRequestMessage request)
    {
        using var response = await host.Send(request);
        return response.StatusCode;
    }

    [Fact]
    public async Task Samples_OfAKeyForAll_BelongToTheOrganizationTheyName()
    {
        await using var host = await IngestHost.Start();
        var body = new WriteRequest().Counter(Eu, "200", T0, 1).Series(WriteRequest.BucketLabels(Eu, "wide"), (T0, 1))
            .Counter(Eu, "200", T0, 1, ("a", "x"), ("a", "y"))   // labels that break a rule name nobody: the organization's may be the broken one
            .Series(WriteRequest.CountLabels(Us, "200"), (T0, double.NaN), (T0 + 1, -1)).Counter("eu-0000000000", "200", T0, 1).Counter("nobody's name", "200", T0, 1);

        Assert.Equal(HttpStatusCode.BadRequest, await Send(host, IngestHost.RemoteWrite(body.ToSnappy())));
        await host.FlushRefusals();

        Assert.Equal(new[] { (Eu, "bad_labels", 1), (Us, "negative_value", 1), (Us, "not_a_number", 1) }.Order(), Told(host));
    }

    [Fact]
    public async Task Samples_OfAKeyForOne_BelongToItsOrganizationWhateverTheyName()
    {
        await using var host = await IngestHost.Start();
        await Send(host, IngestHost.RemoteWrite(new WriteRequest().Counter(Us, "200", T0, 1).ToSnappy(), OnlyEu));
        await Send(host, IngestHost.Json("""{"intervals":[{"organizationId":5}]}""", OnlyEu));

        await host.FlushRefusals();

        Assert.Equal([(Eu, "bad_labels", 1), (Eu, "organization_not_allowed", 1)], Told(host));
    }

    [Fact]
    public async Task Request_TurnedAwayAsAWhole_CountsItsSamplesForTheOnlyOrganizationOfItsKey()
    {
        await using var host = await IngestHost.Start(("SamplesPerSecond", 3));
        var three = new WriteRequest().Series(WriteRequest.CountLabels(Eu, "200"), (T0, 1), (T0 + 1, 2), (T0 + 2, 3)).ToSnappy();
        Assert.Equal(HttpStatusCode.BadRequest, await Send(host, IngestHost.RemoteWrite([1, 2, 3], OnlyEu)));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, await Send(host, IngestHost.Otlp([], "text/plain", keyId: OnlyEu)));
        Assert.Equal(HttpStatusCode.NoContent, await Send(host, IngestHost.RemoteWrite(three, OnlyEu)));
        Assert.Equal(HttpStatusCode.TooManyRequests, await Send(host, IngestHost.RemoteWrite(three, OnlyEu)));
        Assert.Equal(HttpStatusCode.BadRequest, await Send(host, IngestHost.RemoteWrite([1, 2, 3])));                       // a key for all: nobody's in particular
        Assert.Equal(HttpStatusCode.Forbidden, await Send(host, IngestHost.RemoteWrite(three, "cccccccccccc")));           // no telemetry

        await host.FlushRefusals();

        Assert.Equal([(Eu, "content_type_unsupported", 1), (Eu, "malformed", 1), (Eu, "rate_limited", 3)], Told(host));
    }

    [Fact]
    public async Task Batch_ThatIsAskedForAgain_IsNoRefusal()
    {
        await using var host = await IngestHost.Start();
        host.Target.OnIngest = (_, _) => throw new InvalidOperationException("no grain");
        var body = new WriteRequest().Counter(Eu, "200", T0, 1).Series(WriteRequest.CountLabels(Eu, "500"), (T0, double.NaN)).ToSnappy();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await Send(host, IngestHost.RemoteWrite(body, OnlyEu)));
        await host.FlushRefusals();
        Assert.Empty(Told(host));
    }

    [Fact]
    public async Task Report_ThatFails_IsMadeOnceWhenItCanBe()
    {
        await using var host = await IngestHost.Start();
        host.Target.OnRefused = _ => throw new TimeoutException();
        var bad = new WriteRequest().Series(WriteRequest.CountLabels(Eu, "200"), (T0, double.NaN)).ToSnappy();
        await Send(host, IngestHost.RemoteWrite(bad));
        await host.FlushRefusals();
        Assert.Empty(Told(host));
        await Send(host, IngestHost.RemoteWrite(bad));
        host.Target.OnRefused = _ => Task.CompletedTask;

        await host.FlushRefusals();
        await host.FlushRefusals();

        Assert.Equal([(Eu, "not_a_number", 2)], Told(host));
    }

    [Fact]
    public void Names_MoreThanABodyMayHave_AreCountedWithoutTheirName()
    {
        var tally = new IngestTally();
        for (var i = 0; i < 3_000; i++) tally.Refuse("organization_unknown", $"eu-{i}", null, null);

        Assert.InRange(tally.RefusedHere.Count, 1_000, 1_001);
        Assert.Equal(3_000, tally.RefusedHere.Sum(r => r.Value));
    }
}
