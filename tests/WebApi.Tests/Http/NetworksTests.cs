using System.Net;
using System.Net.Sockets;
using Forge.WebApi.Http;

namespace Forge.WebApi.Tests.Http;

/// <summary>The list of networks, at its edges and in every form that carries an IPv4 address.</summary>
public sealed class NetworksTests
{
    /// <summary>First and last address of each network, with what lies beside it.</summary>
    public static TheoryData<string, NetworkClass> Edges { get; } = new()
    {
        { "0.0.0.0", NetworkClass.Unspecified }, { "0.255.255.255", NetworkClass.Unspecified }, { "1.0.0.0", NetworkClass.Global },
        { "9.255.255.255", NetworkClass.Global }, { "10.0.0.0", NetworkClass.Private }, { "10.255.255.255", NetworkClass.Private }, { "11.0.0.0", NetworkClass.Global },
        { "100.63.255.255", NetworkClass.Global }, { "100.64.0.0", NetworkClass.Shared }, { "100.127.255.255", NetworkClass.Shared }, { "100.128.0.0", NetworkClass.Global }, { "100.100.100.200", NetworkClass.Metadata },
        { "126.255.255.255", NetworkClass.Global }, { "127.0.0.0", NetworkClass.Loopback }, { "127.0.0.1", NetworkClass.Loopback }, { "127.255.255.255", NetworkClass.Loopback }, { "128.0.0.0", NetworkClass.Global },
        { "169.253.255.255", NetworkClass.Global }, { "169.254.0.0", NetworkClass.LinkLocal }, { "169.254.169.254", NetworkClass.Metadata }, { "169.254.170.2", NetworkClass.Metadata }, { "169.254.255.255", NetworkClass.LinkLocal }, { "169.255.0.0", NetworkClass.Global },
        { "172.15.255.255", NetworkClass.Global }, { "172.16.0.0", NetworkClass.Private }, { "172.31.255.255", NetworkClass.Private }, { "172.32.0.0", NetworkClass.Global },
        { "191.255.255.255", NetworkClass.Global }, { "192.0.0.0", NetworkClass.Protocol }, { "192.0.0.192", NetworkClass.Metadata }, { "192.0.0.255", NetworkClass.Protocol }, { "192.0.1.0", NetworkClass.Global },
        { "192.0.2.0", NetworkClass.Documentation }, { "192.0.2.255", NetworkClass.Documentation }, { "192.0.3.0", NetworkClass.Global }, { "192.88.99.1", NetworkClass.Protocol },
        { "192.167.255.255", NetworkClass.Global }, { "192.168.0.0", NetworkClass.Private }, { "192.168.255.255", NetworkClass.Private }, { "192.169.0.0", NetworkClass.Global },
        { "198.17.255.255", NetworkClass.Global }, { "198.18.0.0", NetworkClass.Benchmark }, { "198.19.255.255", NetworkClass.Benchmark }, { "198.20.0.0", NetworkClass.Global },
        { "198.51.100.7", NetworkClass.Documentation }, { "203.0.113.7", NetworkClass.Documentation }, { "223.255.255.255", NetworkClass.Global },
        { "224.0.0.0", NetworkClass.Multicast }, { "239.255.255.255", NetworkClass.Multicast }, { "240.0.0.0", NetworkClass.Reserved }, { "255.255.255.255", NetworkClass.Reserved },
        { "168.63.129.16", NetworkClass.Metadata }, { "168.63.129.17", NetworkClass.Global },
        { "::", NetworkClass.Unspecified }, { "::1", NetworkClass.Loopback }, { "fc00::", NetworkClass.Private }, { "fdff:ffff::1", NetworkClass.Private }, { "fd00:ec2::254", NetworkClass.Metadata },
        { "fe80::1", NetworkClass.LinkLocal }, { "fe80::1%1", NetworkClass.LinkLocal }, { "febf::1", NetworkClass.LinkLocal }, { "fec0::1", NetworkClass.Private }, { "ff02::1", NetworkClass.Multicast },
        { "2001:db8::1", NetworkClass.Documentation }, { "3fff::1", NetworkClass.Documentation }, { "2001:2::1", NetworkClass.Benchmark }, { "2001:20::1", NetworkClass.Protocol }, { "2001:1ff:ffff::1", NetworkClass.Protocol },
        { "2001:200::1", NetworkClass.Global }, { "2606:4700::1111", NetworkClass.Global }, { "3ffe::1", NetworkClass.Global }, { "4000::1", NetworkClass.Reserved }, { "100::1", NetworkClass.Reserved }, { "64:ff9b:1::a00:1", NetworkClass.Private },
    };

    [Theory]
    [MemberData(nameof(Edges))]
    public void Address_AtTheEdgeOfANetwork_HasItsClass(string address, NetworkClass expected) => Assert.Equal(expected, Networks.ClassOf(IPAddress.Parse(address)));

    [Fact]
    public void Address_InsideAnotherForm_IsJudgedByWhatItCarries()
    {
        var count = 0;
        foreach (var row in Edges)
        {
            var inner = IPAddress.Parse(row.Data.Item1);
            if (inner.AddressFamily != AddressFamily.InterNetwork) continue;
            foreach (var (form, address) in FormsOf(inner))
            {
                // In ::/96 the first addresses are IPv6's own: unspecified and loopback.
                var expected = form == "compatible" && row.Data.Item1 == "0.0.0.0" ? NetworkClass.Unspecified : row.Data.Item2;
                Assert.True(expected == Networks.ClassOf(address), $"{form} of {inner} ({address}) is {Networks.ClassOf(address)}, not {expected}.");
                count++;
            }
        }
        Assert.True(count > 200, $"Only {count} forms were judged.");
    }

    [Fact]
    public void Address_InTeredo_IsAlsoJudgedByItsServer()
    {
        var bytes = IPAddress.Parse("2001:0::").GetAddressBytes();
        IPAddress.Parse("10.0.0.1").GetAddressBytes().CopyTo(bytes, 4);
        for (var i = 0; i < 4; i++) bytes[12 + i] = (byte)~IPAddress.Parse("1.1.1.1").GetAddressBytes()[i];
        Assert.Equal(NetworkClass.Private, Networks.ClassOf(new IPAddress(bytes)));
    }

    internal static IEnumerable<(string Form, IPAddress Address)> FormsOf(IPAddress v4)
    {
        var inner = v4.GetAddressBytes();
        yield return ("mapped", v4.MapToIPv6());
        yield return ("compatible", At("::", 12, inner));
        yield return ("NAT64", At("64:ff9b::", 12, inner));
        yield return ("6to4", At("2002::", 2, inner));
        var teredo = At("2001:0:101:101::", 12, [.. inner.Select(b => (byte)~b)]);
        yield return ("Teredo", teredo);
    }

    private static IPAddress At(string prefix, int offset, byte[] inner)
    {
        var bytes = IPAddress.Parse(prefix).GetAddressBytes();
        inner.CopyTo(bytes, offset);
        return new IPAddress(bytes);
    }
}
