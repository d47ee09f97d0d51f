using System.Collections.Immutable;
using Forge.Domain.Audit;
using Forge.WebApi.Identity;
using Forge.WebApi.Tests.Host;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Forge.WebApi.Tests.Identity;

public sealed class IngestKeyTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly List<string> _journal = [];
    private readonly string _directory = Directory.CreateTempSubdirectory("ingest-key-test-").FullName;
    private ServiceProvider _services = null!;
    private IngestKeyStore _store = null!;
    private IngestKeyCache _cache = null!;

    public async ValueTask InitializeAsync()
    {
        _services = new ServiceCollection().AddIdentityStore(new WebApiOptions { DataDirectory = _directory }).BuildServiceProvider();
        await IdentityDatabase.MigrateAsync(_services);
        (_store, _cache) = Node();
    }

    [Fact]
    public async Task Create_ThenAuthenticate_WorksAtOnceAndStoresNoSecret()
    {
        var (id, secret) = await CreateAsync(["eu-7k3m9q2v4x"]);

        var key = await _cache.AuthenticateAsync(id, secret, default);

        Assert.NotNull(key);
        Assert.True(key.Allows("eu-7k3m9q2v4x"));
        Assert.False(key.Allows("us-7k3m9q2v4x"));
        Assert.Equal(12, id.Length);
        Assert.Equal(43, secret.Length);
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        foreach (var file in Directory.GetFiles(_directory, "identity.db*"))
            Assert.DoesNotContain(secret, System.Text.Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file)), StringComparison.Ordinal);
        Assert.Equal(["ingest_key.create.intent", "ingest_key.create.result"], _journal);
    }

    [Fact]
    public async Task Authenticate_WrongSecretOrUnknownId_IsNull()
    {
        var (id, secret) = await CreateAsync([]);
        Assert.Null(await _cache.AuthenticateAsync(id, secret[..^1] + (secret[^1] == 'A' ? 'B' : 'A'), default));
        Assert.Null(await _cache.AuthenticateAsync("000000000000", secret, default));
        Assert.Null(await _cache.AuthenticateAsync("", "", default));
    }

    [Fact]
    public async Task Revoke_OnAnotherNode_IsRefusedWithin2Seconds()
    {
        var (id, secret) = await CreateAsync([]);
        Assert.NotNull(await _cache.AuthenticateAsync(id, secret, default));
        var (elsewhere, elsewhereCache) = Node();

        await elsewhere.RevokeAsync(id, "user:b");

        Assert.Null(await elsewhereCache.AuthenticateAsync(id, secret, default));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Null(await _cache.AuthenticateAsync(id, secret, default));
        Assert.Equal(2, _journal.Count(a => a.StartsWith("ingest_key.revoke", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Revoke_OnThisNode_IsRefusedAtOnce()
    {
        var (id, secret) = await CreateAsync([]);
        Assert.NotNull(await _cache.AuthenticateAsync(id, secret, default));
        Assert.NotNull((await _store.RevokeAsync(id, "user:a")).Value!.RevokedAt);
        Assert.Null(await _cache.AuthenticateAsync(id, secret, default));
        Assert.Equal("not_found", (await _store.RevokeAsync("000000000000", "user:a")).Refusal!.Code);
    }

    [Fact]
    public async Task Authenticate_AtExpiry_IsNull()
    {
        var (id, secret) = await CreateAsync([], days: 1);
        _time.Advance(TimeSpan.FromDays(1) - TimeSpan.FromTicks(1));
        Assert.NotNull(await _cache.AuthenticateAsync(id, secret, default));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.Null(await _cache.AuthenticateAsync(id, secret, default));
    }

    [Fact]
    public async Task FlushUses_WritesTheMinuteOfTheLastUse()
    {
        var (id, secret) = await CreateAsync([]);
        _time.Advance(TimeSpan.FromSeconds(90));
        await _cache.AuthenticateAsync(id, secret, default);
        await _cache.FlushUsesAsync(default);
        Assert.Equal((new DateTimeOffset(2026, 1, 1, 0, 1, 0, TimeSpan.Zero), 1L), (Assert.Single(await _store.ListAsync()).LastUsedAt, Assert.Single(await _store.ListAsync()).UseCount));
        await _cache.AuthenticateAsync(id, secret, default);
        await _cache.AuthenticateAsync(id, secret, default);
        await _cache.FlushUsesAsync(default);
        Assert.Equal(3, Assert.Single(await _store.ListAsync()).UseCount);
    }

    [Fact]
    public async Task Create_RepeatedCommand_MakesNoSecondKey()
    {
        Assert.True((await _store.CreateAsync(new CreateIngestKey("a", [], null, true), "user:a", "k1")).Succeeded);
        Assert.Equal("ingest_key_exists", (await _store.CreateAsync(new CreateIngestKey("a", [], null, true), "user:a", "k1")).Refusal!.Code);
        Assert.Single(await _store.ListAsync());
    }

    [Theory]
    [InlineData("", null, null, "name")]
    [InlineData("a\nb", null, null, "name")]
    [InlineData("a", "acme", null, "organizationIds")]
    [InlineData("a", null, 0, "expiresInDays")]
    [InlineData("a", null, 3651, "expiresInDays")]
    public async Task Create_WrongField_IsRefusedByName(string name, string? organization, int? days, string field)
    {
        var outcome = await _store.CreateAsync(new CreateIngestKey(name, organization is null ? [] : [organization], days, organization is null), "user:a");
        Assert.Equal(field, Assert.Single(outcome.Refusal!.Fields).Field);
        Assert.Empty(_journal);
    }

    [Fact]
    public async Task Rotate_BothSecretsWorkFor24Hours_ThenTheFirstIsDead()
    {
        var (id, first) = await CreateAsync([]);
        var rotated = await _store.RotateAsync(id, "user:a");
        var second = rotated.Value!.Secret.Split('_', 3)[2];
        Assert.NotEqual(first, second);
        Assert.Equal(_time.GetUtcNow() + TimeSpan.FromHours(24), rotated.Value.Key.OldSecretUntil);
        Assert.Equal("rotation_running", (await _store.RotateAsync(id, "user:a")).Refusal!.Code);

        _time.Advance(TimeSpan.FromHours(24) - TimeSpan.FromTicks(1));
        Assert.NotNull(await _cache.AuthenticateAsync(id, first, default));
        Assert.NotNull(await _cache.AuthenticateAsync(id, second, default));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.Null(await _cache.AuthenticateAsync(id, first, default));
        Assert.NotNull(await _cache.AuthenticateAsync(id, second, default));
        Assert.Equal(["ingest_key.rotate.intent", "ingest_key.rotate.result"], _journal.Skip(2));
    }

    [Fact]
    public async Task Rotate_RevokedOrUnknown_IsRefused()
    {
        var (id, _) = await CreateAsync([]);
        await _store.RevokeAsync(id, "user:a");
        Assert.Equal("ingest_key_ended", (await _store.RotateAsync(id, "user:a")).Refusal!.Code);
        Assert.Equal("not_found", (await _store.RotateAsync("000000000000", "user:a")).Refusal!.Code);
    }

    [Theory]
    [InlineData(false, null, null, null, "organizationIds", "required")]
    [InlineData(true, "eu-7k3m9q2v4x", null, null, "organizationIds", "all_or_list")]
    [InlineData(false, "eu-0000000000", null, null, "organizationIds", "organization_unknown")]
    [InlineData(true, null, "telemetrie", null, "uses", "use_unknown")]
    [InlineData(true, null, null, "10.0.0.0/33", "addresses", "network_format")]
    public async Task Create_ScopeUseOrAddressThatIsNone_IsRefusedByName(bool all, string? organization, string? use, string? address, string field, string code)
    {
        var outcome = await _store.CreateAsync(new CreateIngestKey("a", organization is null ? [] : [organization], null, all, use is null ? null : [use], address is null ? null : [address]), "user:a");
        var error = Assert.Single(outcome.Refusal!.Fields);
        Assert.Equal((field, code), (error.Field, error.Code));
    }

    [Theory]
    [InlineData("10.1.0.0/16", "10.1.2.3", true)]
    [InlineData("10.1.0.0/16", "10.2.0.1", false)]
    [InlineData("10.1.0.0/16", "::ffff:10.1.2.3", true)]
    [InlineData("192.0.2.7", "192.0.2.7", true)]
    [InlineData("192.0.2.7", "192.0.2.8", false)]
    [InlineData("2001:db8::/32", "2001:db8::1", true)]
    [InlineData("2001:db8::/32", "10.1.2.3", false)]
    public async Task Key_WithAddresses_ComesFromThemOnly(string network, string address, bool allowed)
    {
        var created = await _store.CreateAsync(new CreateIngestKey("a", [], null, true, null, [network]), "user:a");
        var key = await _cache.AuthenticateAsync(created.Value!.Key.Id, created.Value.Secret.Split('_', 3)[2], default);
        Assert.Equal(allowed, key!.AllowsFrom(System.Net.IPAddress.Parse(address)));
        Assert.False(key.AllowsFrom(null));
    }

    [Fact]
    public async Task Create_JournalUnavailable_MakesNoKey()
    {
        var store = new IngestKeyStore(_services.GetRequiredService<Func<IdentityStore>>(), (_, _, _, _, _) => throw new TimeoutException(), _cache, Known, _time);
        await Assert.ThrowsAsync<TimeoutException>(() => store.CreateAsync(new CreateIngestKey("a", [], null, true), "user:a"));
        Assert.Empty(await _store.ListAsync());
    }

    [Fact]
    public void Migrate_Again_KeepsTheFilePrivate()
    {
        if (OperatingSystem.IsWindows()) return;
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_directory, IdentityDatabase.FileName)));
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_directory, recursive: true);
    }

    private static Task<ImmutableArray<string>> Known(CancellationToken cancellation) => Task.FromResult<ImmutableArray<string>>(["eu-7k3m9q2v4x", "us-7k3m9q2v4x"]);

    private (IngestKeyStore, IngestKeyCache) Node()
    {
        var open = _services.GetRequiredService<Func<IdentityStore>>();
        var cache = new IngestKeyCache(open, _time);
        return (new IngestKeyStore(open, Append, cache, Known, _time), cache);

        Task Append(string actor, string action, string subject, string body, CancellationToken cancellation)
        {
            _journal.Add(action);
            return Task.CompletedTask;
        }
    }

    private async Task<(string Id, string Secret)> CreateAsync(ImmutableArray<string> organizations, int? days = null)
    {
        var created = await _store.CreateAsync(new CreateIngestKey("probe", organizations, days, organizations.IsEmpty), "user:a");
        var parts = created.Value!.Secret.Split('_', 3);
        Assert.Equal("fik", parts[0]);
        Assert.Equal(created.Value.Key.Id, parts[1]);
        return (parts[1], parts[2]);
    }
}
