using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Storage;
using Forge.WebApi;

namespace Forge.Silo;

/// <summary>Journals start and stop of this process with its version. A start without a stop before the next one was no orderly end. Source: security.md 11.</summary>
internal sealed partial class ProcessJournal(Ledger ledger, WebApiOptions options, ILogger<ProcessJournal> log) : IHostedService
{
    /// <summary>The process begins to work.</summary>
    public const string Started = "process.started";

    /// <summary>The process ends in order.</summary>
    public const string Stopped = "process.stopped";

    private const string Actor = "system:silo";

    /// <summary>Without its entry nothing starts.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => AppendAsync(Started, cancellationToken);

    /// <summary>The last thing this process does; it ends also when the journal does not answer any more.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        try
        {
            await AppendAsync(Stopped, cancellationToken);
        }
        catch (Exception error)
        {
            LogUntold(log, error);
        }
    }

    private Task AppendAsync(string action, CancellationToken cancellation)
    {
        var body = JsonSerializer.Serialize(new { version = options.Version, host = Environment.MachineName, process = Environment.ProcessId }, JsonSerializerOptions.Web);
        return ledger.AppendAsync(OrganizationId.PlatformChain, Actor, "", new JournalDraft(action, "process", body), cancellation);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The end of this process could not be journaled.")]
    private static partial void LogUntold(ILogger logger, Exception error);
}
