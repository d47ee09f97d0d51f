using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Grains.Interfaces.Audit;

namespace Forge.Grains.Tests.Audit;

public sealed class PrincipalGrainTests
{
    private static readonly string Ana = new('a', 32);
    private static readonly string Ben = new('b', 32);
    private static int _key;

    [Fact]
    public async Task TwoSeniors_WhoDemoteEachOtherAtOnce_LeaveOne()
    {
        await using var spine = await SpineCluster.StartAsync();
        var (ana, ben) = (spine.Grains.GetGrain<IPrincipalGrain>(Ana), spine.Grains.GetGrain<IPrincipalGrain>(Ben));
        Assert.True((await ana.Grant(Roles.SeniorAdmin, "first", By("system:setup"))).Succeeded);
        Assert.True((await ben.Grant(Roles.SeniorAdmin, "second", By("user:" + Ana))).Succeeded);

        var outcomes = await Task.WhenAll(ana.Withdraw(Roles.SeniorAdmin, "coup", By("user:" + Ben)), ben.Disable("coup", By("user:" + Ana)));

        Assert.Equal("last_senior_admin", Assert.Single(outcomes, o => !o.Succeeded).Refusal!.Code);
        var all = await spine.Grains.GetGrain<IPrincipalQueryGrain>(0).All();
        Assert.Single(all, p => p.IsEnabledSenior);
        Assert.True(await spine.Grains.GetGrain<IPrincipalQueryGrain>(0).AnyAdmin());
    }

    [Fact]
    public async Task Principal_ReadAgain_KeepsWhatWasDecided()
    {
        await using var spine = await SpineCluster.StartAsync();
        var ana = spine.Grains.GetGrain<IPrincipalGrain>(Ana);
        Assert.Equal("self_change", (await ana.Grant(Roles.SeniorAdmin, "me", By("user:" + Ana))).Refusal!.Code);
        await ana.Grant(Roles.SeniorAdmin, "first", By("system:setup"));
        Assert.Equal("last_senior_admin", (await ana.Withdraw(Roles.SeniorAdmin, "out", By("user:" + Ben))).Refusal!.Code);
        Assert.False(await Admins(spine) is 0);
        await spine.Grains.GetGrain<IPrincipalGrain>(Ben).Grant(Roles.SeniorAdmin, "second", By("user:" + Ana));
        Assert.True((await ana.Disable("left", By("user:" + Ben))).Succeeded);

        var stored = (await spine.Grains.GetGrain<IPrincipalQueryGrain>(0).All()).Single(p => p.UserId == Ana);

        Assert.Equal((false, 2L, "system:setup"), (stored.Enabled, stored.Epoch, stored.SeniorGrantedBy));
        Assert.Equal(spine.Time.GetUtcNow(), stored.SeniorSince);
        Assert.Equal(1, await Admins(spine));
    }

    private static async Task<int> Admins(SpineCluster spine) => (await spine.Grains.GetGrain<IPrincipalQueryGrain>(0).All()).Count(p => p.IsEnabledSenior);

    private static CommandContext By(string actor) => new("key-" + Interlocked.Increment(ref _key), "-", actor, "test", null);
}
