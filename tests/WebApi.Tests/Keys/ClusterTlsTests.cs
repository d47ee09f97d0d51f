using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Forge.Testing;
using Forge.WebApi.Keys;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Forge.WebApi.Tests.Keys;

/// <summary>Mutual TLS on connections: a listener behind the middleware that echoes, and who gets an echo.</summary>
public sealed class ClusterTlsTests : IAsyncLifetime
{
    private const string Cluster = "forge";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly string _folder = Directory.CreateTempSubdirectory("cluster-tls-").FullName;
    private readonly TestAuthority _authority = new("cluster authority");
    private readonly TestAuthority _stranger = new("somebody else");
    private WebApplication _app = null!;
    private IPEndPoint _listener = null!;

    public async ValueTask InitializeAsync()
    {
        var tls = Load(_authority.Issue(Path.Combine(_folder, "silo"), Cluster));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            tls.Accept(listen);
            listen.Run(async connection =>
            {
                while (await connection.Transport.Input.ReadAsync() is { IsCompleted: false } read)
                {
                    foreach (var part in read.Buffer) await connection.Transport.Output.WriteAsync(part);
                    connection.Transport.Input.AdvanceTo(read.Buffer.End);
                }
            });
        }));
        _app = builder.Build();
        await _app.StartAsync();
        var address = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        _listener = new IPEndPoint(IPAddress.Loopback, address.Port);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _authority.Dispose();
        _stranger.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Connect_WithACertificateOfTheCluster_IsHeardBothWays()
    {
        var tls = Load(_authority.Issue(Path.Combine(_folder, "node"), Cluster));

        Assert.Equal("hello", await ThroughAsync(tls, "hello"));
        var large = new string('x', 300_000);
        Assert.Equal(large, await ThroughAsync(tls, large));
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Listener_ForTls12And13_WithACertificate_Echoes(SslProtocols protocol) => Assert.Equal("hello", await RawAsync(Certificate(_authority, "raw", Cluster), protocol));

    [Theory]
    [InlineData(TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384, false)]
    [InlineData(TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, false)]
    [InlineData(TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8, false)]
    [InlineData(TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, true)]
    public async Task Listener_ForASuiteWithoutForwardSecrecyOrAuthenticatedEncryption_IsClosed(TlsCipherSuite suite, bool allowed)
    {
        Assert.Equal(allowed, TlsSuites.Allowed.Contains(suite));
#pragma warning disable CA1416 // the product and its tests run on Linux
        Task<string> Try() => RawAsync(Certificate(_authority, "raw", Cluster), SslProtocols.Tls12, new CipherSuitesPolicy([suite]));
#pragma warning restore CA1416
        if (allowed) Assert.Equal("hello", await Try());
        else await ClosedAsync(Try);
    }

    [Fact]
    public async Task Listener_ForNoCertificate_IsClosed() => await ClosedAsync(() => RawAsync(null, SslProtocols.Tls13));

    [Fact]
    public async Task Listener_ForACertificateOfAnotherAuthority_IsClosed() => await ClosedAsync(() => RawAsync(Certificate(_stranger, "raw", Cluster), SslProtocols.Tls13));

    [Fact]
    public async Task Listener_ForACertificateOfAnotherName_IsClosed() => await ClosedAsync(() => RawAsync(Certificate(_authority, "raw", "other"), SslProtocols.Tls13));

    [Fact]
    public async Task Listener_ForACertificateThatIsOver_IsClosed() => await ClosedAsync(() => RawAsync(Certificate(_authority, "raw", Cluster, days: 0.5), SslProtocols.Tls13));

    [Fact]
    public async Task Listener_ForPlainText_AnswersNothing()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(_listener);
        await client.GetStream().WriteAsync("hello hello hello hello"u8.ToArray());
        var answer = new byte[64];
        var read = 0;
        try
        {
            read = await client.GetStream().ReadAsync(answer).AsTask().WaitAsync(Patience);
        }
        catch (IOException)
        {
            // closed by a reset: as good
        }

        Assert.DoesNotContain("hello", Encoding.ASCII.GetString(answer, 0, read), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_ToAListenerOfAnotherAuthority_IsClosed()
    {
        var files = _authority.Issue(Path.Combine(_folder, "node"), Cluster);
        var trusting = ClusterTls.Load(files.Certificate, files.Key, _stranger.Issue(Path.Combine(_folder, "stranger"), Cluster).Authority, Cluster);

        await Assert.ThrowsAsync<ConnectionAbortedException>(() => ThroughAsync(trusting, "hello"));
    }

    [Fact]
    public void Load_OfWhatIsNotMadeOutToTheClusterOrNotThere_IsRefused()
    {
        var other = _authority.Issue(Path.Combine(_folder, "other"), "other");

        Assert.Throws<KeyFolderException>(() => Load(other));
        Assert.Throws<KeyFolderException>(() => ClusterTls.Load(other.Certificate + "-gone", other.Key, other.Authority, "other"));
        Assert.Throws<KeyFolderException>(() => ClusterTls.Load(other.Certificate, other.Certificate, other.Authority, "other"));
    }

    private static ClusterTls Load((string Certificate, string Key, string Authority) files) => ClusterTls.Load(files.Certificate, files.Key, files.Authority, Cluster);

    private X509Certificate2 Certificate(TestAuthority authority, string folder, string name, double days = 30)
    {
        var files = authority.Issue(Path.Combine(_folder, folder), name, days);
        return X509Certificate2.CreateFromPemFile(files.Certificate, files.Key);
    }

    private static async Task ClosedAsync(Func<Task> use)
    {
        var end = await Record.ExceptionAsync(use);
        Assert.True(end is IOException or AuthenticationException, end?.ToString() ?? "It was heard.");
    }

    /// <summary>A client that does as it likes and takes any server.</summary>
    private async Task<string> RawAsync(X509Certificate2? certificate, SslProtocols protocol, CipherSuitesPolicy? suites = null)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(_listener);
        await using var ssl = new SslStream(client.GetStream());
        await ssl.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = Cluster,
            EnabledSslProtocols = protocol,
            CipherSuitesPolicy = suites,
            ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, null, offline: true),
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
        });
        await ssl.WriteAsync("hello"u8.ToArray());
        var answer = new byte[5];
        await ssl.ReadExactlyAsync(answer).AsTask().WaitAsync(Patience);
        return Encoding.ASCII.GetString(answer);
    }

    /// <summary>The connecting half of the middleware on a real socket.</summary>
    private async Task<string> ThroughAsync(ClusterTls tls, string text)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(_listener);
        var stream = client.GetStream();
        var connection = new DefaultConnectionContext("test") { Transport = new Duplex(PipeReader.Create(stream), PipeWriter.Create(stream)) };
        var answer = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var builder = new ConnectionBuilder(_app.Services);
        tls.Connect(builder);
        builder.Run(async inner =>
        {
            await inner.Transport.Output.WriteAsync(Encoding.ASCII.GetBytes(text));
            var read = await inner.Transport.Input.ReadAtLeastAsync(text.Length);
            answer.TrySetResult(Encoding.ASCII.GetString(read.Buffer.ToArray()));
            inner.Transport.Input.AdvanceTo(read.Buffer.End);
        });
        await builder.Build()(connection).WaitAsync(Patience);
        return answer.Task.IsCompleted ? await answer.Task : throw new ConnectionAbortedException("closed");
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
