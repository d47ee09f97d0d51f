using System.Net.Http.Headers;
using System.Text;
using Forge.WebApi.Identity;
using Forge.WebApi.Sla.Ingest;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Forge.WebApi.Tests.Sla;

/// <summary>The ingest endpoints on a loopback port, with keys in memory and a recording target behind them.</summary>
internal sealed class IngestHost : IAsyncDisposable
{
    public const string Secret = "s_ecret-0123456789";

    /// <summary>A key whose check fails because the store does not answer.</summary>
    public const string BrokenKey = "eeeeeeeeeeee";

    private readonly WebApplication _app;

    private IngestHost(WebApplication app, RecordingTarget target)
    {
        _app = app;
        Target = target;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.First()), Timeout = TimeSpan.FromSeconds(30) };
    }

    /// <summary>Id, organizations and uses of the keys that exist; all have the same secret.</summary>
    public static IReadOnlyDictionary<string, IngestKey> Keys { get; } = new[]
    {
        new IngestKey("aaaaaaaaaaaa", "all", [], ["telemetry"]),
        new IngestKey("bbbbbbbbbbbb", "one", [Decode.Eu], ["telemetry", "signals"]),
        new IngestKey("cccccccccccc", "other use", [], ["tickets"]),
    }.ToDictionary(k => k.Id);

    public HttpClient Client { get; }

    public RecordingTarget Target { get; }

    /// <summary>Completes when the port of gRPC answers: that is a moment after the host.</summary>
    public Task GrpcOpened => _app.Services.GetServices<IHostedService>().OfType<OtlpGrpcPort>().Single().Opened.WaitAsync(TimeSpan.FromSeconds(20));

    public IngestStats Stats => _app.Services.GetRequiredService<IngestStats>();

    /// <summary>Tells organizations at once what was refused in their name; otherwise that happens every 5 s.</summary>
    public Task FlushRefusals() => _app.Services.GetRequiredService<RefusalReports>().Flush();

    public static async Task<IngestHost> Start(params (string Name, int Value)[] limits)
    {
        var target = new RecordingTarget(Decode.Eu, Decode.Us);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Configuration[$"{IngestOptions.Section}:GrpcPort"] = "0";
        foreach (var (name, value) in limits) builder.Configuration[$"{IngestOptions.Section}:{name}"] = $"{value}";
        builder.Services.AddSingleton<IIngestTarget>(target);
        builder.Services.AddSingleton<IMappingSource>(target);
        builder.Services.AddSingleton<IRefusalTarget>(target);
        builder.Services.AddSingleton<IngestKeyAuthenticator>((id, secret, _) => id == BrokenKey ? throw new IOException("no store") : ValueTask.FromResult(secret == Secret ? Keys.GetValueOrDefault(id) : null));
        builder.Services.AddForgeIngest(builder.Configuration);
        var app = builder.Build();
        app.MapForgeIngest();
        await app.StartAsync();
        return new IngestHost(app, target);
    }

    public static HttpRequestMessage RemoteWrite(byte[] snappy, string keyId = "aaaaaaaaaaaa")
    {
        var content = new ByteArrayContent(snappy);
        content.Headers.TryAddWithoutValidation("Content-Type", "application/x-protobuf");
        content.Headers.TryAddWithoutValidation("Content-Encoding", "snappy");
        var request = Post("/api/ingest/prometheus/write", content, keyId);
        request.Headers.TryAddWithoutValidation("X-Prometheus-Remote-Write-Version", "0.1.0");
        return request;
    }

    public static HttpRequestMessage Otlp(byte[] body, string contentType = "application/x-protobuf", string? encoding = null, string keyId = "aaaaaaaaaaaa")
    {
        var content = new ByteArrayContent(body);
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        if (encoding is not null) content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        return Post("/api/ingest/otlp/v1/metrics", content, keyId);
    }

    /// <summary>A gRPC call over HTTP/2 without TLS, to the port of <c>GrpcPort</c>.</summary>
    public static HttpRequestMessage Grpc(int port, byte[] frame, string? encoding = null, string keyId = "aaaaaaaaaaaa")
    {
        var content = new ByteArrayContent(frame);
        content.Headers.TryAddWithoutValidation("Content-Type", "application/grpc");
        var request = Post($"http://127.0.0.1:{port}{OtlpGrpc.Path}", content, keyId);
        if (encoding is not null) request.Headers.TryAddWithoutValidation("grpc-encoding", encoding);
        request.Headers.TE.ParseAdd("trailers");
        request.Version = new Version(2, 0);
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        return request;
    }

    /// <summary>A free port; somebody else may take it before it is used, as with any such number.</summary>
    public static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }

    public static HttpRequestMessage Json(string body, string keyId = "aaaaaaaaaaaa") => Post("/api/ingest/metrics", new StringContent(body, Encoding.UTF8, "application/json"), keyId);

    public Task<HttpResponseMessage> Send(HttpRequestMessage request) => Client.SendAsync(request);

    /// <summary>Sends once the port of gRPC is open: it opens a moment after the host.</summary>
    public async Task<HttpResponseMessage> SendGrpc(HttpRequestMessage request)
    {
        await GrpcOpened;
        return await Client.SendAsync(request);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }

    private static HttpRequestMessage Post(string path, HttpContent content, string keyId)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", $"fik_{keyId}_{Secret}");
        return request;
    }
}
