using System.Collections.Immutable;
using Forge.Domain.Live;
using Forge.WebApi.Http;
using Forge.WebApi.Identity;

namespace Forge.WebApi.Live;

/// <summary>
/// Every second: asks each store what has ended and cuts it, looks again at what connected people may do, and ends connections that are too old.
/// Works with all silos down: sessions and screens are in the identity store. Source: security.md 9.
/// </summary>
internal sealed class EndedPoll(IEnumerable<EndedSource> sources, ConnectionRegistry registry, PrincipalCache principals, PolicyMatrix matrix, TimeProvider time, ILogger<EndedPoll> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    /// <summary>The instant of an end is the clock of the node that wrote it: asked for anew this long, an end by a slower clock is not missed.</summary>
    private static readonly TimeSpan Overlap = TimeSpan.FromSeconds(30);

    /// <summary>Looks once; public to tests as the step of the loop.</summary>
    internal async Task LookAsync(Dictionary<EndedSource, DateTimeOffset> cursors, CancellationToken cancellation)
    {
        var ended = sources.Select(source => AskAsync(source, cursors, cancellation)).ToImmutableArray();
        foreach (var credential in (await Task.WhenAll(ended)).SelectMany(e => e)) registry.End(credential.Kind, credential.Id);
        registry.Sweep();
    }

    /// <summary>Looks again at what a person may do and cuts what they may not any more.</summary>
    internal async Task RecheckAsync(string userId)
    {
        var roles = await principals.RolesAsync(userId);
        registry.Recheck(userId, policy => matrix.ByPolicy.TryGetValue(policy, out var any) && roles.Any(any.Contains));
    }

    /// <summary>A silo told that a person changed: what is known is dropped, and their connections are looked at now instead of at the next second.</summary>
    internal void Changed(LiveContent.PrincipalChanged change)
    {
        if (principals.Changed(change.UserId, change.Epoch) && registry.Holds(change.UserId)) _ = SoonAsync(change.UserId);

        async Task SoonAsync(string userId)
        {
            try
            {
                await RecheckAsync(userId);
            }
            catch (Exception failure) when (ErrorHandling.IsUnavailable(failure))
            {
                log.LogDebug(failure, "Rights of a person cannot be read now; the next second tries again");
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var started = time.GetUtcNow();
        var cursors = sources.ToDictionary(s => s, _ => started);
        var people = Task.CompletedTask;
        using var timer = new PeriodicTimer(Every, time);
        try
        {
            do
            {
                // A silo that does not answer must not hold up the ends of sessions.
                if (people.IsCompleted) people = RecheckAllAsync(stoppingToken);
                await LookAsync(cursors, stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // the node stops
        }
    }

    private async Task<ImmutableArray<EndedCredential>> AskAsync(EndedSource source, Dictionary<EndedSource, DateTimeOffset> cursors, CancellationToken cancellation)
    {
        try
        {
            var asked = time.GetUtcNow();
            var ended = await source(cursors[source] - Overlap, cancellation);
            lock (cursors) cursors[source] = asked;
            return ended;
        }
        catch (Exception failure) when (ErrorHandling.IsUnavailable(failure) && !cancellation.IsCancellationRequested)
        {
            log.LogWarning(failure, "Ended sessions and screens cannot be read; asked again in a second");
            return [];
        }
    }

    private async Task RecheckAllAsync(CancellationToken stopping)
    {
        foreach (var userId in registry.People)
        {
            try
            {
                await RecheckAsync(userId).WaitAsync(TimeSpan.FromSeconds(5), time, stopping);
            }
            catch (Exception failure) when (ErrorHandling.IsUnavailable(failure))
            {
                log.LogDebug(failure, "Rights of connected people cannot be read now");
            }
        }
    }
}
