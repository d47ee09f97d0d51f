using System.Threading.Channels;
using Forge.Domain;

namespace Forge.WebApi.Identity;

/// <summary>
/// Journal of sign-in: a success waits for its entry and does not happen without it; a failure is answered at once and its entry follows, at most 1,000 of them wait.
/// Source: security.md 11.
/// </summary>
internal sealed class SignInJournal(PlatformJournal journal, TimeProvider time, ILogger<SignInJournal> log) : BackgroundService
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    private readonly Channel<(string Actor, string Action, string Subject, string Body)> _waiting =
        Channel.CreateBounded<(string, string, string, string)>(new BoundedChannelOptions(1_000) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    /// <summary>Writes an entry that must stand before the effect: null when it does, else why not.</summary>
    public async Task<Refusal?> RequireAsync(string actor, string action, string subject, string body, CancellationToken cancellation)
    {
        try
        {
            await journal(actor, action, subject, body, cancellation);
            return null;
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            log.LogWarning(failure, "{Action} was refused because the journal did not take its entry", action);
            return new Refusal("journal_unavailable", "The journal cannot be written now, and nothing is done without it. Try again in a moment.", RefusalKind.Unavailable, []);
        }
    }

    /// <summary>Notes what happened without waiting for the journal.</summary>
    public void Note(string actor, string action, string subject, string body) => _waiting.Writer.TryWrite((actor, action, subject, body));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var entry in _waiting.Reader.ReadAllAsync(stoppingToken))
        {
            while (true)
            {
                try
                {
                    await journal(entry.Actor, entry.Action, entry.Subject, entry.Body, stoppingToken);
                    break;
                }
                catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
                {
                    log.LogWarning(failure, "The entry {Action} waits for the journal", entry.Action);
                    await Task.Delay(Again, time, stoppingToken);
                }
            }
        }
    }
}
