using Forge.Grains.Interfaces.Sla;
using Forge.Storage;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Core.Internal;
using Orleans.Runtime;

namespace Forge.Grains.Tests;

/// <summary>What the sweeps of a silo do by themselves, without anybody calling.</summary>
public sealed class SiloSweepsTests : IAsyncLifetime
{
    private SpineCluster _spine = null!;

    public async ValueTask InitializeAsync() => _spine = await SpineCluster.StartAsync();

    public ValueTask DisposeAsync() => _spine.DisposeAsync();

    [Fact]
    public async Task Wake_ThatFailed_IsTriedAgainWithoutAnotherSilo()
    {
        var id = await _spine.EnterpriseAsync();
        var (grain, rows) = (_spine.Grains.GetGrain<ISlaGrain>(id), _spine.Services.GetRequiredService<DeadlineStore>());
        await _spine.SettledAsync(grain.Wake());
        await _spine.IdleAsync(grain);
        await Until(async () => await Place(grain) is null, "the activation ended");
        await rows.ClearAsync("sla", id, "policy", default);
        await _spine.SqlAsync("CREATE TRIGGER refuse BEFORE INSERT ON deadline BEGIN SELECT RAISE(ABORT, 'refused'); END");
        await _spine.Cluster.StartAdditionalSiloAsync();
        await Until(async () => await Place(grain) is not null, "the new silo wakes it");
        for (var sweep = 0; sweep < 3; sweep++) await Pass();   // both silos have tried
        Assert.Null(await rows.FindAsync("sla", id, "policy", default));

        await _spine.SqlAsync("DROP TRIGGER refuse");

        await Until(async () => await rows.FindAsync("sla", id, "policy", default) is not null, "a sweep wakes it again");
    }

    private Task<SiloAddress?> Place(ISlaGrain grain) => _spine.Inside.GetGrain<IManagementGrain>(0).GetActivationAddress(grain).AsTask();

    private async Task Pass()
    {
        _spine.Time.Advance(TimeSpan.FromSeconds(5));
        await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);   // sweeps run on real threads
    }

    private async Task Until(Func<Task<bool>> holds, string what)
    {
        for (var attempt = 0; attempt < 50; attempt++)
        {
            if (await holds()) return;
            await Pass();
        }
        Assert.Fail($"Never happened: {what}.");
    }
}
