using System.Net;
using System.Net.Http.Headers;
using System.IO.Compression;
using System.Text.RegularExpressions;
using Forge.WebApi.Sla.Ingest;
using static Forge.Testing.Otlp.OtlpMessages;
using static Forge.WebApi.Tests.Sla.Decode;

namespace Forge.WebApi.Tests.Sla;

/// <summary>deploy/examples says what the product does. Prometheus and the SDKs run their files for real in EndToEnd.Tests; no Collector is at hand, so here its file is held against the endpoint it names.</summary>
public sealed partial class ExampleFilesTests
{
    private static readonly string Folder = Path.Combine(Root(), "deploy", "examples");

    /// <summary>Everything a reader of the examples or of the README copies.</summary>
    private static readonly string[] Texts =
    [
        Path.Combine(Root(), "README.md"), Path.Combine(Folder, "README.md"), Path.Combine(Folder, "prometheus.yml"), Path.Combine(Folder, "opentelemetry-collector.yml"),
        Path.Combine(Folder, "opentelemetry-js", "send.mjs"), Path.Combine(Folder, "opentelemetry-dotnet", "Program.cs"),
    ];

    [Fact]
    public async Task Collector_SendingAsItsFileSays_IsUnderstood()
    {
        await using var host = await IngestHost.Start();
        var file = await File.ReadAllTextAsync(Path.Combine(Folder, "opentelemetry-collector.yml"));
        var endpoint = new Uri(Only(file, @"metrics_endpoint: (\S+)"));
        // otlphttp sends protobuf; the file chooses the rest.
        var credential = Only(file, "authorization: \"(.+)\"").Replace("${env:FORGE_KEY}", $"fik_bbbbbbbbbbbb_{IngestHost.Secret}", StringComparison.Ordinal);
        Assert.Equal("gzip", Only(file, @"compression: (\S+)"));
        var body = Request([("organization_id", Eu)], Metric("http.server.request.duration", "s", 9, Cumulative, false, HistogramPoint([], T0 - 1, T0, [], [], count: 1)));
        using var content = new ByteArrayContent(Gzip(body)) { Headers = { ContentType = new("application/x-protobuf"), ContentEncoding = { "gzip" } } };
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint.AbsolutePath) { Content = content, Headers = { Authorization = AuthenticationHeaderValue.Parse(credential) } };

        using var response = await host.Send(request);

        Assert.Equal((HttpStatusCode.OK, 0L), (response.StatusCode, response.Content.Headers.ContentLength));   // an empty answer: nothing was refused
        Assert.Equal(Eu, Assert.Single(host.Target.Batches).OrganizationId);
    }

    [Fact]
    public async Task Addresses_InEveryExample_AreTheProducts()
    {
        await using var host = await IngestHost.Start();
        var paths = new HashSet<string>();
        foreach (var text in Texts.Select(File.ReadAllText))
        {
            foreach (Match path in IngestPath().Matches(text)) paths.Add(path.Value);
            foreach (Match port in ForgeUrl().Matches(text)) Assert.Equal("5180", port.Groups["port"].Value);
            foreach (Match port in ForgeGrpc().Matches(text)) Assert.Equal($"{new IngestOptions().GrpcPort}", port.Groups["port"].Value);
        }

        Assert.Equal(["/api/ingest/metrics", "/api/ingest/otlp/v1/metrics", "/api/ingest/prometheus/write"], paths.Order());
        foreach (var path in paths)
        {
            using var response = await host.Send(new HttpRequestMessage(HttpMethod.Post, path));
            Assert.True(response.StatusCode == HttpStatusCode.Unauthorized, $"{path} answers {(int)response.StatusCode} to somebody without a key.");
        }
    }

    private static string Only(string text, string pattern) => Assert.Single(Regex.Matches(text, pattern, RegexOptions.None, TimeSpan.FromSeconds(1)).Select(m => m.Groups[1].Value));

    private static byte[] Gzip(byte[] body)
    {
        using var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, CompressionLevel.Fastest)) gzip.Write(body);
        return zipped.ToArray();
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Forge.Orleans.sln"))) folder = folder.Parent ?? throw new InvalidOperationException("No Forge.Orleans.sln above the tests.");
        return folder.FullName;
    }

    [GeneratedRegex(@"/api/ingest/[a-z0-9/]*[a-z0-9]", RegexOptions.None, 1000)]
    private static partial Regex IngestPath();

    [GeneratedRegex(@"http://127\.0\.0\.1:(?<port>\d+)/api/ingest|FORGE_URL\W[^:]{1,20}http://127\.0\.0\.1:(?<port>\d+)", RegexOptions.None, 1000)]
    private static partial Regex ForgeUrl();

    [GeneratedRegex(@"FORGE_GRPC[^\n]*?http://127\.0\.0\.1:(?<port>\d+)", RegexOptions.None, 1000)]
    private static partial Regex ForgeGrpc();
}
