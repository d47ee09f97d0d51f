using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Forge.WebApi.Http;

/// <summary>What kind of network an address belongs to, as far as an outgoing call cares.</summary>
public enum NetworkClass
{
    /// <summary>Global unicast: the only class that may be called without an exception.</summary>
    Global = 0,

    /// <summary>"This host": <c>0.0.0.0/8</c>, <c>::</c>.</summary>
    Unspecified = 1,

    /// <summary>This machine.</summary>
    Loopback = 2,

    /// <summary>Private networks and unique local addresses.</summary>
    Private = 3,

    /// <summary>Shared by a provider's customers, <c>100.64.0.0/10</c>.</summary>
    Shared = 4,

    /// <summary>One network segment.</summary>
    LinkLocal = 5,

    /// <summary>Where clouds hand out credentials to whoever asks from inside.</summary>
    Metadata = 6,

    /// <summary>Protocol assignments, e.g. <c>192.0.0.0/24</c>.</summary>
    Protocol = 7,

    /// <summary>Measurement between devices, <c>198.18.0.0/15</c>.</summary>
    Benchmark = 8,

    /// <summary>Addresses of examples.</summary>
    Documentation = 9,

    /// <summary>Many receivers.</summary>
    Multicast = 10,

    /// <summary>Not handed out, or not for one host.</summary>
    Reserved = 11,
}

/// <summary>The list of networks that outgoing calls do not reach. Source: the SSRF guard of sla.md; registries of special-purpose addresses of IANA.</summary>
public static class Networks
{
    // Read from the top: the first row that holds the address decides.
    private static readonly (IPNetwork Network, NetworkClass Class)[] V4 =
    [
        (IPNetwork.Parse("169.254.169.254/32"), NetworkClass.Metadata),
        (IPNetwork.Parse("169.254.170.2/32"), NetworkClass.Metadata),
        (IPNetwork.Parse("100.100.100.200/32"), NetworkClass.Metadata),
        (IPNetwork.Parse("192.0.0.192/32"), NetworkClass.Metadata),
        (IPNetwork.Parse("168.63.129.16/32"), NetworkClass.Metadata),
        (IPNetwork.Parse("0.0.0.0/8"), NetworkClass.Unspecified),
        (IPNetwork.Parse("127.0.0.0/8"), NetworkClass.Loopback),
        (IPNetwork.Parse("10.0.0.0/8"), NetworkClass.Private),
        (IPNetwork.Parse("172.16.0.0/12"), NetworkClass.Private),
        (IPNetwork.Parse("192.168.0.0/16"), NetworkClass.Private),
        (IPNetwork.Parse("100.64.0.0/10"), NetworkClass.Shared),
        (IPNetwork.Parse("169.254.0.0/16"), NetworkClass.LinkLocal),
        (IPNetwork.Parse("192.0.0.0/24"), NetworkClass.Protocol),
        (IPNetwork.Parse("192.88.99.0/24"), NetworkClass.Protocol),
        (IPNetwork.Parse("198.18.0.0/15"), NetworkClass.Benchmark),
        (IPNetwork.Parse("192.0.2.0/24"), NetworkClass.Documentation),
        (IPNetwork.Parse("198.51.100.0/24"), NetworkClass.Documentation),
        (IPNetwork.Parse("203.0.113.0/24"), NetworkClass.Documentation),
        (IPNetwork.Parse("224.0.0.0/4"), NetworkClass.Multicast),
        (IPNetwork.Parse("240.0.0.0/4"), NetworkClass.Reserved),
    ];

    private static readonly (IPNetwork Network, NetworkClass Class)[] V6 =
    [
        (IPNetwork.Parse("fd00:ec2::254/128"), NetworkClass.Metadata),
        (IPNetwork.Parse("fd20:ce::254/128"), NetworkClass.Metadata),
        (IPNetwork.Parse("::/128"), NetworkClass.Unspecified),
        (IPNetwork.Parse("::1/128"), NetworkClass.Loopback),
        (IPNetwork.Parse("fc00::/7"), NetworkClass.Private),
        (IPNetwork.Parse("64:ff9b:1::/48"), NetworkClass.Private),
        (IPNetwork.Parse("fec0::/10"), NetworkClass.Private),
        (IPNetwork.Parse("fe80::/10"), NetworkClass.LinkLocal),
        (IPNetwork.Parse("2001:db8::/32"), NetworkClass.Documentation),
        (IPNetwork.Parse("3fff::/20"), NetworkClass.Documentation),
        (IPNetwork.Parse("2001:2::/48"), NetworkClass.Benchmark),
        (IPNetwork.Parse("2001::/23"), NetworkClass.Protocol),
        (IPNetwork.Parse("ff00::/8"), NetworkClass.Multicast),
        (IPNetwork.Parse("2000::/3"), NetworkClass.Global),
        (IPNetwork.Parse("::/0"), NetworkClass.Reserved),
    ];

    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");
    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");
    private static readonly IPNetwork Teredo = IPNetwork.Parse("2001::/32");
    private static readonly IPNetwork Compatible = IPNetwork.Parse("::/96");

    /// <summary>The class of an address; forms that carry an IPv4 address are judged by it, Teredo by the worse of its two.</summary>
    public static NetworkClass ClassOf(IPAddress address)
    {
        if (address.AddressFamily == AddressFamily.InterNetwork) return Find(V4, address);
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return NetworkClass.Reserved;
        // A zone names a network card of this machine; without it the address is compared bit for bit.
        var plain = address.ScopeId == 0 ? address : new IPAddress(address.GetAddressBytes());
        if (Teredo.Contains(plain))
        {
            var server = Find(V4, Embedded(plain, 4));
            return server == NetworkClass.Global ? Find(V4, Unmask(plain)) : server;
        }
        return Find(V6, plain) is var own && Carried(plain) is { } inner && own is not (NetworkClass.Unspecified or NetworkClass.Loopback) ? Find(V4, inner) : own;
    }

    /// <summary>The IPv4 address inside a mapped, compatible, NAT64 or 6to4 form; else the address itself.</summary>
    public static IPAddress Effective(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return address;
        var plain = address.ScopeId == 0 ? address : new IPAddress(address.GetAddressBytes());
        return Find(V6, plain) is NetworkClass.Unspecified or NetworkClass.Loopback ? plain : Carried(plain) ?? plain;
    }

    private static IPAddress? Carried(IPAddress address) =>
        address.IsIPv4MappedToIPv6 || Nat64.Contains(address) || Compatible.Contains(address) ? Embedded(address, 12)
        : SixToFour.Contains(address) ? Embedded(address, 2)
        : null;

    private static IPAddress Embedded(IPAddress address, int offset) => new(address.GetAddressBytes().AsSpan(offset, 4));

    // Teredo writes the client's address with every bit turned.
    private static IPAddress Unmask(IPAddress address)
    {
        Span<byte> client = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(client, ~BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes().AsSpan(12, 4)));
        return new IPAddress(client);
    }

    private static NetworkClass Find((IPNetwork Network, NetworkClass Class)[] table, IPAddress address)
    {
        foreach (var (network, found) in table)
            if (network.Contains(address)) return found;
        return NetworkClass.Global;
    }
}
