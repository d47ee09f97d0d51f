using System.Net;
using Microsoft.AspNetCore.HttpOverrides;

namespace Forge.WebApi.Http;

/// <summary>Whose word counts about where a request came from.</summary>
internal static class ProxyList
{
    /// <summary>Client address and scheme, from these addresses or CIDR networks only; the host name stays the one that was asked for.</summary>
    public static void Configure(ForwardedHeadersOptions forwarded, IEnumerable<string> proxies)
    {
        forwarded.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
        forwarded.ForwardLimit = null;   // each hop must itself be on the list
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var proxy in proxies)
        {
            if (IPAddress.TryParse(proxy, out var address)) forwarded.KnownProxies.Add(address);
            else forwarded.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(proxy));
        }
    }
}
