using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;

namespace Forge.WebApi.Keys;

/// <summary>
/// Mutual TLS between silos, and between nodes and gateways: connection middleware for Orleans' builders. TLS 1.2 or newer, both sides show a certificate, only the given authority counts,
/// and the name in it must be the cluster's. Source: security.md 6.
/// </summary>
public sealed class ClusterTls
{
    private const SslProtocols Protocols = SslProtocols.Tls12 | SslProtocols.Tls13;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly SslStreamCertificateContext _own;
    private readonly X509Certificate2Collection _authority;
    private readonly string _name;

    private ClusterTls(X509Certificate2 own, X509Certificate2Collection authority, string name) =>
        (_own, _authority, _name) = (SslStreamCertificateContext.Create(own, additionalCertificates: null, offline: true), authority, name);

    /// <summary>Reads certificate, key and authority.</summary>
    /// <param name="certificate">PEM file of the own certificate, for both directions.</param>
    /// <param name="key">PEM file of its private key.</param>
    /// <param name="authority">PEM file of the private authority.</param>
    /// <param name="name">Name that certificates are made out to: the cluster's id.</param>
    /// <exception cref="KeyFolderException">A file is missing or unreadable, or the own certificate is not made out to the cluster.</exception>
    public static ClusterTls Load(string certificate, string key, string authority, string name)
    {
        try
        {
            var own = X509Certificate2.CreateFromPemFile(certificate, key);
            if (!own.MatchesHostname(name, allowWildcards: false, allowCommonName: false)) throw new KeyFolderException($"The certificate {certificate} is not made out to {name}.");
            var roots = new X509Certificate2Collection();
            roots.ImportFromPemFile(authority);
            return roots.Count > 0 ? new ClusterTls(own, roots, name) : throw new KeyFolderException($"There is no certificate in {authority}.");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new KeyFolderException($"The certificate, key or authority of the cluster cannot be read: {unreadable.Message}");
        }
    }

    /// <summary>For the side that accepts connections.</summary>
    public void Accept(IConnectionBuilder builder) => builder.Use(next => connection => RunAsync(connection, next, (ssl, cancellation) => ssl.AuthenticateAsServerAsync(
        new SslServerAuthenticationOptions
        {
            ServerCertificateContext = _own,
            ClientCertificateRequired = true,
            EnabledSslProtocols = Protocols,
            CipherSuitesPolicy = TlsSuites.Policy,
            CertificateChainPolicy = Policy(),
            RemoteCertificateValidationCallback = IsOfTheCluster,
        },
        cancellation)));

    /// <summary>For the side that connects.</summary>
    public void Connect(IConnectionBuilder builder) => builder.Use(next => connection => RunAsync(connection, next, (ssl, cancellation) => ssl.AuthenticateAsClientAsync(
        new SslClientAuthenticationOptions
        {
            TargetHost = _name,
            ClientCertificateContext = _own,
            EnabledSslProtocols = Protocols,
            CipherSuitesPolicy = TlsSuites.Policy,
            CertificateChainPolicy = Policy(),
            RemoteCertificateValidationCallback = IsOfTheCluster,
        },
        cancellation)));

    // The authority's own list of trust, and no question to anybody outside.
    private X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        policy.CustomTrustStore.AddRange(_authority);
        return policy;
    }

    // A server does not compare the name of its client by itself; here both do.
    private bool IsOfTheCluster(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        errors == SslPolicyErrors.None && certificate is X509Certificate2 shown && shown.MatchesHostname(_name, allowWildcards: false, allowCommonName: false);

    private static async Task RunAsync(ConnectionContext connection, ConnectionDelegate next, Func<SslStream, CancellationToken, Task> authenticate)
    {
        var plain = connection.Transport;
        await using var ssl = new SslStream(new PipeStream(plain), leaveInnerStreamOpen: false);
        using (var patience = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed))
        {
            patience.CancelAfter(Patience);
            try
            {
                await authenticate(ssl, patience.Token);
            }
            catch (Exception stranger) when (stranger is AuthenticationException or IOException or OperationCanceledException)
            {
                connection.Abort(new ConnectionAbortedException("The other side did not show a certificate of this cluster.", stranger));
                return;
            }
        }
        var sealedPipe = new SealedPipe(PipeReader.Create(ssl, new StreamPipeReaderOptions(leaveOpen: true)), PipeWriter.Create(ssl, new StreamPipeWriterOptions(leaveOpen: true)));
        connection.Transport = sealedPipe;
        try
        {
            await next(connection);
        }
        finally
        {
            await sealedPipe.Input.CompleteAsync();
            await sealedPipe.Output.CompleteAsync();
            connection.Transport = plain;
        }
    }

    private sealed record SealedPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>The two directions of a connection as one stream.</summary>
    private sealed class PipeStream(IDuplexPipe pipe) : Stream
    {
        private readonly Stream _in = pipe.Input.AsStream(leaveOpen: true);
        private readonly Stream _out = pipe.Output.AsStream(leaveOpen: true);

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() => _out.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => _out.FlushAsync(cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => _in.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => _in.ReadAsync(buffer, cancellationToken);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => _in.ReadAsync(buffer, offset, count, cancellationToken);

        public override void Write(byte[] buffer, int offset, int count) => _out.Write(buffer, offset, count);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => _out.WriteAsync(buffer, cancellationToken);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => _out.WriteAsync(buffer, offset, count, cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
