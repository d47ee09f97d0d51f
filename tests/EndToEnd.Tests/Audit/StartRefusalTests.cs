using Forge.EndToEnd.Tests.Harness;
using Microsoft.Data.Sqlite;

namespace Forge.EndToEnd.Tests.Audit;

/// <summary>What the shipped product refuses to start with, as a real process: it says why and ends with 2, before any port is open.</summary>
public sealed class StartRefusalTests(PublishedProduct published)
{
    private const string Loopback = "http://127.0.0.1:0";

    /// <summary>Settings, and words of the refusal.</summary>
    public static TheoryData<string, string[]> Refused => new()
    {
        { "cluster ports are refused on 0.0.0.0", ["--urls", Loopback, "--Forge:Cluster:Address=0.0.0.0", "--Forge:Cluster:AdvertisedAddress=127.0.0.1"] },
        { "cluster ports are refused on ::", ["--urls", Loopback, "--Forge:Cluster:Address=::", "--Forge:Cluster:AdvertisedAddress=::1"] },
        { "cluster ports are refused on 192.0.2.7", ["--urls", Loopback, "--Forge:Cluster:Address=192.0.2.7"] },
        { "cluster ports are refused on 192.0.2.7", ["--urls", Loopback, "--Forge:Cluster:AdvertisedAddress=192.0.2.7"] },
        { "cluster ports are refused on 192.0.2.7", ["--urls", Loopback, "--Forge:Cluster:Address=192.0.2.7", "--Forge:Cluster:TrustedNetwork=false"] },
        { "cannot be told the address 0.0.0.0", ["--urls", Loopback, "--Forge:Cluster:Address=0.0.0.0", "--Forge:Cluster:TrustedNetwork=true"] },
        { "Forge:Cluster:Tls:Key is missing", ["--urls", Loopback, "--Forge:Cluster:Address=192.0.2.7", "--Forge:Cluster:Tls:Certificate=cluster.crt"] },
        { "certificate, key or authority of the cluster cannot be read", ["--urls", Loopback, "--Forge:Cluster:Tls:Certificate=/nowhere/a", "--Forge:Cluster:Tls:Key=/nowhere/b", "--Forge:Cluster:Tls:Authority=/nowhere/c"] },
        { "is not an address", ["--urls", Loopback, "--Forge:Cluster:Address=localhost"] },
        { "--demo is refused with cluster ports on 0.0.0.0", ["--demo", "--urls", Loopback, "--Forge:Cluster:Address=0.0.0.0", "--Forge:Cluster:AdvertisedAddress=127.0.0.1", "--Forge:Cluster:TrustedNetwork=true"] },
        { "--demo is refused on http://0.0.0.0:5180", ["--demo", "--urls", Loopback + ";http://0.0.0.0:5180"] },
        { "--demo is refused on https://forge.example", ["--demo", "--urls", "https://forge.example"] },
        { "plain HTTP is only served on a loopback address", ["--urls", "http://0.0.0.0:5180"] },
        { "Kestrel:Endpoints is refused", ["--demo", "--urls", Loopback, "--Kestrel:Endpoints:Http:Url=http://0.0.0.0:5180"] },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Start_WithWhatWouldOpenItToOthers_EndsWithTheReason(string words, string[] settings)
    {
        var data = Repository.TemporaryFolder("refused");
        try
        {
            var (code, output) = await RunningProcess.EndAsync("product", "dotnet", [Path.Combine(await published.FolderAsync(), "Forge.Silo.dll"), .. settings, "--data", Path.Combine(data, "new")], Repository.Root, TimeSpan.FromSeconds(60));

            Assert.True(code == 2, $"{code}: {output}");
            Assert.Contains(words, output, StringComparison.Ordinal);
            Assert.False(Directory.Exists(Path.Combine(data, "new")), "It made its data folder although it refused to start.");
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task Start_OnATrustedNetwork_IsJournaledEveryTime()
    {
        await using var product = await ProductProcess.StartPublishedAsync(published, demo: false,
            settings: ["--Forge:Cluster:Address=0.0.0.0", "--Forge:Cluster:AdvertisedAddress=127.0.0.1", "--Forge:Cluster:TrustedNetwork=true"]);
        Assert.Equal(1, await JournaledAsync(product));

        await product.StopAsync();
        await product.RestartAsync();

        Assert.Equal(2, await JournaledAsync(product));
    }

    [Fact]
    public async Task Start_OnLoopback_JournalsNoTrust()
    {
        await using var product = await ProductProcess.StartPublishedAsync(published, demo: false, settings: "--Forge:Cluster:TrustedNetwork=true");

        Assert.Equal(0, await JournaledAsync(product));
    }

    private static async Task<long> JournaledAsync(ProductProcess product)
    {
        await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(product.Data, "forge.db"), Pooling = false }.ToString());
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM journal_entry WHERE chain = 'platform' AND action = 'cluster.trusted_network'";
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
