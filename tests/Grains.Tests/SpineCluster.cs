using Microsoft.Data.Sqlite;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Domain.Contracts;
using Forge.Domain.Organizations;
using Forge.Grains.Audit;
using Forge.Grains.Interfaces;
using Forge.Grains.Interfaces.Audit;
using Forge.Grains.Interfaces.Contracts;
using Forge.Grains.Interfaces.Organizations;
using Forge.Grains.Interfaces.Sla;
using Forge.Grains.Operations;
using Forge.Grains.Sla;
using Forge.Storage;
using Forge.Storage.Sla;
using Forge.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Time.Testing;
using Orleans.Configuration;
using Orleans.Core.Internal;
using Orleans.Hosting;
using Orleans.Reminders;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Forge.Grains.Tests;

/// <summary>
/// A cluster on a real SQLite file whose grain and reminder time is under the test's control; membership stays on real time.
/// Silos of one cluster share the file, so a killed silo's grains come back from what was really stored.
/// </summary>
public sealed class SpineCluster : IAsyncDisposable
{
    private const int Attempts = 40;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private readonly string _folder;
    private readonly bool _ownsFolder;
    private bool _gone;
    private InProcessTestCluster _cluster = null!;

    private SpineCluster(SpineCluster? beside)
    {
        _ownsFolder = beside is null;
        _folder = beside?._folder ?? Directory.CreateTempSubdirectory("forge-grains-").FullName;
        Time = beside?.Time ?? new FakeTimeProvider(new DateTimeOffset(2026, 1, 10, 0, 0, 0, TimeSpan.Zero));
    }

    /// <summary>Grain time; starts at 2026-01-10T00:00:00Z.</summary>
    public FakeTimeProvider Time { get; }

    /// <summary>How far the clock of the silos started from now on is wrong; timers run by the right one.</summary>
    public TimeSpan Skew { get; set; }

    /// <summary>Client of the cluster.</summary>
    public IGrainFactory Grains => _cluster.Client;

    /// <summary>The first silo's own way to grains, also to those that are not for clients.</summary>
    public IGrainFactory Inside => Services.GetRequiredService<IGrainFactory>();

    /// <summary>Ends a grain's activation when it has nothing to do: the next call makes a new one.</summary>
    public async Task IdleAsync(IGrain grain) => await Inside.GetGrain<IGrainManagementExtension>(grain.GetGrainId()).DeactivateOnIdle();

    /// <summary>The running cluster.</summary>
    public InProcessTestCluster Cluster => _cluster;

    /// <summary>Services of the first silo.</summary>
    public IServiceProvider Services => _cluster.Silos[0].ServiceProvider;

    /// <summary>Path of the SQLite file.</summary>
    public string DatabaseFile => Path.Combine(_folder, "forge.db");

    /// <summary>Moves the grains' clock on until the answer is there: a write under way takes real time, and what waits behind it needs the clock again.</summary>
    public async Task SettledAsync(Task answer)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!answer.IsCompleted && TimeProvider.System.GetElapsedTime(started) < Patience)
        {
            Time.Advance(TimeSpan.FromMilliseconds(250));
            await Task.WhenAny(answer, Task.Delay(Pause, TimeProvider.System));
        }
        await answer.WaitAsync(Patience);
    }

    /// <summary>Ends the first silo and waits until the grain answers from a new one: for a moment the directory may still name the old one.</summary>
    public async Task ReplaceSiloAsync(ISlaGrain grain, bool kill)
    {
        var silo = _cluster.Silos[0];
        await _cluster.StartAdditionalSiloAsync();
        if (kill) await _cluster.KillSiloAsync(silo);
        else await _cluster.StopSiloAsync(silo);
        await _cluster.WaitForLivenessToStabilizeAsync(didKill: kill);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await grain.View().WaitAsync(TimeSpan.FromSeconds(3));
                return;
            }
            catch (Exception failure) when (attempt < Attempts && failure is not InvalidOperationException)
            {
                // not yet
            }
        }
    }

    /// <summary>Runs a statement past the product.</summary>
    public async Task SqlAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={DatabaseFile};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>
    /// Migrates the file and starts one silo. <paramref name="beside"/>: on the file and the time of another cluster that knows nothing of it, so that both activate the same grain,
    /// as the two halves of a cluster do that lost sight of each other. It is disposed before the other one.
    /// </summary>
    public static async Task<SpineCluster> StartAsync(SpineCluster? beside = null)
    {
        var spine = new SpineCluster(beside);
        var storage = new StorageOptions { DataDirectory = spine._folder };
        var services = new ServiceCollection().AddSingleton<TimeProvider>(spine.Time).AddTestKeys().AddForgeStorage(storage).BuildServiceProvider();
        await services.GetRequiredService<StorageMigrator>().MigrateAsync(default);
        var builder = new InProcessTestClusterBuilder(1);
        builder.Options.ConfigureFileLogging = false;
#pragma warning disable ORLEANSEXP003 // as the product runs it; the default directory hides races
        builder.Options.UseDistributedGrainDirectory = true;
#pragma warning restore ORLEANSEXP003
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddTestKeys().AddForgeStorage(storage);
            // By the right time: the grains' clock jumps while a call is under way.
            silo.Services.AddSingleton(keys => new SiloActors(keys.GetRequiredKeyedService<KeyRing>(ActorContext.KeyUse), TimeProvider.System));
            silo.Services.AddForgeGrains();
            // Reads the store every 15 s of a clock that jumps by days here: a load that no silo has.
            silo.Services.Remove(silo.Services.Single(s => s.ImplementationType == typeof(StoreMeters)));
            silo.Services.AddSingleton<IOutgoingGrainCallFilter, TestActors>();
            silo.Services.Replace(ServiceDescriptor.Singleton(services => new CheckpointBatcher(services.GetRequiredService<CheckpointStore>()) { Gather = TimeSpan.Zero }));
            silo.UseInMemoryReminderService();
            silo.Services.Replace(ServiceDescriptor.Singleton<TimeProvider>(spine.Skew == TimeSpan.Zero ? spine.Time : new WrongClock(spine.Time, spine.Skew)));
            silo.Services.UseTimeProviderForBackgroundAreas(TimeProvider.System);
            silo.Services.AddKeyedSingleton<TimeProvider>(ReminderTimeProviderNames.Reminders, spine.Time);
            silo.Configure<ReminderOptions>(o => o.MinimumReminderPeriod = TimeSpan.FromSeconds(15));
            silo.Configure<GrainDirectoryOptions>(o => o.RangeLeaseDuration = TimeSpan.FromSeconds(1));   // real time: nothing of a killed silo moves before it is over
        });
        builder.ConfigureClient(client => client.Services.AddSingleton<IOutgoingGrainCallFilter, TestActors>());
        spine._cluster = builder.Build();
        await spine._cluster.DeployAsync();
        return spine;
    }

    /// <summary>An enterprise organization with a signed contract (from 2026-01-01 unless told) and the given terms.</summary>
    public async Task<string> EnterpriseAsync(SlaTerms? terms = null, string name = "Acme", DateOnly? starts = null)
    {
        var id = OrganizationId.Mint(Region.EU, Guid.NewGuid().ToByteArray());
        Must(await Grains.GetGrain<IOrganizationGrain>(id).Create(new CreateOrganization(name, id.Replace("-", "", StringComparison.Ordinal), null, Region.EU, OrganizationPlan.ENTERPRISE, false, 10), Context()));
        var contract = Grains.GetGrain<IContractGrain>(Guid.NewGuid().ToString("N"));
        Must(await contract.Draft(new DraftContract(id, starts ?? new DateOnly(2026, 1, 1), 12, "UTC", terms ?? SlaTerms.Default), Context()));
        Must(await contract.Sign(new SignContract(new DateOnly(2026, 1, 1)), Context()));
        await Inside.GetGrain<IOutboxGrain>(0).Sweep();
        return id;
    }

    /// <summary>A command context with a new key.</summary>
    public static CommandContext Context(string? key = null, string body = "body", long? version = null) => new(key ?? Guid.NewGuid().ToString("N"), body, "user:test", "test", version);

    /// <summary>The value of an outcome that must have succeeded.</summary>
    public static T Must<T>(Outcome<T> outcome)
        where T : class =>
        outcome.Value ?? throw new InvalidOperationException($"{outcome.Refusal?.Code}: {outcome.Refusal?.Detail}");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_gone) return;
        _gone = true;
        if (!_ownsFolder) foreach (var silo in _cluster.Silos.ToArray()) await _cluster.KillSiloAsync(silo);   // a lost half takes no leave
        await _cluster.DisposeAsync();
        if (!_ownsFolder) return;
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Says another time of day; waits as long as the right one.</summary>
    private sealed class WrongClock(TimeProvider right, TimeSpan off) : TimeProvider
    {
        public override long TimestampFrequency => right.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => right.GetUtcNow() + off;

        public override long GetTimestamp() => right.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => right.CreateTimer(callback, state, dueTime, period);
    }
}

/// <summary>One cluster for the tests of a collection.</summary>
public sealed class SpineFixture : IAsyncLifetime
{
    /// <summary>The cluster.</summary>
    public SpineCluster Spine { get; private set; } = null!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => Spine = await SpineCluster.StartAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Spine.DisposeAsync();
}
