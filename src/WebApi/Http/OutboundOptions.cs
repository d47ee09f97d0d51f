using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace Forge.WebApi.Http;

/// <summary>Limits of outgoing calls, and the networks the operator lets them reach beside the public internet (<c>Forge:Outbound</c>).</summary>
public sealed record OutboundOptions
{
    /// <summary>Configuration section.</summary>
    public const string Section = "Forge:Outbound";

    // Not even the operator opens these in production: what lives there trusts whoever calls from this machine.
    private static readonly NetworkClass[] Never = [NetworkClass.Unspecified, NetworkClass.Loopback, NetworkClass.LinkLocal, NetworkClass.Metadata, NetworkClass.Multicast, NetworkClass.Reserved];

    /// <summary>Networks that may be called although they are not global, e.g. <c>10.20.0.0/16</c>. Only host configuration sets them, never the API.</summary>
    public ImmutableArray<IPNetwork> AllowedNetworks { get; init; } = [];

    /// <summary>True where loopback, link-local and metadata addresses stay refused whatever is allowed.</summary>
    public bool Production { get; init; } = true;

    /// <summary>Ports of HTTP targets.</summary>
    public ImmutableArray<int> HttpPorts { get; init; } = [80, 443, 8080, 8443];

    /// <summary>Largest answer that is read, bytes.</summary>
    public int MaxBodyBytes { get; init; } = 64 * 1024;

    /// <summary>Longest time until a connection stands.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest time from the call to the whole answer.</summary>
    public TimeSpan Total { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Reads the section; <c>AllowedNetworks</c> is a list of CIDR networks.</summary>
    /// <exception cref="FormatException">A network is not written as CIDR.</exception>
    public static OutboundOptions Read(IConfiguration configuration, bool production) => new()
    {
        AllowedNetworks = [.. (configuration.GetSection(Section + ":AllowedNetworks").Get<string[]>() ?? []).Select(IPNetwork.Parse)],
        Production = production,
    };

    /// <summary>True when this address may be connected to.</summary>
    public bool Allows(IPAddress address)
    {
        var found = Networks.ClassOf(address);
        if (found == NetworkClass.Global) return true;
        if (Production && Never.Contains(found)) return false;
        var effective = Networks.Effective(address);
        return AllowedNetworks.Any(n => n.Contains(effective));
    }
}

/// <summary>An outgoing call was refused before a packet was sent.</summary>
/// <param name="target">Scheme, host and port; never the path, which may hold a secret.</param>
/// <param name="why">Stable reason: <c>scheme</c>, <c>user_info</c>, <c>port</c>, <c>host_header</c>, <c>unresolved</c>, <c>network</c>.</param>
public sealed class TargetNotAllowedException(string target, string why) : HttpRequestException($"The target {target} is not allowed ({why}).")
{
    /// <summary>The stable code of problems and journal.</summary>
    public const string Code = "target_not_allowed";

    /// <summary>Scheme, host and port.</summary>
    public string Target { get; } = target;

    /// <summary>Stable reason.</summary>
    public string Why { get; } = why;
}

/// <summary>Finds the addresses of a name; the system's resolver unless a test says otherwise.</summary>
/// <param name="host">Name or address.</param>
/// <param name="cancellation">Gives up.</param>
public delegate Task<IPAddress[]> ResolveHost(string host, CancellationToken cancellation);

/// <summary>Opens a connection to an address that was checked.</summary>
/// <param name="target">Address and port.</param>
/// <param name="cancellation">Gives up.</param>
public delegate ValueTask<Stream> DialAddress(IPEndPoint target, CancellationToken cancellation);

/// <summary>Which addresses a target has, each of them checked. Used when a target is configured and at every call.</summary>
public sealed class OutboundTargets(OutboundOptions options, ResolveHost? resolve = null)
{
    private readonly ResolveHost _resolve = resolve ?? Dns.GetHostAddressesAsync;

    /// <summary>The addresses of an HTTP target.</summary>
    /// <exception cref="TargetNotAllowedException">The form of the address, its port, or any one of its addresses is refused.</exception>
    public Task<ImmutableArray<IPAddress>> OfHttpAsync(Uri uri, CancellationToken cancellation)
    {
        if (!uri.IsAbsoluteUri || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps)) throw new TargetNotAllowedException(uri.IsAbsoluteUri ? uri.Scheme + ":" : "?", "scheme");
        var target = uri.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);
        if (uri.UserInfo.Length > 0) throw new TargetNotAllowedException(target, "user_info");
        if (!options.HttpPorts.Contains(uri.Port)) throw new TargetNotAllowedException(target, "port");
        return CheckedAsync(target, uri.IdnHost, cancellation);
    }

    /// <summary>The addresses of a TCP target; ports of HTTP and 1024 to 65535.</summary>
    /// <exception cref="TargetNotAllowedException">The port or any one of its addresses is refused.</exception>
    public Task<ImmutableArray<IPAddress>> OfTcpAsync(string host, int port, CancellationToken cancellation)
    {
        var target = $"tcp://{host}:{port}";
        if (port is < 1024 or > 65535 && !options.HttpPorts.Contains(port)) throw new TargetNotAllowedException(target, "port");
        return CheckedAsync(target, host, cancellation);
    }

    private async Task<ImmutableArray<IPAddress>> CheckedAsync(string target, string host, CancellationToken cancellation)
    {
        IPAddress[] addresses;
        try
        {
            // An address goes through the same door: the resolver reads every spelling (decimal, hex, octal), and what it read is judged.
            addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await _resolve(host, cancellation);
        }
        catch (SocketException)
        {
            addresses = [];
        }
        if (addresses.Length == 0) throw new TargetNotAllowedException(target, "unresolved");
        // One address inside refuses the name: which one is called must not depend on the order of an answer.
        if (!Array.TrueForAll(addresses, options.Allows)) throw new TargetNotAllowedException(target, "network");
        return [.. addresses];
    }
}
