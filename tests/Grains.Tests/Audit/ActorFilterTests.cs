using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Domain.Organizations;
using Forge.Grains.Audit;
using Forge.Grains.Interfaces;
using Forge.Grains.Interfaces.Audit;
using Forge.Grains.Interfaces.Organizations;
using Forge.Grains.Interfaces.Sla;
using Forge.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orleans.Core.Internal;
using Orleans.Runtime;

namespace Forge.Grains.Tests.Audit;

/// <summary>Who gets into a grain: a client of the gateway with no signature, a wrong one, an old one, another's name, and calls that are not for clients.</summary>
public sealed class ActorFilterTests(SpineFixture fixture) : IClassFixture<SpineFixture>
{
    private static readonly string Ana = new('a', 32);
    private static readonly SecretKey Stranger = TestKeys.Secret("1", 200);
    private readonly SpineCluster _spine = fixture.Spine;

    private IOrganizationQueryGrain Organizations => _spine.Grains.GetGrain<IOrganizationQueryGrain>(0);

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>What a caller without the key may send.</summary>
    public static TheoryData<string, string> Forgeries => new()
    {
        { "nothing", "" },
        { "words", "let me in" },
        { "other key", ActorToken.Sign(Stranger, new Actor("user:" + Ana), Now) },
        { "unknown key id", ActorToken.Sign(Stranger with { Id = "9" }, new Actor("user:" + Ana), Now) },
        { "captured 36 s ago", ActorToken.Sign(TestKeys.Actor.Current, new Actor("system:web"), Now.AddSeconds(-36)) },
        { "from the future", ActorToken.Sign(TestKeys.Actor.Current, new Actor("system:web"), Now.AddMinutes(1)) },
    };

    [Theory]
    [MemberData(nameof(Forgeries))]
    public async Task Call_WithoutAValidActor_IsRefusedWhateverItCalls(string what, string token)
    {
        Assert.NotEmpty(what);
        await Organizations.AllIds();   // activated by somebody who may: nothing of them must stay behind
        var id = OrganizationId.Mint(Region.EU, Guid.NewGuid().ToByteArray());

        await Refused(token, () => Organizations.AllIds());
        await Refused(token, () => _spine.Grains.GetGrain<IPrincipalGrain>(Ana).Grant(Roles.SeniorAdmin, "mine", SpineCluster.Context()));
        await Refused(token, () => _spine.Grains.GetGrain<IJournalGrain>(OrganizationId.PlatformChain).Append("user:" + Ana, "sample.action", "sample", "{}"));
        await Refused(token, () => _spine.Grains.GetGrain<ISlaGrain>(id).Wake());
        await Refused(token, () => _spine.Grains.GetGrain<IOutboxGrain>(0).Sweep());
        await Refused(token, () => _spine.Grains.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero));
        await Refused(token, () => _spine.Grains.GetGrain<ISlaGrain>(id).Cast<IGrainManagementExtension>().DeactivateOnIdle().AsTask());

        Assert.DoesNotContain(await _spine.Grains.GetGrain<IPrincipalQueryGrain>(0).All(), p => p.UserId == Ana);
    }

    [Fact]
    public async Task Call_WithAValidActor_IsLetIn() => Assert.NotNull(await With(TestActors.Token("system:web"), async () => (object)await Organizations.AllIds()));

    [Fact]
    public async Task Call_CapturedWhileItsGrainWasBusy_EndsWithItsThirtySeconds()
    {
        var clock = new FakeTimeProvider(Now);
        var actors = new SiloActors(TestKeys.Actor, clock);
        var token = ActorToken.Sign(TestKeys.Actor.Current, new Actor("user:ana"), clock.GetUtcNow());

        Assert.Equal("user:ana", actors.Read(token).Actor?.Name);
        clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal("user:ana", actors.Read(token).Actor?.Name);
        clock.Advance(TimeSpan.FromSeconds(6));

        Assert.Equal((null, ActorFault.Expired), actors.Read(token));   // although it was checked and remembered before
        await Refused(ActorToken.Sign(TestKeys.Actor.Current, new Actor("user:ana"), Now.AddSeconds(-36)), () => Organizations.AllIds());
    }

    [Theory]
    [InlineData("user:eve", "user:ana", false)]
    [InlineData("user:eve", "system:sla", false)]
    [InlineData("key:k1", "user:ana", false)]
    [InlineData("system:web", "user:ana", false)]
    [InlineData(Actor.Identity, "user:ana", true)]
    [InlineData("user:ana", "user:ana", true)]
    public async Task Command_InTheNameOf_IsTakenFromThatOneOnly(string signed, string stated, bool taken)
    {
        var id = OrganizationId.Mint(Region.EU, Guid.NewGuid().ToByteArray());
        var command = new CreateOrganization("Acme", id.Replace("-", "", StringComparison.Ordinal), null, Region.EU, OrganizationPlan.FREE, false, 1);
        var context = SpineCluster.Context() with { Actor = stated };
        Task Create() => _spine.Grains.GetGrain<IOrganizationGrain>(id).Create(command, context);
        Task Append() => _spine.Grains.GetGrain<IJournalGrain>(OrganizationId.PlatformChain).Append(stated, "sample.action", "sample", "{}");

        if (taken)
        {
            await With(TestActors.Token(signed), Create);
            await With(TestActors.Token(signed), Append);
        }
        else
        {
            await Refused(TestActors.Token(signed), Create);
            await Refused(TestActors.Token(signed), Append);
        }

        Assert.Equal(taken, (await _spine.Grains.GetGrain<IOrganizationGrain>(id).Get()).Succeeded);
    }

    [Fact]
    public async Task Client_WithAValidActor_IsRefusedWhatIsNotForClients()
    {
        await Refused(TestActors.Token("system:web"), () => _spine.Grains.GetGrain<IOutboxGrain>(0).Sweep());
        await Refused(TestActors.Token("system:web"), () => _spine.Grains.GetGrain<ISeniorsGrain>(0).Beside(Ana));

        await _spine.Inside.GetGrain<IOutboxGrain>(0).Sweep();
    }

    [Fact]
    public async Task Refusals_OfAClient_AreAllCountedAndJournaledOnce()
    {
        var counted = new ConcurrentBag<string?>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == ActorRefusals.MeterName) l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            for (var i = 0; i < value; i++) counted.Add(tags[0].Value as string);
        });
        listener.Start();

        for (var i = 0; i < 50; i++) await Refused("", () => Organizations.AllIds());

        Assert.True(counted.Count(reason => reason == nameof(ActorFault.Missing)) >= 50, $"{counted.Count} counted");
        var entries = await Entries();
        for (var started = Now; entries.Length == 0 && Now - started < TimeSpan.FromSeconds(10); entries = await Entries()) await Task.Yield();
        var entry = Assert.Single(entries);
        Assert.Equal("system:silo", entry.Actor);
        Assert.StartsWith("caller:sys.client/", entry.Subject, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Principal_ChangedByAPersonWithAnOlderEpoch_IsOutdatedAndByTheNewOneTaken()
    {
        var (ben, eve) = (Guid.NewGuid().ToString("N"), Guid.NewGuid().ToString("N"));
        var grain = _spine.Grains.GetGrain<IPrincipalGrain>(ben);
        await grain.Grant(Roles.SeniorAdmin, "first", By("system:setup"));
        await grain.Grant(Roles.Auditor, "also", By("system:setup"));
        Task<Outcome<Principal>> Grant(long epoch) => With(TestActors.Token("user:" + ben, epoch), () => _spine.Grains.GetGrain<IPrincipalGrain>(eve).Grant(Roles.Responder, "helps", By("user:" + ben)));

        var outdated = await Grant(1);
        var current = await Grant(2);

        Assert.Equal("actor_outdated", outdated.Refusal?.Code);
        Assert.True(current.Succeeded, current.Refusal?.Code);
    }

    [Fact]
    public async Task Principal_ChangedByWhoIsNoSeniorInTheRow_IsForbiddenWhateverTheActorSays()
    {
        var (ben, eve) = (Guid.NewGuid().ToString("N"), Guid.NewGuid().ToString("N"));
        await _spine.Grains.GetGrain<IPrincipalGrain>(ben).Grant(Roles.PlatformAdmin, "first", By("system:setup"));
        var claims = ActorToken.Sign(TestKeys.Actor.Current, new Actor("user:" + ben) { Roles = [Roles.SeniorAdmin], Epoch = 1 }, Now);

        var outcome = await With(claims, () => _spine.Grains.GetGrain<IPrincipalGrain>(eve).Grant(Roles.SeniorAdmin, "friend", By("user:" + ben)));

        Assert.Equal("forbidden", outcome.Refusal?.Code);
        Assert.Empty((await _spine.Grains.GetGrain<IPrincipalGrain>(eve).Get()).Roles);
    }

    private static CommandContext By(string actor) => SpineCluster.Context() with { Actor = actor };

    private static async Task Refused(string token, Func<Task> call) => await Assert.ThrowsAsync<ActorRefusedException>(() => With(token, call));

    private static async Task With(string token, Func<Task> call)
    {
        RequestContext.Set(ActorContext.Key, token);
        await call();
    }

    private static async Task<T> With<T>(string token, Func<Task<T>> call)
    {
        RequestContext.Set(ActorContext.Key, token);
        return await call();
    }

    private async Task<JournalEntryView[]> Entries() =>
        [.. (await _spine.Grains.GetGrain<IJournalQueryGrain>(0).Search(new JournalFilter(OrganizationId.PlatformChain, Action: ActorRefusals.Action), null, 100)).Items];
}
