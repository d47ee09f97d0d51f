using System.Net;
using System.Net.Sockets;
using Forge.Domain.Operations;
using Forge.WebApi.Http;
using Forge.WebApi.Identity;

namespace Forge.Silo;

/// <summary>Start-up settings; each can come from the command line, the environment (<c>Forge__…</c>) or a configuration file.</summary>
/// <param name="DataDirectory">Folder of the embedded database, keys and one-time files.</param>
/// <param name="Urls">Addresses of the web surface.</param>
/// <param name="Demo">Seed and drive the demonstration.</param>
/// <param name="MigrateOnly">Migrate the store and stop.</param>
/// <param name="PostgresConnection">PostgreSQL connection string; null = embedded SQLite.</param>
/// <param name="SiloPort">Silo port; 0 = any free one.</param>
/// <param name="GatewayPort">Gateway port; 0 = any free one.</param>
public sealed record SiloOptions(string DataDirectory, string[] Urls, bool Demo, bool MigrateOnly, string? PostgresConnection, int SiloPort, int GatewayPort)
{
    /// <summary>Where the product listens unless told otherwise.</summary>
    public const string DefaultUrl = "http://127.0.0.1:5180";

    /// <summary>What this process does (<c>Forge:Roles</c>).</summary>
    public ProcessRoles Roles { get; init; } = ProcessRoles.All;

    /// <summary>PostgreSQL connection string of identities and, on a web node, of the membership table (<c>Forge:Identity:PostgresConnection</c>); unset = that of the rows. Null = embedded file.</summary>
    public string? IdentityConnection { get; init; }

    /// <summary>Folder of the key files (<c>Forge:Keys:Directory</c>).</summary>
    public required string KeysDirectory { get; init; }

    /// <summary>Makes missing keys (<c>--init-keys</c>); an embedded store does so by itself.</summary>
    public bool InitKeys { get; init; }

    /// <summary>Most live connections of one session (<c>Forge:Live:ConnectionsPerSession</c>); more only to measure many viewers from one place.</summary>
    public int ConnectionsPerSession { get; init; } = 5;

    /// <summary>Append-only file of journal seals (<c>Forge:Journal:SealFile</c>).</summary>
    public required string SealFile { get; init; }

    /// <summary>Proxies in front of the web surface (<c>Forge:Http:KnownProxies</c>); with them plain HTTP is served on any address.</summary>
    public string[] KnownProxies { get; init; } = [];

    /// <summary>Address that people use (<c>Forge:Http:BaseUrl</c>), when it is not the one listened on: that of the proxy. Null = the first of <see cref="Urls"/>.</summary>
    public string? BaseUrl { get; init; }

    /// <summary>Host names answered (<c>Forge:Http:Hosts</c>).</summary>
    public string[] Hosts { get; init; } = [];

    /// <summary>How much the web surface takes (<c>Forge:Http:Limits</c>).</summary>
    public EdgeLimits Limits { get; init; } = new();

    /// <summary>Domain that passkeys belong to (<c>Forge:Identity:PasskeyDomain</c>); null = the host name of the first address, or localhost.</summary>
    public string? PasskeyDomain { get; init; }

    /// <summary>Identity provider (<c>Forge:Identity:Oidc</c>); null = none.</summary>
    public OidcOptions? Oidc { get; init; }

    /// <summary>Sorted SHA-1 hashes of breached passwords (<c>Forge:Identity:BreachedPasswordsFile</c>).</summary>
    public string? BreachedPasswordsFile { get; init; }

    /// <summary>Where silo and gateway ports are.</summary>
    public ClusterPorts Cluster { get; init; } = ClusterPorts.Loopback;

    /// <summary>Reads the settings.</summary>
    /// <exception cref="SiloSettingsException">A setting is unsafe or makes no sense.</exception>
    public static SiloOptions Read(IConfiguration configuration)
    {
        var urls = (configuration["urls"] ?? configuration["Forge:Http:Urls"] ?? DefaultUrl).Split([';', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var demo = configuration.GetValue("demo", false) || configuration.GetValue("Forge:Demo", false);
        var proxies = Words(configuration, "Forge:Http:KnownProxies");
        foreach (var url in urls)
        {
            if (IsLoopback(url)) continue;
            if (demo) throw new SiloSettingsException($"--demo is refused on {url}: demonstration data may only be served on a loopback address.");
            if (!url.StartsWith("https:", StringComparison.OrdinalIgnoreCase) && proxies.Length == 0)
                throw new SiloSettingsException($"{url} is refused: plain HTTP is only served on a loopback address. Use https, a reverse proxy on this machine, or name the proxies in Forge:Http:KnownProxies.");
        }
        if (configuration.GetSection("Kestrel:Endpoints").Exists()) throw new SiloSettingsException("Kestrel:Endpoints is refused: it would pass by what is checked here. Name the addresses with --urls.");
        var cluster = ClusterPorts.Read(configuration);
        if (demo && cluster.Network != ClusterNetwork.Loopback) throw new SiloSettingsException($"--demo is refused with cluster ports on {cluster.Listen}: demonstration data may only be served on a loopback address.");
        var roles = ProcessRoleSetting.Read(configuration);
        if (demo && roles != ProcessRoles.All) throw new SiloSettingsException("--demo is refused with Forge:Roles: the demonstration is one process.");
        var rows = SecretSetting.Read(configuration, "Forge:Storage:PostgresConnection");
        if (roles == ProcessRoles.Web && rows is not null) throw new SiloSettingsException("A web node holds no account for business data: take Forge:Storage:PostgresConnection away and set Forge:Identity:PostgresConnection.");
        if (roles == ProcessRoles.Silo && rows is null) throw new SiloSettingsException("A silo without a web surface needs PostgreSQL: set Forge:Storage:PostgresConnection (or …ConnectionFile). The embedded store is for one process with all roles.");
        var identity = SecretSetting.Read(configuration, "Forge:Identity:PostgresConnection") ?? rows;
        if (rows is null && identity is not null && roles == ProcessRoles.All) throw new SiloSettingsException("Identities in PostgreSQL and rows in the embedded file do not go together: set Forge:Storage:PostgresConnection too.");
        var data = Path.GetFullPath(configuration["data"] ?? configuration["Forge:DataDirectory"] ?? "data");
        return new SiloOptions(
            data,
            urls,
            demo,
            configuration.GetValue("migrate", false),
            rows,
            configuration.GetValue("Forge:Cluster:SiloPort", 0),
            configuration.GetValue("Forge:Cluster:GatewayPort", 0))
        {
            Roles = roles,
            IdentityConnection = identity,
            Cluster = cluster,
            KnownProxies = proxies,
            Hosts = Words(configuration, "Forge:Http:Hosts"),
            BaseUrl = PublicAddress(configuration, proxies),
            Limits = configuration.GetSection(EdgeLimits.Section).Get<EdgeLimits>() ?? new(),
            KeysDirectory = Path.GetFullPath(configuration["Forge:Keys:Directory"] ?? Path.Combine(data, "keys")),
            ConnectionsPerSession = configuration.GetValue("Forge:Live:ConnectionsPerSession", 5),
            InitKeys = configuration.GetValue("init-keys", false),
            Oidc = Provider(configuration),
            PasskeyDomain = configuration["Forge:Identity:PasskeyDomain"],
            BreachedPasswordsFile = configuration["Forge:Identity:BreachedPasswordsFile"],
            SealFile = Path.GetFullPath(configuration["Forge:Journal:SealFile"] ?? Path.Combine(data, "journal-seals.log")),
        };
    }

    /// <summary>The given port, or a free one on loopback.</summary>
    public static int PortOrFree(int port)
    {
        if (port != 0) return port;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    // A list of the configuration file, or one text with commas from environment and command line.
    private static string[] Words(IConfiguration configuration, string key) =>
        configuration.GetSection(key).Get<string[]>() ?? configuration[key]?.Split([';', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    private static string? PublicAddress(IConfiguration configuration, string[] proxies)
    {
        if (configuration["Forge:Http:BaseUrl"] is not { Length: > 0 } text) return null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.PathAndQuery != "/" || uri.UserInfo.Length > 0)
            throw new SiloSettingsException($"Forge:Http:BaseUrl '{text}' is not an address such as https://forge.example.com.");
        if (uri.Scheme == "http" && !uri.IsLoopback) throw new SiloSettingsException($"Forge:Http:BaseUrl {text} is refused: people reach the product by https, or on a loopback address.");
        if (uri.Scheme == "https" && proxies.Length == 0 && !uri.IsLoopback) throw new SiloSettingsException($"Forge:Http:BaseUrl {text} needs the proxy that speaks https for it: name it in Forge:Http:KnownProxies.");
        return uri.GetLeftPart(UriPartial.Authority);
    }

    private static OidcOptions? Provider(IConfiguration configuration)
    {
        try
        {
            return OidcOptions.Read(configuration, SecretSetting.Read(configuration, OidcOptions.Section + ":ClientSecret"));
        }
        catch (ArgumentException refused)
        {
            throw new SiloSettingsException(refused.Message);
        }
    }

    private static bool IsLoopback(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri)) throw new SiloSettingsException($"'{url}' is not an address such as {DefaultUrl}.");
        return uri.IsLoopback;
    }
}

/// <summary>A setting that the product refuses to start with; the message is for the operator.</summary>
public sealed class SiloSettingsException(string message) : Exception(message);
