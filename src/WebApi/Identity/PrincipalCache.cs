using System.Collections.Concurrent;
using System.Collections.Immutable;
using Forge.Domain.Audit;
using Forge.Grains.Interfaces.Audit;

namespace Forge.WebApi.Identity;

/// <summary>What people may do, remembered for at most 5 s.</summary>
public sealed class PrincipalCache(IGrainFactory grains, NodeActors actors, TimeProvider time)
{
    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<string, (Principal Principal, DateTimeOffset ReadAt)> _known = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _changed = new(StringComparer.Ordinal);

    /// <summary>Roles of an enabled person; none when disabled or unknown.</summary>
    public async ValueTask<ImmutableArray<string>> RolesAsync(string userId) => await FindAsync(userId) is { Enabled: true } principal ? principal.Roles : [];

    /// <summary>What a person may do; without roles when unknown.</summary>
    public async ValueTask<Principal> FindAsync(string userId)
    {
        var now = time.GetUtcNow();
        if (!_known.TryGetValue(userId, out var known) || now - known.ReadAt >= FreshFor)
        {
            actors.ActAs("identity");   // the person's own signature needs the answer
            known = (await grains.GetGrain<IPrincipalGrain>(userId).Get(), now);
            // An answer that was on its way while the person changed is good for this question, not for later ones.
            if (!_changed.TryGetValue(userId, out var epoch) || known.Principal.Epoch >= epoch) _known[userId] = known;
        }
        return known.Principal;
    }

    /// <summary>Drops what is known about a person: the next use asks the grain.</summary>
    public void Forget(string userId) => _known.TryRemove(userId, out _);

    /// <summary>A person changed: what is known from before is dropped. False when it was known already.</summary>
    /// <param name="userId">Whose rights changed.</param>
    /// <param name="epoch">Epoch of the principal after the change.</param>
    public bool Changed(string userId, long epoch)
    {
        var fresh = !_changed.TryGetValue(userId, out var before) || before < epoch;
        _changed.AddOrUpdate(userId, epoch, (_, known) => Math.Max(known, epoch));
        if (_known.TryGetValue(userId, out var known) && known.Principal.Epoch < epoch) _known.TryRemove(new(userId, known));
        return fresh;
    }
}
