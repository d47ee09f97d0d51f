using System.Collections.Concurrent;
using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Domain.Organizations;
using Forge.Grains.Interfaces.Audit;
using Forge.Domain.Operations;
using Forge.Grains.Interfaces.Live;
using Forge.Grains.Interfaces.Operations;
using Forge.Grains.Interfaces.Organizations;
using Forge.Grains.Interfaces.Sla;
using Orleans.Runtime;

namespace Forge.WebApi.Tests.Host;

/// <summary>The cluster as this project sees it: grains in memory that ask Domain's own rules. No silo is needed to test the edge.</summary>
internal sealed class FakeCluster : IGrainFactory
{
    private readonly ConcurrentDictionary<string, object> _grains = new(StringComparer.Ordinal);

    public FakeCluster() => Mappings = new FakeMappings(this);

    public FakeMappings Mappings { get; }

    public ConcurrentQueue<(string Actor, string Action, string Subject, string Body)> Journal { get; } = new();

    /// <summary>Waits until an action was journaled this often: entries of failures follow their answer.</summary>
    public async Task JournaledAsync(string action, int times)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (Journal.Count(j => j.Action == action) < times) await Task.Delay(10, patience.Token);
        Assert.Equal(times, Journal.Count(j => j.Action == action));
    }

    public ConcurrentDictionary<string, Principal> Principals { get; } = new(StringComparer.Ordinal);

    public ConcurrentDictionary<string, (Organization State, long Version)> Organizations { get; } = new(StringComparer.Ordinal);

    public LiveRegistry Registry { get; } = new();

    public ClusterBoard Reports { get; } = new();

    /// <summary>Grains that a test brings itself, by interface.</summary>
    public Dictionary<Type, Func<string, object>> Brought { get; } = [];

    /// <summary>Set to make every grain unreachable.</summary>
    public bool Down { get; set; }

    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey => (TGrainInterface)Get(typeof(TGrainInterface), primaryKey);

    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithIntegerKey => (TGrainInterface)Get(typeof(TGrainInterface), "0");

    public TGrainObserverInterface CreateObjectReference<TGrainObserverInterface>(IGrainObserver obj)
        where TGrainObserverInterface : IGrainObserver => (TGrainObserverInterface)obj;

    public void DeleteObjectReference<TGrainObserverInterface>(IGrainObserver obj)
        where TGrainObserverInterface : IGrainObserver
    {
    }

    private object Get(Type type, string key)
    {
        if (Down) throw new SiloUnavailableException("no silo");
        return _grains.GetOrAdd(type.Name + "/" + key, _ =>
            type == typeof(IPrincipalGrain) ? new PrincipalGrain(this, key)
            : type == typeof(IPrincipalQueryGrain) ? new PrincipalQuery(this)
            : type == typeof(IJournalGrain) ? new JournalGrain(this)
            : type == typeof(IOrganizationGrain) ? new OrganizationGrain(this, key)
            : type == typeof(IOrganizationQueryGrain) ? new OrganizationQueryGrain(this)
            : type == typeof(ILiveRegistryGrain) ? Registry
            : type == typeof(IClusterReportsGrain) ? Reports
            : type == typeof(ISlaMappingGrain) ? Mappings.Of(key)
            : type == typeof(ISlaMappingQueryGrain) ? Mappings.All()
            : Brought.TryGetValue(type, out var make) ? make(key)
            : throw new NotSupportedException($"No fake for {type.Name}."));
    }

    private sealed class PrincipalGrain(FakeCluster cluster, string userId) : IPrincipalGrain
    {
        public Task<Outcome<Principal>> Grant(string role, string reason, CommandContext context) =>
            Decide(state => PrincipalDecisions.Grant(state, userId, role, reason, context.Actor, DateTimeOffset.UnixEpoch));

        public Task<Outcome<Principal>> Withdraw(string role, string reason, CommandContext context) =>
            Decide(state => PrincipalDecisions.Withdraw(state, userId, role, reason, context.Actor, Others()));

        public Task<Outcome<Principal>> Enable(string reason, CommandContext context) =>
            Decide(state => PrincipalDecisions.Enable(state, userId, reason, context.Actor));

        public Task<Outcome<Principal>> Disable(string reason, CommandContext context) =>
            Decide(state => PrincipalDecisions.Disable(state, userId, reason, context.Actor, Others()));

        private int Others() => cluster.Principals.Values.Count(p => p.IsEnabledSenior && p.UserId != userId);

        private Task<Outcome<Principal>> Decide(Func<Principal?, Decision<PrincipalEvent>> decide)
        {
            cluster.Principals.TryGetValue(userId, out var state);
            var decision = decide(state);
            if (decision is Decision<PrincipalEvent>.Refused refused) return Task.FromResult(Outcome<Principal>.No(refused.Refusal));
            if (decision is Decision<PrincipalEvent>.Accepted accepted) cluster.Principals[userId] = state = accepted.Events.Aggregate(state, Principal.Apply)!;
            return Task.FromResult(Outcome<Principal>.Of(state ?? new Principal(userId, true, [], 0), state?.Epoch ?? 0));
        }

        public Task<Principal> Get() => Task.FromResult(cluster.Principals.GetValueOrDefault(userId) ?? new Principal(userId, true, [], 0));
    }

    private sealed class PrincipalQuery(FakeCluster cluster) : IPrincipalQueryGrain
    {
        public Task<bool> AnyAdmin() => Task.FromResult(cluster.Principals.Values.Any(p => p.IsEnabledSenior));

        public Task<ImmutableArray<Principal>> All() => Task.FromResult(cluster.Principals.Values.ToImmutableArray());
    }

    private sealed class JournalGrain(FakeCluster cluster) : IJournalGrain
    {
        public Task<long> Append(string actor, string action, string subject, string bodyJson)
        {
            cluster.Journal.Enqueue((actor, action, subject, bodyJson));
            return Task.FromResult((long)cluster.Journal.Count);
        }
    }

    private sealed class OrganizationGrain(FakeCluster cluster, string id) : IOrganizationGrain
    {
        public Task<Outcome<Organization>> Create(CreateOrganization command, CommandContext context) =>
            Task.FromResult(Commit(OrganizationDecisions.Create(Find()?.State, command, id, DateTimeOffset.UnixEpoch)));

        public Task<Outcome<Organization>> Edit(EditOrganization command, CommandContext context) =>
            Task.FromResult(Find() is { } found && found.Version != context.IfVersion
                ? Outcome<Organization>.No(Refusal.Conflict("version_conflict", "Somebody changed it meanwhile."), found.Version)
                : Commit(OrganizationDecisions.Edit(Find()?.State, command, hasActiveContract: false)));

        public Task<Outcome<Organization>> Get() =>
            Task.FromResult(Find() is { } found ? Outcome<Organization>.Of(found.State, found.Version) : Outcome<Organization>.No(Refusal.NotFound("organization")));

        private (Organization State, long Version)? Find() => cluster.Organizations.TryGetValue(id, out var found) ? found : null;

        private Outcome<Organization> Commit(Decision<OrganizationEvent> decision)
        {
            var before = Find();
            if (decision is Decision<OrganizationEvent>.Refused refused) return Outcome<Organization>.No(refused.Refusal, before?.Version ?? 0);
            if (decision is not Decision<OrganizationEvent>.Accepted accepted) return Outcome<Organization>.Of(before!.Value.State, before.Value.Version);
            var after = (State: accepted.Events.Aggregate(before?.State, Organization.Apply)!, Version: (before?.Version ?? 0) + accepted.Events.Length);
            cluster.Organizations[id] = after;
            return Outcome<Organization>.Of(after.State, after.Version);
        }
    }

    private sealed class OrganizationQueryGrain(FakeCluster cluster) : IOrganizationQueryGrain
    {
        public Task<OrganizationPage> List(OrganizationQuery query)
        {
            var all = cluster.Organizations.Values.Select(o => o.State).Where(o => query.Region is null || o.Region == query.Region).OrderBy(o => o.Name, StringComparer.Ordinal).ToArray();
            return Task.FromResult(new OrganizationPage([.. all.Skip(query.Skip).Take(query.Take)], all.Length));
        }

        public Task<ImmutableArray<string>> AllIds() => Task.FromResult(cluster.Organizations.Keys.ToImmutableArray());
    }

    /// <summary>Remembers the newest lease.</summary>
    internal sealed class LiveRegistry : ILiveRegistryGrain
    {
        private readonly TaskCompletionSource<ILiveObserver> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<ILiveObserver> Observer => _first.Task;

        public ConcurrentQueue<long> Epochs { get; } = new();

        public Task Renew(string node, long epoch, ILiveObserver observer)
        {
            Epochs.Enqueue(epoch);
            _first.TrySetResult(observer);
            return Task.CompletedTask;
        }

        public Task Leave(string node) => Task.CompletedTask;

        public Task<ImmutableArray<LiveLease>> Leases() => Task.FromResult(ImmutableArray<LiveLease>.Empty);

        public Task<LiveLeases> Read() => Task.FromResult(new LiveLeases([], default));
    }

    internal sealed class ClusterBoard : IClusterReportsGrain
    {
        private readonly TaskCompletionSource<ProcessReport> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<ProcessReport> First => _first.Task;

        public ConcurrentQueue<string> Left { get; } = new();

        public Task<DateTimeOffset> Report(ProcessReport report)
        {
            _first.TrySetResult(report);
            return Task.FromResult(TimeProvider.System.GetUtcNow());
        }

        public Task Leave(string part)
        {
            Left.Enqueue(part);
            return Task.CompletedTask;
        }

        public Task<ImmutableArray<HeardReport>> Reports() => Task.FromResult(ImmutableArray<HeardReport>.Empty);
    }

    private static NotSupportedException No() => new("The web API asks grains by text or zero only.");

    TGrainInterface IGrainFactory.GetGrain<TGrainInterface>(Guid primaryKey, string? grainClassNamePrefix) => throw No();

    TGrainInterface IGrainFactory.GetGrain<TGrainInterface>(Guid primaryKey, string keyExtension, string? grainClassNamePrefix) => throw No();

    TGrainInterface IGrainFactory.GetGrain<TGrainInterface>(long primaryKey, string keyExtension, string? grainClassNamePrefix) => throw No();

    IGrain IGrainFactory.GetGrain(Type grainInterfaceType, Guid grainPrimaryKey) => throw No();

    IGrain IGrainFactory.GetGrain(Type grainInterfaceType, long grainPrimaryKey) => throw No();

    IGrain IGrainFactory.GetGrain(Type grainInterfaceType, string grainPrimaryKey) => throw No();

    IGrain IGrainFactory.GetGrain(Type grainInterfaceType, Guid grainPrimaryKey, string keyExtension) => throw No();

    IGrain IGrainFactory.GetGrain(Type grainInterfaceType, long grainPrimaryKey, string keyExtension) => throw No();

    IAddressable IGrainFactory.GetGrain(Type interfaceType, IdSpan grainKey) => throw No();

    IAddressable IGrainFactory.GetGrain(Type interfaceType, IdSpan grainKey, string grainClassNamePrefix) => throw No();

    TGrainInterface IGrainFactory.GetGrain<TGrainInterface>(GrainId grainId) => throw No();

    IAddressable IGrainFactory.GetGrain(GrainId grainId) => throw No();

    IAddressable IGrainFactory.GetGrain(GrainId grainId, GrainInterfaceType interfaceType) => throw No();
}
