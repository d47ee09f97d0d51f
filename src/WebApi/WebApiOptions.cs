using Forge.WebApi.Http;

namespace Forge.WebApi;

/// <summary>What the composition root tells the web API.</summary>
public sealed class WebApiOptions
{
    /// <summary>Folder of the identity file, the setup link and the demo passwords.</summary>
    public string DataDirectory { get; set; } = "data";

    /// <summary>PostgreSQL connection string of the identity store; null = embedded file in <see cref="DataDirectory"/>.</summary>
    public string? IdentityPostgres { get; set; }

    /// <summary>True when browsers reach this node by https: cookies are <c>__Host-…</c> and Secure, HSTS is sent.</summary>
    public bool Https { get; set; }

    /// <summary>Address people use, e.g. <c>http://localhost:5080</c>; null = the first bound address.</summary>
    public string? BaseUrl { get; set; }

    /// <summary>Host names answered; anything else is 400. Empty = loopback names and the host of <see cref="BaseUrl"/>.</summary>
    public IList<string> Hosts { get; } = [];

    /// <summary>Proxies whose forwarded headers count: addresses or CIDR networks. Set, it also says that browsers reach the proxy by https.</summary>
    public IList<string> KnownProxies { get; } = [];

    /// <summary>How much the node takes.</summary>
    public EdgeLimits Limits { get; set; } = new();

    /// <summary>True when seeded demo data is shown.</summary>
    public bool Demo { get; set; }

    /// <summary>Version shown to people and browsers.</summary>
    public string Version { get; set; } = typeof(WebApiOptions).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    /// <summary>Another table of rights than the one of this build; only for tests of the table itself.</summary>
    internal Identity.PolicyMatrix? Matrix { get; set; }

    /// <summary>Serves the dashboard's files; false where the entry assembly carries none (tests, API-only nodes).</summary>
    public bool ServeDashboard { get; set; } = true;

    /// <summary>Maps Orleans' own dashboard below <c>/ops</c>; null = there is none.</summary>
    public Action<IEndpointRouteBuilder>? OrleansDashboard { get; set; }

    /// <summary>Folder of key files; null = <c>keys</c> in <see cref="DataDirectory"/>.</summary>
    public string? KeysDirectory { get; set; }

    /// <summary>Domain that passkeys belong to; null = the host name of <see cref="BaseUrl"/>, or localhost. Passkeys made for one domain are lost with it.</summary>
    public string? PasskeyDomain { get; set; }

    /// <summary>Most live connections of one session; more only to measure many viewers from one place.</summary>
    public int ConnectionsPerSession { get; set; } = 5;

    /// <summary>Identity provider that people may sign in through; null = none.</summary>
    public Identity.OidcOptions? Oidc { get; set; }

    /// <summary>Sorted file of upper-case hex SHA-1 hashes of breached passwords; null = none.</summary>
    public string? BreachedPasswordsFile { get; set; }
}
