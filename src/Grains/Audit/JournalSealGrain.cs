using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Grains.Interfaces.Audit;
using Forge.Storage.Audit;
using Microsoft.Extensions.Logging;

namespace Forge.Grains.Audit;

/// <summary>Seals the journal: every 60 s when a chain moved, else every 10 min, so that silence is provable. Source: security.md 11.</summary>
public sealed partial class JournalSealGrain(JournalReader reader, SealStore seals, SealFileWriter files, TimeProvider time, ILogger<JournalSealGrain> log) : Grain, IJournalSealGrain
{
    private static readonly TimeSpan WhenMoved = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan WhenSilent = TimeSpan.FromMinutes(10);

    // After a start every chain counts as moved: one complete list, then only what moves.
    private readonly Dictionary<string, long> _named = new(StringComparer.Ordinal);
    private DateTimeOffset? _sealedAt;
    private bool _inFile = true;

    /// <inheritdoc/>
    public async Task Tick()
    {
        var now = time.GetUtcNow();
        if (!_inFile) await WriteFilesAsync();
        if (_sealedAt is { } before && now - before < WhenMoved) return;
        var moved = await MovedAsync();
        if (moved.IsEmpty && _sealedAt is { } last && now - last < WhenSilent) return;
        await SealAsync(moved);
    }

    /// <inheritdoc/>
    public async Task<long> Seal() => (await SealAsync(await MovedAsync())).Seq;

    private async Task<JournalSeal> SealAsync(ImmutableArray<ChainHead> moved)
    {
        var seal = await seals.SealAsync([.. moved.Where(h => h.Chain != OrganizationId.PlatformChain)], default);
        _sealedAt = time.GetUtcNow();
        foreach (var head in moved) _named[head.Chain] = head.Seq;
        _named[OrganizationId.PlatformChain] = seal.Seq;
        var view = seal.View();
        LogSeal(log, view.Installation, view.Seq, view.Hash, JournalChain.TimeText(view.At), view.KeyId, view.Signature);
        await WriteFilesAsync();
        return seal;
    }

    private async Task<ImmutableArray<ChainHead>> MovedAsync() =>
        [.. (await reader.HeadsAsync(default)).Where(h => !_named.TryGetValue(h.Chain, out var seq) || seq != h.Seq)];

    /// <summary>A full or missing volume must not stop sealing: the seal is in the table, and the file catches up.</summary>
    private async Task WriteFilesAsync()
    {
        try
        {
            await files.PublishKeysAsync(default);
            await files.CatchUpAsync(default);
            _inFile = true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            if (_inFile) LogFile(log, error);
            _inFile = false;
        }
    }

    [LoggerMessage(EventId = 1, EventName = "journal.seal", Level = LogLevel.Information, Message = "journal.seal {Installation} {Seq} {Hash} {At} {KeyId} {Signature}")]
    private static partial void LogSeal(ILogger logger, string installation, long seq, string hash, string at, string keyId, string signature);

    [LoggerMessage(Level = LogLevel.Error, Message = "The seal file cannot be written; seals are in the database, and the file catches up when it can be.")]
    private static partial void LogFile(ILogger logger, Exception error);
}
