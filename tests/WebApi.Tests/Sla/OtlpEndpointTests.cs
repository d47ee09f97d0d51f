using System.Buffers.Binary;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Forge.Domain.Sla;
using Forge.WebApi.Sla.Ingest;
using static Forge.Testing.Otlp.OtlpMessages;
using static Forge.WebApi.Tests.Sla.Decode;

namespace Forge.WebApi.Tests.Sla;

/// <summary>What an OTLP sender sees over HTTP and gRPC.</summary>
public sealed class OtlpEndpointTests
{
    private static readonly byte[] One = Request([("organization_id", Eu)], Metric("http.server.request.duration", "s", 9, Cumulative, false, HistogramPoint([], T0 - 1000, T0, [0.1], [1, 2])));
    private static readonly byte[] Foreign = Request([("organization_id", Us)], Metric("http.server.request.duration", "s", 9, Cumulative, false, HistogramPoint([], T0 - 1000, T0, [], [])));

    private static byte[] Gzip(byte[] body)
    {
        using var target = new MemoryStream();
        using (var gzip = new GZipStream(target, CompressionLevel.Fastest)) gzip.Write(body);
        return target.ToArray();
    }

    private static byte[] Frame(byte[] message, bool gzip = false)
    {
        var frame = new byte[5 + message.Length];
        frame[0] = gzip ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    [Theory]
    [InlineData(null)]
    [InlineData("identity")]
    [InlineData("gzip")]
    public async Task Protobuf_InAnEncoding_IsTakenAndAnsweredEmpty(string? encoding)
    {
        await using var host = await IngestHost.Start();
        using var response = await host.Send(IngestHost.Otlp(encoding == "gzip" ? Gzip(One) : One, encoding: encoding));
        Assert.Equal((HttpStatusCode.OK, "application/x-protobuf"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
        Assert.Equal(3, Assert.Single(host.Target.Batches).Batch.Samples.Length);
    }

    [Fact]
    public void Gzip_ThatEndsEarly_IsDamagedWhereverItEnds()
    {
        var whole = Gzip([.. Enumerable.Range(0, 50).SelectMany(_ => One)]);
        for (var length = 0; length < whole.Length; length++) Assert.Equal((400, (GzipBody?)null), (GzipBody.TryOpen(whole.AsMemory(0, length), 1 << 20, out var part)!.Status, part));
        Assert.Null(GzipBody.TryOpen(whole, 1 << 20, out var opened));
        opened!.Dispose();
    }

    [Fact]
    public async Task Json_IsTakenAndAnsweredInJson()
    {
        await using var host = await IngestHost.Start();
        var body = """{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"http.server.request.duration","histogram":{"aggregationTemporality":2,"dataPoints":[{"attributes":[{"key":"organization_id","value":{"stringValue":"eu-7k3m9q2v4x"}}],"timeUnixNano":"1767225600000000000","count":"4"},{"count":"1","attributes":[{"key":"organization_id","value":{"stringValue":"us-0123456789"}}]}]}}]}]}]}""";
        using var response = await host.Send(IngestHost.Otlp(Encoding.UTF8.GetBytes(body), "application/json; charset=utf-8", keyId: "bbbbbbbbbbbb"));
        Assert.Equal((HttpStatusCode.OK, "application/json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        var partial = answer.RootElement.GetProperty("partialSuccess");
        Assert.Equal("1", partial.GetProperty("rejectedDataPoints").GetString());
        Assert.StartsWith("refused organization_not_allowed=1; first: organization_not_allowed organization us-0123456789 metric http.server.request.duration", partial.GetProperty("errorMessage").GetString(), StringComparison.Ordinal);
        Assert.Equal(4, Assert.Single(Assert.Single(host.Target.Batches).Batch.Samples).Value);
    }

    [Fact]
    public async Task Protobuf_PartlyRefused_SaysHowManyAndWhy()
    {
        await using var host = await IngestHost.Start();
        using var response = await host.Send(IngestHost.Otlp([.. One, .. Foreign, .. Foreign], keyId: "bbbbbbbbbbbb"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var message = await response.Content.ReadAsByteArrayAsync();
        // Field 1, its length in two bytes, then rejected_data_points = 2 and the text.
        Assert.Equal([0x0a, (byte)((message.Length - 3) | 0x80), 0x01, 0x08, 0x02, 0x12], message[..6]);
        Assert.Contains("organization_not_allowed=2", Encoding.UTF8.GetString(message), StringComparison.Ordinal);
        Assert.Single(host.Target.Batches);
    }

    [Theory]
    [InlineData("application/x-protobuf", "zstd", 415)]
    [InlineData("application/x-protobuf", "snappy", 415)]
    [InlineData("text/plain", null, 415)]
    [InlineData("application/x-protobuf", "gzip", 400)]
    [InlineData("application/json", null, 400)]
    public async Task Body_OfAnotherForm_IsTurnedAway(string contentType, string? encoding, int status)
    {
        await using var host = await IngestHost.Start();
        using var response = await host.Send(IngestHost.Otlp([1, 2, 3], contentType, encoding));
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(contentType == "application/x-protobuf" ? "application/x-protobuf" : "application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Empty(host.Target.Batches);
    }

    [Fact]
    public async Task GzipBomb_IsTooLargeAndStaysSmall()
    {
        var bomb = Gzip(new byte[64 << 20]);
        Assert.InRange(bomb.Length, 1, 1 << 20);
        await using var host = await IngestHost.Start();
        using var response = await host.Send(IngestHost.Otlp(bomb, encoding: "gzip"));
        Assert.Equal(413, (int)response.StatusCode);
        Assert.Equal(413, GzipBody.TryOpen(bomb, 1 << 20, out var opened)!.Status);
        Assert.Null(opened);
    }

    [Theory]
    [InlineData("cccccccccccc", 403)]
    [InlineData("ffffffffffff", 401)]
    [InlineData(IngestHost.BrokenKey, 503)]
    public async Task Fault_OverHttp_IsAStatusMessage(string keyId, int status)
    {
        await using var host = await IngestHost.Start();
        using var response = await host.Send(IngestHost.Otlp(One, keyId: keyId));
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(status == 401, response.Headers.WwwAuthenticate.Count > 0);
        Assert.Equal(status == 503, response.Headers.RetryAfter is not null);
        Assert.Equal(0x08, (await response.Content.ReadAsByteArrayAsync())[0]);
    }

    [Fact]
    public async Task Grpc_PlainAndInGzip_IsTakenWithStatusZero()
    {
        var port = IngestHost.FreePort();
        await using var host = await IngestHost.Start(("GrpcPort", port));
        foreach (var (frame, encoding) in new[] { (Frame(One), (string?)null), (Frame(Gzip(One), true), "gzip") })
        {
            using var response = await host.SendGrpc(IngestHost.Grpc(port, frame, encoding));
            Assert.Equal((HttpStatusCode.OK, "application/grpc"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
            Assert.Equal(new byte[5], await response.Content.ReadAsByteArrayAsync());
            Assert.Equal("0", Assert.Single(response.TrailingHeaders.GetValues("grpc-status")));
        }

        Assert.Equal(2, host.Target.Batches.Count);
    }

    [Fact]
    public async Task Grpc_PartlyRefused_IsOkWithPartialSuccess()
    {
        var port = IngestHost.FreePort();
        await using var host = await IngestHost.Start(("GrpcPort", port));
        using var response = await host.SendGrpc(IngestHost.Grpc(port, Frame(Foreign), keyId: "bbbbbbbbbbbb"));
        Assert.Equal(new byte[] { 0x08, 0x01 }, (await response.Content.ReadAsByteArrayAsync())[8..10]);
        Assert.Equal("0", Assert.Single(response.TrailingHeaders.GetValues("grpc-status")));
    }

    public static TheoryData<string, byte[], string?, string, int> Faults => new()
    {
        { "no message", [], null, "aaaaaaaaaaaa", 3 },
        { "length wrong", [0, 0, 0, 0, 9, 1], null, "aaaaaaaaaaaa", 3 },
        { "no OTLP", Frame([1, 2, 3]), null, "aaaaaaaaaaaa", 3 },
        { "flag unknown", [2, 0, 0, 0, 0], null, "aaaaaaaaaaaa", 3 },
        { "damaged gzip", Frame([1, 2, 3], true), "gzip", "aaaaaaaaaaaa", 3 },
        { "encoding unknown", Frame(One, true), "zstd", "aaaaaaaaaaaa", 12 },
        { "key unknown", Frame(One), null, "ffffffffffff", 16 },
        { "key without the use", Frame(One), null, "cccccccccccc", 7 },
        { "store down", Frame(One), null, IngestHost.BrokenKey, 14 },
        { "too large", Frame(new byte[5000]), null, "aaaaaaaaaaaa", 8 },
    };

    [Fact]
    public async Task Grpc_Fault_HasItsCode()
    {
        var port = IngestHost.FreePort();
        await using var host = await IngestHost.Start(("GrpcPort", port), ("MaxBodyBytes", 4000));
        foreach (var row in Faults)
        {
            var (why, frame, encoding, keyId, code) = row.Data;
            using var response = await host.SendGrpc(IngestHost.Grpc(port, frame, encoding, keyId));
            Assert.True(Assert.Single(response.Headers.GetValues("grpc-status")) == $"{code}", $"{why}: {response.Headers}");
            Assert.Equal(code == 14, response.Headers.TryGetValues("grpc-status-details-bin", out var details));
            if (details is not null) Assert.Contains("google.rpc.RetryInfo", Encoding.UTF8.GetString(Convert.FromBase64String(details.Single().PadRight((details.Single().Length + 3) / 4 * 4, '='))), StringComparison.Ordinal);
        }

        Assert.Empty(host.Target.Batches);
    }

    [Fact]
    public async Task GrpcPort_ThatIsTaken_DoesNotKeepTheProductFromStarting()
    {
        var port = IngestHost.FreePort();
        await using var first = await IngestHost.Start(("GrpcPort", port));
        using (await first.SendGrpc(IngestHost.Grpc(port, Frame(One)))) Assert.Single(first.Target.Batches);
        await using var second = await IngestHost.Start(("GrpcPort", port));
        using var response = await second.Send(IngestHost.Otlp(One));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }
}
