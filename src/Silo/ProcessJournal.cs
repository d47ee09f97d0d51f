using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Storage;
using Forge.WebApi;
using Forge.WebApi.Identity;

namespace Forge.Silo;

/// <summary>Journals start and stop of this process with its version. A start without a stop before the next one was no orderly end. Source: security.md 11.</summary>
internal sealed partial class ProcessJournal(PlatformJournal journal, string actor, WebApiOptions options, ILogger<ProcessJournal> log) : IHostedService
{
    /// <summary>The process begins to work.</summary>
    public const string Started = "process.started";

    /// <summary>The process ends in order.</summary>
    public const string Stopped = "process.stopped";

    /// <summary>Of a process with grains: writes by the Ledger, before the silo joins and after it left.</summary>
    public static ProcessJournal OfSilo(IServiceProvider services) => Of(services, "system:silo", (actor, action, subject, body, cancellation) =>
        services.GetRequiredService<Ledger>().AppendAsync(OrganizationId.PlatformChain, actor, "", new JournalDraft(action, subject, body), cancellation));

    /// <summary>Of a web node: writes through the cluster.</summary>
    public static ProcessJournal OfWebNode(IServiceProvider services) => Of(services, "system:web", services.GetRequiredService<PlatformJournal>());

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

    private static ProcessJournal Of(IServiceProvider services, string actor, PlatformJournal journal) =>
        new(journal, actor, services.GetRequiredService<WebApiOptions>(), services.GetRequiredService<ILogger<ProcessJournal>>());

    private Task AppendAsync(string action, CancellationToken cancellation)
    {
        var body = JsonSerializer.Serialize(new { version = options.Version, host = Environment.MachineName, process = Environment.ProcessId }, JsonSerializerOptions.Web);
        return journal(actor, action, "process", body, cancellation);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The end of this process could not be journaled.")]
    private static partial void LogUntold(ILogger logger, Exception error);
}
