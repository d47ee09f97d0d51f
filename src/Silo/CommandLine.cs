using Forge.Storage;
using Orleans.Dashboard;
using Forge.WebApi;

namespace Forge.Silo;

/// <summary>What the command line says, as the parts of the product want it.</summary>
internal static class CommandLine
{
    private static readonly string[] Switches = ["--demo", "--migrate", "--init-keys", "--headers-only", "--json"];

    /// <summary>Host options: switches without a value mean true, and settings files lie beside the program.</summary>
    public static WebApplicationOptions Options(string[] args) => new()
    {
        Args = [.. args.Select(a => Switches.Contains(a) ? a + "=true" : a)],
        ContentRootPath = AppContext.BaseDirectory,
        ApplicationName = typeof(CommandLine).Assembly.GetName().Name,
    };

    /// <summary>Where the rows are.</summary>
    public static StorageOptions Storage(SiloOptions options) => options.PostgresConnection is { } connection
        ? new StorageOptions { Provider = StorageProvider.Postgres, ConnectionString = connection, DataDirectory = options.DataDirectory }
        : new StorageOptions { DataDirectory = options.DataDirectory };

    /// <summary>What the web surface needs.</summary>
    public static WebApiOptions Web(SiloOptions options)
    {
        var web = new WebApiOptions
        {
            DataDirectory = options.DataDirectory,
            IdentityPostgres = options.IdentityConnection,
            Https = options.KnownProxies.Length > 0 || options.Urls.All(u => u.StartsWith("https:", StringComparison.OrdinalIgnoreCase)),
            BaseUrl = options.BaseUrl ?? options.Urls[0],
            Demo = options.Demo,
            Limits = options.Limits,
            ConnectionsPerSession = options.ConnectionsPerSession,
            KeysDirectory = options.KeysDirectory,
            PasskeyDomain = options.PasskeyDomain,
            Oidc = options.Oidc,
            BreachedPasswordsFile = options.BreachedPasswordsFile,
            OrleansDashboard = endpoints => endpoints.MapOrleansDashboard("/ops"),
        };
        foreach (var proxy in options.KnownProxies) web.KnownProxies.Add(proxy);
        foreach (var host in options.Hosts) web.Hosts.Add(host);
        return web;
    }
}
