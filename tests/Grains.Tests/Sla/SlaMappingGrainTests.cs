using Forge.Domain;
using Forge.Domain.Sla;
using Forge.Grains.Interfaces.Sla;

namespace Forge.Grains.Tests.Sla;

/// <summary>Signal mappings on a real store: recorded, versioned, and visible to whoever asks for changes.</summary>
public sealed class SlaMappingGrainTests(SpineFixture fixture) : IClassFixture<SpineFixture>
{
    private static readonly PutSlaMapping Command = new("organization_id", ["rpc.duration"], new BadRule("code", 13, 14), []);
    private readonly SpineCluster _spine = fixture.Spine;

    private static CommandContext Context(string key, long? version = null) => new(key, key, "user:test", "c", version);

    [Fact]
    public async Task Put_IsStoredVersionedAndSeenByItsStamp()
    {
        var id = await _spine.EnterpriseAsync();
        var all = _spine.Grains.GetGrain<ISlaMappingQueryGrain>(0);
        var before = await all.All("");
        var grain = _spine.Grains.GetGrain<ISlaMappingGrain>(id);
        Assert.Equal("not_found", (await grain.Get()).Refusal?.Code);
        var first = await grain.Put(Command, Context($"{id}-1"));
        Assert.Equal((1L, id), (first.Version, first.Value?.Id));
        Assert.Equal("version_conflict", (await grain.Put(Command with { Histograms = ["x"] }, Context($"{id}-2", 7))).Refusal?.Code);
        Assert.Equal(2, (await grain.Put(Command with { Histograms = ["x"] }, Context($"{id}-3", 1))).Version);
        var after = await all.All(before.Stamp);
        Assert.NotEqual(before.Stamp, after.Stamp);
        Assert.Equal("x", Assert.Single(Assert.Single(after.Mappings, m => m.Id == id).Histograms));
        Assert.Empty((await all.All(after.Stamp)).Mappings);
    }

    [Fact]
    public async Task Put_ForNobody_IsNotFound_AndTheDefaultNeedsNoOrganization()
    {
        Assert.Equal("not_found", (await _spine.Grains.GetGrain<ISlaMappingGrain>("eu-0000000000").Put(Command, Context("nobody"))).Refusal?.Code);
        Assert.True((await _spine.Grains.GetGrain<ISlaMappingGrain>(SlaMapping.DefaultId).Put(Command, Context("default-1"))).Succeeded);
    }
}
