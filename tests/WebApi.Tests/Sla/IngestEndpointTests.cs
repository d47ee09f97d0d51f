using System.Net;
using System.Net.Http.Json;
using System.Text;
using Forge.Domain;
using Forge.Domain.Sla;
using Forge.WebApi.Sla.Ingest;
using static Forge.WebApi.Tests.Sla.Decode;

namespace Forge.WebApi.Tests.Sla;

/// <summary>What a sender sees: credentials, media types, limits, answers.</summary>
public sealed class IngestEndpointTests
{
    private static readonly byte[] OneSample = new WriteRequest().Counter(Eu, "200", T0, 1).ToSnappy();
    private static readonly string OneInterval = """{"batchId":"b1","intervals":[{"organizationId":"eu-7k3m9q2v4x","from":1767225600000,"to":1767225610000,"total":5,"bad":0}]}""";

    private static async Task AssertFault(HttpResponseMessage response, HttpStatusCode status, string code)
    {
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.ToString());
        var problem = await response.Content.ReadFromJsonAsync(ForgeJson.Default.Problem);
        Assert.Equal((code, $"/problems/{code}", (int)status), (problem!.Code, problem.Type, problem.Status));
        Assert.NotNull(problem.CorrelationId);
    }

    public static TheoryData<string?, HttpStatusCode> Credentials => new()
    {
        { $"Bearer fik_aaaaaaaaaaaa_{IngestHost.Secret}", HttpStatusCode.NoContent },
        { $"bearer fik_aaaaaaaaaaaa_{IngestHost.Secret}", HttpStatusCode.NoContent },
        { $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"aaaaaaaaaaaa:{IngestHost.Secret}"))}", HttpStatusCode.NoContent },
        { $"Bearer fik_cccccccccccc_{IngestHost.Secret}", HttpStatusCode.Forbidden },
        { null, HttpStatusCode.Unauthorized },
        { "Bearer", HttpStatusCode.Unauthorized },
        { "Bearer fik_aaaaaaaaaaaa_", HttpStatusCode.Unauthorized },
        { "Bearer fik_aaaaaaaaaaaa_wrong", HttpStatusCode.Unauthorized },
        { $"Bearer fik_aaaaaaaaaaab_{IngestHost.Secret}", HttpStatusCode.Unauthorized },
        { $"Bearer fsv_aaaaaaaaaaaa_{IngestHost.Secret}", HttpStatusCode.Unauthorized },
        { "Basic %%%", HttpStatusCode.Unauthorized },
        { $"Basic {Convert.ToBase64String("aaaaaaaaaaaa:"u8)}", HttpStatusCode.Unauthorized },
        { $"Basic {Convert.ToBase64String("aaaaaaaaaaaa:wrong"u8)}", HttpStatusCode.Unauthorized },
        { $"Digest fik_aaaaaaaaaaaa_{IngestHost.Secret}", HttpStatusCode.Unauthorized },
    };

    [Theory]
    [MemberData(nameof(Credentials))]
    public async Task Request_WithACredential_IsTakenOrTurnedAway(string? authorization, HttpStatusCode status)
    {
        await using var host = await IngestHost.Start();
        var request = IngestHost.RemoteWrite(OneSample);
        request.Headers.Remove("Authorization");
        if (authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", authorization);
        var response = await host.Send(request);
        if (status == HttpStatusCode.NoContent) Assert.Equal(status, response.StatusCode);
        else await AssertFault(response, status, status == HttpStatusCode.Forbidden ? "forbidden" : "not_authenticated");
        Assert.Equal(status == HttpStatusCode.Unauthorized, response.Headers.WwwAuthenticate.Count > 0);
        Assert.Equal(status == HttpStatusCode.NoContent ? 1 : 0, host.Target.Batches.Count);
    }

    [Theory]
    [InlineData("Content-Type", null)]
    [InlineData("Content-Type", "text/plain")]
    [InlineData("Content-Type", "application/json")]
    [InlineData("Content-Type", "application/x-protobuf;proto=io.prometheus.write.v2.Request")]
    [InlineData("X-Prometheus-Remote-Write-Version", "2.0.0")]
    [InlineData("Content-Encoding", "gzip")]
    [InlineData("Content-Encoding", "zstd")]
    public async Task RemoteWrite_OfAnotherForm_Is415(string header, string? value)
    {
        await using var host = await IngestHost.Start();
        var request = IngestHost.RemoteWrite(OneSample);
        System.Net.Http.Headers.HttpHeaders headers = header.StartsWith("Content-", StringComparison.Ordinal) ? request.Content!.Headers : request.Headers;
        headers.Remove(header);
        if (value is not null) headers.TryAddWithoutValidation(header, value);
        await AssertFault(await host.Send(request), HttpStatusCode.UnsupportedMediaType, "content_type_unsupported");
    }

    [Fact]
    public async Task RemoteWrite_InFramedSnappy_Is415()
    {
        await using var host = await IngestHost.Start();
        await AssertFault(await host.Send(IngestHost.RemoteWrite([0xff, 0x06, 0x00, 0x00, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59])), HttpStatusCode.UnsupportedMediaType, "content_type_unsupported");
    }

    [Fact]
    public async Task RemoteWrite_WithTheV1MessageNamed_IsTaken()
    {
        await using var host = await IngestHost.Start();
        var request = IngestHost.RemoteWrite(OneSample);
        request.Content!.Headers.Remove("Content-Type");
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/x-protobuf;proto=prometheus.WriteRequest");
        Assert.Equal(HttpStatusCode.NoContent, (await host.Send(request)).StatusCode);
    }

    [Theory]
    [InlineData("text/plain", null)]
    [InlineData("application/json; charset=utf-16", null)]
    [InlineData("application/json", "gzip")]
    public async Task Json_OfAnotherForm_Is415(string type, string? encoding)
    {
        await using var host = await IngestHost.Start();
        var request = IngestHost.Json(OneInterval);
        request.Content!.Headers.Remove("Content-Type");
        request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        if (encoding is not null) request.Content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        await AssertFault(await host.Send(request), HttpStatusCode.UnsupportedMediaType, "content_type_unsupported");
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(false, -1)]
    [InlineData(true, 0)]
    [InlineData(true, -1)]
    public async Task Body_AtTheByteLimit_IsTakenAndOneByteMoreIs413(bool chunked, int room)
    {
        await using var host = await IngestHost.Start(("MaxBodyBytes", OneInterval.Length + room));
        var request = IngestHost.Json(OneInterval);
        request.Headers.TransferEncodingChunked = chunked;
        var response = await host.Send(request);
        if (room == 0) Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        else await AssertFault(response, HttpStatusCode.RequestEntityTooLarge, "body_too_large");
    }

    [Fact]
    public async Task Body_OfThreeHundredKilobytesInChunks_IsReadWhole()
    {
        await using var host = await IngestHost.Start();
        var body = OneInterval + new string(' ', 300_000);
        var request = IngestHost.Json(body);
        request.Headers.TransferEncodingChunked = true;
        Assert.Equal(HttpStatusCode.OK, (await host.Send(request)).StatusCode);
    }

    [Fact]
    public async Task Body_BeyondTheDecompressedOrSampleLimit_Is413AndNothingCounts()
    {
        var body = new WriteRequest().Counter(Eu, "200", T0, 1).Counter(Eu, "200", T0 + 1, 2);
        await using var small = await IngestHost.Start(("MaxDecompressedBytes", body.ToArray().Length - 1));
        await AssertFault(await small.Send(IngestHost.RemoteWrite(body.ToSnappy())), HttpStatusCode.RequestEntityTooLarge, "body_too_large");
        await using var few = await IngestHost.Start(("MaxSamples", 1));
        await AssertFault(await few.Send(IngestHost.RemoteWrite(body.ToSnappy())), HttpStatusCode.RequestEntityTooLarge, "body_too_large");
        Assert.Empty(few.Target.Batches);
        Assert.Equal(1, few.Stats.Snapshot()[0].Faults["body_too_large"]);
    }

    [Fact]
    public async Task Key_BeyondItsRequestsPerSecond_Is429WithRetryAfter()
    {
        await using var host = await IngestHost.Start(("RequestsPerSecond", 1));
        await host.Send(IngestHost.Json(OneInterval));
        HttpResponseMessage response;
        do response = await host.Send(IngestHost.Json(OneInterval));
        while (response.StatusCode == HttpStatusCode.OK);
        await AssertFault(response, HttpStatusCode.TooManyRequests, "rate_limited");
        Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter?.Delta);
        Assert.Equal(HttpStatusCode.OK, (await host.Send(IngestHost.Json(OneInterval, "bbbbbbbbbbbb"))).StatusCode);
    }

    [Fact]
    public async Task Key_BeyondItsSamplesPerSecond_Is429AndNothingCounts()
    {
        await using var host = await IngestHost.Start(("SamplesPerSecond", 1));
        var body = new WriteRequest();
        for (var i = 0; i < 100; i++) body.Counter(Eu, "200", T0 + i, i);
        Assert.Equal(HttpStatusCode.NoContent, (await host.Send(IngestHost.RemoteWrite(body.ToSnappy()))).StatusCode);
        var response = await host.Send(IngestHost.RemoteWrite(OneSample));
        await AssertFault(response, HttpStatusCode.TooManyRequests, "rate_limited");
        Assert.InRange(response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 60, 100);
        Assert.Single(host.Target.Batches);
    }

    [Fact]
    public async Task RemoteWrite_OfARealPrometheus_Is204AndReachesBothOrganizations()
    {
        await using var host = await IngestHost.Start();
        var response = await host.Send(IngestHost.RemoteWrite(RecordedBodyTests.Read("prometheus-samples.snappy")));
        Assert.Equal((HttpStatusCode.NoContent, 0L), (response.StatusCode, response.Content.Headers.ContentLength ?? 0));
        Assert.Equal([(Eu, 64), (Us, 64)], host.Target.Batches.Select(b => (b.OrganizationId, b.Batch.Samples.Length)).Order());
        var counts = Assert.Single(host.Stats.Snapshot());
        Assert.Equal(("aaaaaaaaaaaa", 1L, 128L, 20L), (counts.KeyId, counts.Requests, counts.Accepted, counts.Ignored["not_mapped"]));
    }

    [Fact]
    public async Task RemoteWrite_WithRefusals_Is400WithCountsAndTheRestCounts()
    {
        await using var host = await IngestHost.Start();
        host.Target.OnIngest = (_, _) => Task.FromResult(new IngestReceipt(1, [], [new("too_old", 2)], []));
        var body = new WriteRequest().Counter(Eu, "200", T0, 1).Counter(Eu, "503", T0, -1).Counter("eu-0000000000", "200", T0, 1).Series([("__name__", "up")], (T0, 1));
        var response = await host.Send(IngestHost.RemoteWrite(body.ToSnappy()));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("text/plain", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("refused negative_value=1 organization_unknown=1 too_old=2; accepted 1; ignored 1\n", await response.Content.ReadAsStringAsync());
        Assert.Equal([Eu], host.Target.Batches.Select(b => b.OrganizationId));
    }

    [Theory]
    [InlineData("/api/ingest/metrics")]
    [InlineData("/api/ingest/prometheus/write")]
    public async Task Body_ThatCannotBeRead_Is400MalformedAndNothingCounts(string path)
    {
        await using var host = await IngestHost.Start();
        var request = path.EndsWith("metrics", StringComparison.Ordinal) ? IngestHost.Json(OneInterval[..^1]) : IngestHost.RemoteWrite(OneSample[..^1]);
        await AssertFault(await host.Send(request), HttpStatusCode.BadRequest, "malformed");
        Assert.Empty(host.Target.Batches);
    }

    [Fact]
    public async Task Json_OfSeveralOrganizations_IsAnsweredWithOneReceipt()
    {
        await using var host = await IngestHost.Start();
        host.Target.OnIngest = (id, _) => Task.FromResult(id == Eu
            ? new IngestReceipt(1, [new("duplicate", 2)], [], [])
            : new IngestReceipt(0, [new("duplicate", 1)], [new("future", 1)], [new("future", null, null, DateTimeOffset.FromUnixTimeMilliseconds(T0))]));
        static string Interval(string organization, int bad) => $$"""{"organizationId":"{{organization}}","from":1767225600000,"to":1767225610000,"total":5,"bad":{{bad}}}""";
        var response = await host.Send(IngestHost.Json($$"""{"intervals":[{{Interval(Eu, 0)}},{{Interval(Us, 0)}},{{Interval(Eu, 6)}}]}"""));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(
            """{"accepted":1,"ignored":{"duplicate":3},"refused":{"future":1,"interval_invalid":1},"first":[{"reason":"interval_invalid","organizationId":"eu-7k3m9q2v4x","at":"2026-01-01T00:00:10Z"},{"reason":"future","organizationId":"us-0123456789","at":"2026-01-01T00:00:00Z"}]}""",
            await response.Content.ReadAsStringAsync());
    }
}
