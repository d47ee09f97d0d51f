using System.Collections.Immutable;
using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Grains.Interfaces.Audit;
using Forge.Storage;
using Forge.Storage.Audit;
using Microsoft.Extensions.Logging;

namespace Forge.Grains.Audit;

/// <summary>
/// Checks the journal in the background: new entries every 60 s, everything at the start and once a day. A disagreement is logged, journaled and shown until a complete check agrees;
/// it stops nothing.
/// </summary>
public sealed partial class JournalVerifierGrain(
    JournalReader reader, JournalAuditor auditor, SealStore seals, SealFileWriter files, Ledger ledger, JournalFigures figures, TimeProvider time, ILogger<JournalVerifierGrain> log) : Grain, IJournalVerifierGrain
{
    private const string Actor = "system:journal-verifier";
    private static readonly TimeSpan NewEvery = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan AllEvery = TimeSpan.FromDays(1);

    private const int IncidentsAtOnce = 200;

    private readonly HashSet<JournalFinding> _recorded = [];
    private readonly Dictionary<string, ChainHead> _through = new(StringComparer.Ordinal);
    private JournalStatus _status = JournalStatus.Unknown;
    private Task _running = Task.CompletedTask;
    private DateTimeOffset? _allStarted;
    private DateTimeOffset? _newStarted;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        JournalCursor? after = null;
        do
        {
            var page = await reader.SearchAsync(new JournalFilter(OrganizationId.PlatformChain, Action: JournalIncident.Action), after, IncidentsAtOnce, cancellationToken);
            foreach (var entry in page.Items)
                if (entry.Body is { } body) _recorded.UnionWith(JsonSerializer.Deserialize(body, ForgeJson.Default.JournalIncident)!.Findings);
            after = page.NextCursor is { } next ? JournalCursor.Parse(next) : null;
        }
        while (after is not null);
    }

    /// <inheritdoc/>
    public async Task<Outcome<JournalStatus>> RecordIncident(string text, string actor, string correlationId)
    {
        if (text.Trim().Length is 0 or > JournalIncident.LongestText) return Outcome<JournalStatus>.No(Refusal.Validation([new FieldError("text", "length")]), 0);
        foreach (var findings in _status.Findings.Except(_recorded).ToList().Chunk(JournalIncident.MostFindings))
        {
            await ledger.AppendAsync(OrganizationId.PlatformChain, actor, correlationId,
                new JournalDraft(JournalIncident.Action, "platform", JsonSerializer.Serialize(new JournalIncident(text.Trim(), [.. findings]), ForgeJson.Default.JournalIncident)), default);
            _recorded.UnionWith(findings);
        }
        Conclude(_status.Findings);
        return Outcome<JournalStatus>.Of(await Status(), 0);
    }

    /// <inheritdoc/>
    public Task Tick()
    {
        if (!_running.IsCompleted) return Task.CompletedTask;
        var now = time.GetUtcNow();
        if (_allStarted is null || now - _allStarted >= AllEvery) _running = RunAsync(CheckEverythingAsync);
        else if (_newStarted is null || now - _newStarted >= NewEvery) _running = RunAsync(CheckNewAsync);
        return Task.CompletedTask;   // the check goes on within this grain; nobody waits for it
    }

    /// <inheritdoc/>
    public async Task<JournalStatus> CheckAll()
    {
        while (!_running.IsCompleted) await _running;
        _running = RunAsync(CheckEverythingAsync);
        await _running;
        return _status;
    }

    /// <inheritdoc/>
    public Task<JournalStatus> StartAll()
    {
        if (_status.Running is null)
        {
            _status = _status with { Running = new JournalProgress(time.GetUtcNow(), 0, 0) };
            _running = AfterAsync(_running);
        }
        return Status();

        // The answer goes out first, and a check that is under way ends first.
        async Task AfterAsync(Task before)
        {
            await Task.Yield();
            await before;
            await RunAsync(CheckEverythingAsync);
        }
    }

    /// <inheritdoc/>
    public async Task<JournalStatus> Status()
    {
        var newest = await seals.NewestAsync(null, 1, default);
        return newest.IsEmpty ? _status : _status with { LastSealAt = newest[0].At, LastSealSeq = newest[0].Seq };
    }

    /// <inheritdoc/>
    public async Task<ChainStatus> ChainStatus(string chain) => new(
        chain, _through.GetValueOrDefault(chain)?.Seq ?? 0, (await reader.HeadAsync(chain, default))?.Seq ?? 0, [.. _status.Findings.Where(f => f.Chain == chain)]);

    private async Task CheckEverythingAsync()
    {
        (_allStarted, _newStarted) = (time.GetUtcNow(), time.GetUtcNow());
        try
        {
            var progress = new JournalProgress(time.GetUtcNow(), 0, (await reader.HeadsAsync(default)).Sum(h => h.Seq));
            _status = _status with { Running = progress };
            var through = new Dictionary<string, ChainHead>(StringComparer.Ordinal);
            var report = await auditor.CheckAsync(new AuditScope(null, HeadersOnly: false, files.Keys(), await files.ReadAsync(default)), Passed, default);
            _through.Clear();
            foreach (var head in through.Values) _through[head.Chain] = head;
            await TakeAsync(report);

            void Passed(ChainHead head)
            {
                through[head.Chain] = head;
                _status = _status with { Running = progress = progress with { Entries = progress.Entries + head.Seq } };
            }
        }
        finally
        {
            _status = _status with { Running = null };
        }
    }

    /// <summary>The result of a check of everything: known from here on, journaled, and told where it is new.</summary>
    private async Task TakeAsync(JournalReport report)
    {
        var now = time.GetUtcNow();
        var known = _status.Findings;
        var protection = await reader.ProtectionAsync(default);
        _status = _status with { CheckedAt = now, CompleteAt = now, Chains = report.Chains, Entries = report.Entries, Problem = null, VerifiedThrough = Platform, Protection = protection };
        Conclude(report.Findings);
        await ledger.AppendAsync(OrganizationId.PlatformChain, Actor, "", new JournalDraft(
            "journal.verified", "platform", JsonSerializer.Serialize(report with { Findings = [.. report.Findings.Take(20)] }, ForgeJson.Default.JournalReport)), default);
        Tell(report.Findings.Except(known));
    }

    private async Task CheckNewAsync()
    {
        _newStarted = time.GetUtcNow();
        var found = ImmutableArray.CreateBuilder<JournalFinding>();
        var entries = 0L;
        foreach (var head in await reader.HeadsAsync(default))
        {
            var known = _through.GetValueOrDefault(head.Chain);
            if (known is not null && known.Seq == head.Seq && known.Hash.AsSpan().SequenceEqual(head.Hash)) continue;
            var (through, report) = await auditor.CheckNewAsync(head.Chain, known, default);
            entries += report.Entries;
            found.AddRange(report.Findings);
            _through[head.Chain] = through;
        }
        found.AddRange(await GoneAsync());
        var fresh = found.Except(_status.Findings).ToImmutableArray();
        _status = _status with
        {
            CheckedAt = time.GetUtcNow(), Chains = _through.Count, Entries = _status.Entries + entries, Problem = null, VerifiedThrough = Platform,
        };
        Conclude([.. _status.Findings.Concat(fresh).Take(JournalReport.MostFindings)]);
        if (fresh.IsEmpty) return;
        foreach (var chunk in fresh.Chunk(20))
            await ledger.AppendAsync(OrganizationId.PlatformChain, Actor, "", new JournalDraft(
                "journal.disagreement", "platform", JsonSerializer.Serialize(new JournalReport([.. chunk], 1, entries, 0, 0), ForgeJson.Default.JournalReport)), default);
        Tell(fresh);
    }

    /// <summary>Chains that were checked before and have no head any more.</summary>
    private async Task<IEnumerable<JournalFinding>> GoneAsync()
    {
        var heads = (await reader.HeadsAsync(default)).Select(h => h.Chain).ToHashSet(StringComparer.Ordinal);
        return _through.Values.Where(t => t.Seq > 0 && !heads.Contains(t.Chain)).Select(t => new JournalFinding(t.Chain, 1, t.Seq, JournalFault.TailCut, "they were there at the check before")).ToList();
    }

    private void Conclude(ImmutableArray<JournalFinding> findings) =>
        _status = _status with { Findings = findings, Recorded = [.. findings.Where(_recorded.Contains)], Healthy = findings.All(_recorded.Contains) };

    private long Platform => _through.GetValueOrDefault(OrganizationId.PlatformChain)?.Seq ?? 0;

    /// <summary>A check that cannot be finished is no disagreement: it is said, and tried again when it is due.</summary>
    private async Task RunAsync(Func<Task> check)
    {
        try
        {
            await check();
            figures.Newest = _status;
        }
        catch (Exception error)
        {
            _status = _status with { Problem = "The check could not be finished: " + error.GetType().Name };
            LogFailed(log, error);
        }
    }

    private void Tell(IEnumerable<JournalFinding> findings)
    {
        foreach (var finding in findings) LogDisagreement(log, finding.ToString());
    }

    [LoggerMessage(EventId = 2, EventName = "journal.disagreement", Level = LogLevel.Critical, Message = "The journal does not agree with itself: {Finding}")]
    private static partial void LogDisagreement(ILogger logger, string finding);

    [LoggerMessage(Level = LogLevel.Error, Message = "The journal could not be checked; tried again when it is due.")]
    private static partial void LogFailed(ILogger logger, Exception error);
}
