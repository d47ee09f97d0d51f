using Forge.EndToEnd.Tests.Harness;
using Forge.Load;
using Forge.Testing;

namespace Forge.EndToEnd.Tests.Faults;

/// <summary>A cluster as real processes: PostgreSQL of its own, silos, web nodes. Whoever uses it breaks parts of it.</summary>
internal sealed class FaultCluster : IAsyncDisposable
{
    private readonly string _keys = Repository.TemporaryFolder("keys");
    private readonly List<ProductSession> _sessions = [];

    private FaultCluster(PostgresCluster postgres, string database) => (Postgres, Database) = (postgres, database);

    /// <summary>The database server.</summary>
    public PostgresCluster Postgres { get; }

    /// <summary>Connection string of the product's database, as superuser.</summary>
    public string Database { get; }

    /// <summary>Silos, in the order of their start.</summary>
    public List<ProductProcess> Silos { get; } = [];

    /// <summary>Web nodes, in the order of their start.</summary>
    public List<ProductProcess> Webs { get; } = [];

    /// <summary>E-mail and factors of the administrator.</summary>
    public (string Email, Credentials Credentials) Administrator { get; private set; }

    /// <summary>Starts everything and makes the first administrator.</summary>
    /// <param name="published">The product.</param>
    /// <param name="silos">How many silos.</param>
    /// <param name="webs">How many web nodes.</param>
    /// <param name="plan">Settings and environment of one process, by role and number from 0.</param>
    public static async Task<FaultCluster> StartAsync(PublishedProduct published, int silos = 3, int webs = 2, Func<FaultCluster, string, int, ProcessPlan>? plan = null)
    {
        var postgres = new PostgresCluster();
        var cluster = new FaultCluster(postgres, await postgres.CreateDatabaseAsync());
        try
        {
            var folder = await published.FolderAsync();
            // The first one migrates; the others find it done.
            await cluster.AddAsync(folder, "silo", plan);
            await cluster.Silos[0].ReadyAsync();
            for (var i = 1; i < silos; i++) await cluster.AddAsync(folder, "silo", plan);
            for (var i = 0; i < webs; i++) await cluster.AddAsync(folder, "web", plan);
            await Task.WhenAll(cluster.Silos.Concat(cluster.Webs).Select(p => p.ReadyAsync()));
            var (session, email, credentials) = await cluster.Webs[0].SetUpAsync();
            cluster._sessions.Add(session);
            cluster.Administrator = (email, credentials);
            for (var i = 1; i < webs; i++) cluster._sessions.Add(await ProductSession.SignInAsync(cluster.Webs[i].Url, email, credentials));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>A cluster of an older build whose processes are silo and web node in one.</summary>
    public static async Task<FaultCluster> StartOlderAsync(string folder, int processes)
    {
        var postgres = new PostgresCluster();
        var cluster = new FaultCluster(postgres, await postgres.CreateDatabaseAsync());
        for (var i = 0; i < processes; i++)
        {
            cluster.Webs.Add(ProductProcess.StartRole(folder, "all", i, cluster.Database, cluster._keys, [], []));
            await cluster.Webs[i].ReadyAsync();
            if (i == 0)
            {
                var (session, email, credentials) = await cluster.Webs[0].SetUpAsync();
                cluster._sessions.Add(session);
                cluster.Administrator = (email, credentials);
            }
            else await cluster.SignInAsync(i);
        }
        return cluster;
    }

    /// <summary>Signs the administrator in at a web node that was added.</summary>
    public async Task SignInAsync(int web) => _sessions.Add(await ProductSession.SignInAsync(Webs[web].Url, Administrator.Email, Administrator.Credentials));

    /// <summary>The administrator's session at a web node.</summary>
    public ProductSession Session(int web = 0) => _sessions[web];

    /// <summary>Starts one more process of a role; does not wait for it.</summary>
    public Task AddAsync(string folder, string role, Func<FaultCluster, string, int, ProcessPlan>? plan = null)
    {
        var list = role == "silo" ? Silos : Webs;
        var its = plan?.Invoke(this, role, list.Count) ?? ProcessPlan.Plain;
        list.Add(ProductProcess.StartRole(folder, role, list.Count, its.Database ?? Database, _keys, its.Settings, its.Environment));
        return Task.CompletedTask;
    }

    /// <summary><c>audit verify</c> against the database; null = everything agrees, else what it says.</summary>
    public async Task<string?> JournalFaultAsync()
    {
        var (code, output) = await Silos[0].VerifyAsync();
        return code == 0 ? null : $"audit verify ended with {code}: {output}";
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var session in _sessions) session.Dispose();
        foreach (var process in Webs.Concat(Silos)) await process.DisposeAsync();
        await Postgres.DisposeAsync();
        Directory.Delete(_keys, recursive: true);
    }
}

/// <summary>How one process of the cluster is started.</summary>
/// <param name="Settings">More command line settings.</param>
/// <param name="Environment">More environment.</param>
/// <param name="Database">Another way to the database, e.g. through a proxy.</param>
internal sealed record ProcessPlan(string[] Settings, (string Name, string Value)[] Environment, string? Database = null)
{
    /// <summary>As it comes.</summary>
    public static ProcessPlan Plain { get; } = new([], []);
}
