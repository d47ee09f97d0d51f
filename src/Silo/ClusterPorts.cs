using System.Net;
using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Domain.Operations;
using Forge.Storage;
using Forge.WebApi.Keys;

namespace Forge.Silo;

/// <summary>Where the silo and gateway ports of this process are. Whoever reaches them speaks to the cluster's runtime, so they stay on loopback unless the operator says who can. Source: security.md 6.</summary>
/// <param name="Listen">Address that is listened on (<c>Forge:Cluster:Address</c>, default 127.0.0.1); a wildcard is any address of the machine.</param>
/// <param name="Advertised">Address that other silos and nodes are told (<c>Forge:Cluster:AdvertisedAddress</c>); never a wildcard.</param>
/// <param name="Network">What keeps strangers away from it.</param>
public sealed record ClusterPorts(IPAddress Listen, IPAddress Advertised, ClusterNetwork Network)
{
    /// <summary>Action of the journal entry of every start with a trusted network.</summary>
    public const string TrustedAction = "cluster.trusted_network";

    private const string TlsSection = "Forge:Cluster:Tls";

    /// <summary>Mutual TLS of both ports; null without.</summary>
    public ClusterTls? Tls { get; init; }

    /// <summary>Loopback, as without any setting.</summary>
    public static ClusterPorts Loopback { get; } = new(IPAddress.Loopback, IPAddress.Loopback, ClusterNetwork.Loopback);

    /// <summary>Reads the settings.</summary>
    /// <exception cref="SiloSettingsException">An address cannot be read, or is open to others without the operator's word that only silos and nodes reach it.</exception>
    public static ClusterPorts Read(IConfiguration configuration)
    {
        var listen = Address(configuration, "Forge:Cluster:Address") ?? IPAddress.Loopback;
        var advertised = Address(configuration, "Forge:Cluster:AdvertisedAddress") ?? listen;
        if (IsWildcard(advertised)) throw new SiloSettingsException($"Other silos cannot be told the address {advertised}. Name one they can reach in Forge:Cluster:AdvertisedAddress.");
        if (configuration.GetSection(TlsSection).Exists())
            return new ClusterPorts(listen, advertised, ClusterNetwork.MutualTls) { Tls = ClusterTls.Load(File("Certificate"), File("Key"), File("Authority"), SiloHost.ClusterId) };
        if (IPAddress.IsLoopback(listen) && IPAddress.IsLoopback(advertised)) return new ClusterPorts(listen, advertised, ClusterNetwork.Loopback);
        if (!configuration.GetValue("Forge:Cluster:TrustedNetwork", false))
            throw new SiloSettingsException(
                $"The cluster ports are refused on {(IPAddress.IsLoopback(listen) ? advertised : listen)}: whoever reaches them speaks to the cluster. " +
                "Keep them on a loopback address, give them mutual TLS (Forge:Cluster:Tls), or set Forge:Cluster:TrustedNetwork=true when only silos and nodes reach them (private network, WireGuard, network policies).");
        return new ClusterPorts(listen, advertised, ClusterNetwork.TrustedNetwork);

        string File(string name) => configuration[$"{TlsSection}:{name}"] is { Length: > 0 } path ? path : throw new SiloSettingsException($"{TlsSection}:{name} is missing: mutual TLS needs Certificate, Key and Authority.");
    }

    /// <summary>Journals that this start trusts its network; nothing on loopback. Before the ports open: without the entry the product does not start.</summary>
    public static async Task JournalAsync(IServiceProvider services)
    {
        var ports = services.GetRequiredService<ClusterPorts>();
        if (ports.Network != ClusterNetwork.TrustedNetwork) return;
        var body = JsonSerializer.Serialize(new { listen = ports.Listen.ToString(), advertised = ports.Advertised.ToString(), host = Environment.MachineName }, JsonSerializerOptions.Web);
        await services.GetRequiredService<Ledger>().AppendAsync(OrganizationId.PlatformChain, "system:silo", "", new JournalDraft(TrustedAction, "cluster", body), default);
        services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(ClusterPorts)).LogWarning("The cluster ports listen on {Address}. Forge:Cluster:TrustedNetwork says that only silos and nodes reach them.", ports.Listen);
    }

    private static bool IsWildcard(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static IPAddress? Address(IConfiguration configuration, string key)
    {
        if (configuration[key] is not { Length: > 0 } text) return null;
        return IPAddress.TryParse(text, out var address) ? address : throw new SiloSettingsException($"{key} '{text}' is not an address such as 10.0.0.5.");
    }
}
