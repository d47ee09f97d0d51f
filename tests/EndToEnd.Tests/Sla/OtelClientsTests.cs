using System.Globalization;
using System.Text.RegularExpressions;
using Forge.Domain;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Forge.EndToEnd.Tests.Harness;
using Forge.Load;

namespace Forge.EndToEnd.Tests.Sla;

/// <summary>One product with a gRPC port of its own for all senders; every sender has its own organization and key.</summary>
public sealed class OtelProduct(PublishedProduct published) : IAsyncLifetime
{
    private readonly int _grpcPort = Repository.FreePort();
    private readonly SemaphoreSlim _installing = new(1);
    private ProductProcess? _product;
    private bool _installed;

    internal ProductSession Session { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _product = await ProductProcess.StartPublishedAsync(published, demo: false, _grpcPort);
        (Session, _, _) = await _product.SetUpAsync();
        await _product.Process.LineAsync(new Regex($"OTLP/gRPC is served on .*:{_grpcPort}", RegexOptions.None, TimeSpan.FromSeconds(1)), TimeSpan.FromSeconds(30));
    }

    public async ValueTask DisposeAsync()
    {
        Session?.Dispose();
        if (_product is not null) await _product.DisposeAsync();
        _installing.Dispose();
    }

    /// <summary>What the examples read from their environment.</summary>
    internal (string Name, string Value)[] EnvironmentOf(string organizationId, string key) =>
    [
        ("FORGE_ORGANIZATION", organizationId), ("FORGE_KEY", key), ("FORGE_URL", _product!.Url.GetLeftPart(UriPartial.Authority)),
        ("FORGE_GRPC", string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_grpcPort}")),
        // No proxy of this machine stands between a sender and the product.
        ("NO_PROXY", "127.0.0.1"), ("no_proxy", "127.0.0.1"),
    ];

    /// <summary>The packages of the committed lock file, installed once.</summary>
    internal async Task InstallAsync(string npm, string folder)
    {
        await _installing.WaitAsync();
        try
        {
            if (!_installed) await RunningProcess.RunAsync("npm ci", npm, ["ci", "--no-audit", "--no-fund"], folder, TimeSpan.FromMinutes(3));
            _installed = true;
        }
        finally
        {
            _installing.Release();
        }
    }
}

/// <summary>The examples of deploy/examples with the real OpenTelemetry SDKs: what they say they recorded is what the product counts.</summary>
public sealed partial class OtelClientsTests(OtelProduct product) : IClassFixture<OtelProduct>
{
    private const string Rounds = "3";

    private static string Examples => Path.Combine(Repository.Root, "deploy", "examples");

    [Theory]
    [InlineData("json", "cumulative", "explicit")]
    [InlineData("json", "delta", "exponential")]
    [InlineData("proto", "cumulative", "exponential")]
    [InlineData("proto", "delta", "explicit")]
    [InlineData("grpc", "cumulative", "explicit")]
    [InlineData("grpc", "delta", "exponential")]
    public async Task JavaScriptSdk_OverEachProtocol_IsCountedExactly(string protocol, string temporality, string shape)
    {
        var (node, npm) = (Repository.Find("node"), Repository.Find("npm"));
        Assert.SkipWhen(node is null || npm is null, $"The OpenTelemetry SDK for JavaScript needs node and npm; missing here: {(node is null ? "node " : "")}{(npm is null ? "npm" : "")} (Debian: apt-get install nodejs npm).");
        var folder = Path.Combine(Examples, "opentelemetry-js");
        await product.InstallAsync(npm!, folder);
        await CountedAsync($"js {protocol} {temporality} {shape}", temporality, environment =>
            RunningProcess.RunAsync("send.mjs", node!, ["send.mjs", protocol, temporality, shape, Rounds], folder, TimeSpan.FromSeconds(60), environment));
    }

    [Theory]
    [InlineData("http", "cumulative", "explicit")]
    [InlineData("http", "delta", "exponential")]
    [InlineData("grpc", "cumulative", "exponential")]
    [InlineData("grpc", "delta", "explicit")]
    public async Task DotNetSdk_OverEachProtocol_IsCountedExactly(string protocol, string temporality, string shape)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var dll = Directory.GetFiles(Path.Combine(Examples, "opentelemetry-dotnet", "bin", configuration), "*Shop.dll", SearchOption.AllDirectories).Single(f => !f.Contains("/ref/", StringComparison.Ordinal));
        await CountedAsync($"dotnet {protocol} {temporality} {shape}", temporality, environment =>
            RunningProcess.RunAsync("Shop", "dotnet", [dll, protocol, temporality, shape, Rounds], Repository.Root, TimeSpan.FromSeconds(60), environment));
    }

    /// <summary>
    /// Delta: every recorded request counts. Cumulative: a counter never seen before may be old, so its first export is only the baseline (sla.md 3.2) and what came after it counts.
    /// </summary>
    private async Task CountedAsync(string name, string temporality, Func<(string Name, string Value)[], Task<string>> send)
    {
        var organization = await product.Session.CreateMonitoredOrganizationAsync(name, SlaTerms.Default, DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime));
        var output = await send(product.EnvironmentOf(organization.Id, await product.Session.CreateKeyAsync(name, [organization.Id])));
        var rounds = Sent().Matches(output).Select(m => long.Parse(m.Groups["requests"].Value, CultureInfo.InvariantCulture)).ToArray();
        Assert.True(rounds.Length == int.Parse(Rounds, CultureInfo.InvariantCulture), $"The sender did not say that every round was sent:\n{output}");
        var counted = temporality == "delta" ? rounds : rounds[1..];
        var view = await Eventually.GetAsync($"{counted.Sum()} requests of {name}", TimeSpan.FromSeconds(30), () => product.Session.GetAsync($"/api/sla/organizations/{organization.Id}", ForgeJson.Default.SlaOrganizationView), v => v.Month.Requests >= counted.Sum());
        Assert.Equal((counted.Sum(), counted.Length), (view.Month.Requests, view.Month.BadRequests));
        // All but one of 101 lie below 0.4 s: the latency reached the product too.
        Assert.InRange(view.Month.P99Ms ?? 0, 60, 110);
    }

    [GeneratedRegex(@"round \d+: (?<requests>\d+) requests sent", RegexOptions.None, 1000)]
    private static partial Regex Sent();
}
