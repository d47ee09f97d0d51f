using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Forge.WebApi.Identity;

namespace Forge.WebApi.Http;

/// <summary>
/// The only door to the outside: probes, webhooks, connectors and notifiers send through it. The name is resolved once, every address is checked, the connection goes to a checked address
/// (no second look-up), nothing is redirected, proxied, unpacked or kept, and size and time are bounded. Source: security.md 10.
/// </summary>
public sealed class OutboundGuard : DelegatingHandler
{
    private static readonly HttpRequestOptionsKey<ImmutableArray<IPAddress>> Checked = new("forge.outbound.addresses");

    private readonly OutboundOptions _options;
    private readonly OutboundTargets _targets;
    private readonly OutboundRefusals? _refusals;
    private readonly DialAddress _dial;
    private readonly TimeProvider _time;

    /// <summary>Creates the handler; resolver and dialler are replaced by tests only.</summary>
    public OutboundGuard(OutboundOptions options, TimeProvider time, OutboundRefusals? refusals = null, ResolveHost? resolve = null, DialAddress? dial = null)
    {
        (_options, _time, _refusals, _dial) = (options, time, refusals, dial ?? DialAsync);
        _targets = new OutboundTargets(options, resolve);
#pragma warning disable RS0030 // This is the handler that everything else must use.
        InnerHandler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,   // a small answer cannot become a large one
            PooledConnectionLifetime = TimeSpan.Zero,   // each call is checked and connected anew
            ConnectTimeout = options.Connect,
            MaxResponseHeadersLength = 32,
            MaxResponseDrainSize = 0,
            ActivityHeadersPropagator = null,   // our trace ids are nobody else's business
            ConnectCallback = ConnectAsync,
        };
#pragma warning restore RS0030
    }

    /// <summary>A client over this handler.</summary>
#pragma warning disable RS0030 // Made over the guard.
    public HttpClient Client() => new(this, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
#pragma warning restore RS0030

    /// <summary>Sends a request. The answer's body is whole, and at most as long as the options allow.</summary>
    /// <exception cref="TargetNotAllowedException">The target is refused; nothing was sent.</exception>
    /// <exception cref="TimeoutException">Connection and answer took longer than the options allow.</exception>
    /// <exception cref="HttpRequestException">It could not be reached, or answered too much.</exception>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var clock = new CancellationTokenSource(_options.Total, _time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(clock.Token, cancellationToken);
        try
        {
            request.Options.Set(Checked, await CheckAsync(request, limit.Token));
            var response = await base.SendAsync(request, limit.Token);
            try
            {
                await BoundAsync(response, limit.Token);
                return response;
            }
            catch
            {
                response.Dispose();
                throw;
            }
        }
        catch (OperationCanceledException late) when (clock.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"No whole answer within {_options.Total.TotalSeconds:0} s.", late);
        }
        catch (TargetNotAllowedException refused) when (_refusals is not null)
        {
            await _refusals.TellAsync(refused, cancellationToken);
            throw;
        }
    }

    /// <inheritdoc />
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Outgoing calls are asynchronous.");

    private Task<ImmutableArray<IPAddress>> CheckAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        var uri = request.RequestUri ?? throw new TargetNotAllowedException("?", "scheme");
        // Another Host than the address says would reach a neighbour behind the same front.
        if (request.Headers.Host is { } host && !string.Equals(host, uri.Authority, StringComparison.OrdinalIgnoreCase)) throw new TargetNotAllowedException(uri.Scheme + "://" + uri.Authority, "host_header");
        return _targets.OfHttpAsync(uri, cancellation);
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        Exception? last = null;
        if (!context.InitialRequestMessage.Options.TryGetValue(Checked, out var addresses)) throw new InvalidOperationException("A connection was asked for without a check.");
        foreach (var address in addresses)
        {
            try
            {
                return await _dial(new IPEndPoint(address, context.DnsEndPoint.Port), cancellation);
            }
            catch (SocketException failure)
            {
                last = failure;
            }
        }
        throw last ?? new SocketException((int)SocketError.HostUnreachable);
    }

    private static async ValueTask<Stream> DialAsync(IPEndPoint target, CancellationToken cancellation)
    {
        var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(target, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task BoundAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        if (response.Content.Headers.ContentLength > _options.MaxBodyBytes) throw TooLong();
        var buffer = new byte[_options.MaxBodyBytes + 1];
        await using var body = await response.Content.ReadAsStreamAsync(cancellation);
        var length = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation);
        if (length > _options.MaxBodyBytes) throw TooLong();
        var bounded = new ByteArrayContent(buffer, 0, length);
        foreach (var (name, values) in response.Content.Headers.NonValidated) bounded.Headers.TryAddWithoutValidation(name, values);
        response.Content = bounded;
    }

    private HttpRequestException TooLong() => new(HttpRequestError.ConfigurationLimitExceeded, $"The answer is longer than {_options.MaxBodyBytes} bytes.");
}

/// <summary>Writes refused targets to the journal, at most one entry per target in 10 s.</summary>
public sealed class OutboundRefusals(PlatformJournal journal, TimeProvider time, ILogger<OutboundRefusals> log)
{
    private readonly AttemptLimit _fold = new(1, TimeSpan.FromSeconds(10), time);

    /// <summary>Records a refusal. It stays refused when the journal does not answer.</summary>
    public async Task TellAsync(TargetNotAllowedException refused, CancellationToken cancellation)
    {
        if (_fold.Try(refused.Target) is not null) return;
        var subject = "target:" + refused.Target;
        try
        {
            await journal("system:outbound", "outbound.target_not_allowed", subject[..Math.Min(subject.Length, 128)], JsonSerializer.Serialize(new { target = refused.Target, why = refused.Why }), cancellation);
        }
        catch (Exception failure) when (ErrorHandling.IsUnavailable(failure))
        {
            log.LogWarning(failure, "A refused target could not be journaled");
        }
    }
}
