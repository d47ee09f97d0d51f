using System.Diagnostics.Metrics;
using System.Text.Json;
using System.Threading.Channels;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Forge.Grains.Audit;

/// <summary>Calls that were not let in: every one is counted, one a minute and source is journaled, and nobody waits for that. Source: security.md 6.</summary>
public sealed partial class ActorRefusals : BackgroundService
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Forge.Cluster";

    /// <summary>Action of the journal's entries.</summary>
    public const string Action = "actor.refused";

    private const string Actor = "system:silo";
    private const int MostWaiting = 100;
    private const int LongestSource = 100;

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _counter;
    private readonly Lock _gate = new();
    private readonly RefusedCallers _callers = new();
    private readonly Channel<JournalDraft> _waiting = Channel.CreateBounded<JournalDraft>(new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private readonly Ledger _ledger;
    private readonly TimeProvider _time;
    private readonly ILogger<ActorRefusals> _log;

    /// <summary>Starts to count.</summary>
    public ActorRefusals(Ledger ledger, TimeProvider time, ILogger<ActorRefusals> log)
    {
        (_ledger, _time, _log) = (ledger, time, log);
        _counter = _meter.CreateCounter<long>("forge.cluster.actor.refused", "{call}", "Grain calls refused because nobody proved to stand behind them, by reason.");
    }

    /// <summary>Notes one refused call.</summary>
    /// <param name="source">Who called, as it says itself.</param>
    /// <param name="fault">Why.</param>
    /// <param name="interfaceName">What it called.</param>
    /// <param name="method">Which method of it.</param>
    public void Note(string source, ActorFault fault, string interfaceName, string method)
    {
        _counter.Add(1, new KeyValuePair<string, object?>("reason", fault.ToString()));
        (string Source, long Count)? told;
        lock (_gate) told = _callers.Note(Printable(source), _time.GetUtcNow());
        if (told is not var (name, count)) return;
        LogRefused(_log, name, count, fault, interfaceName, method);
        _waiting.Writer.TryWrite(new JournalDraft(Action, "caller:" + name, JsonSerializer.Serialize(new { reason = fault.ToString(), @interface = interfaceName, method, count }, JsonSerializerOptions.Web)));
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _meter.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var draft in _waiting.Reader.ReadAllAsync(stoppingToken))
        {
            try
            {
                await _ledger.AppendAsync(OrganizationId.PlatformChain, Actor, "", draft, stoppingToken);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                LogJournal(_log, draft.Subject, failure);
            }
        }
    }

    // A stranger chose it: no control characters, and not as long as they like.
    private static string Printable(string source) => new([.. source.Take(LongestSource).Select(c => char.IsControl(c) ? '?' : c)]);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} grain calls of {Source} were refused, the last one ({Reason}) to {Interface}.{Method}.")]
    private static partial void LogRefused(ILogger logger, string source, long count, ActorFault reason, string @interface, string method);

    [LoggerMessage(Level = LogLevel.Error, Message = "Refused calls of {Caller} could not be journaled.")]
    private static partial void LogJournal(ILogger logger, string caller, Exception failure);
}
