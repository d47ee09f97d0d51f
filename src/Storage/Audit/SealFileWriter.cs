using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Audit;

namespace Forge.Storage.Audit;

/// <summary>Where seals and public keys are written outside the database.</summary>
/// <param name="SealFile">Append-only file, meant to be on another volume or account (<c>Forge:Journal:SealFile</c>).</param>
/// <param name="KeysFile">File with the public parts of all signing keys there ever were.</param>
public sealed record JournalFiles(string SealFile, string KeysFile)
{
    /// <summary>Both in the data folder: where nothing else is configured.</summary>
    public static JournalFiles In(string folder) => new(Path.GetFullPath(Path.Combine(folder, "journal-seals.log")), Path.GetFullPath(Path.Combine(folder, "keys.json")));
}

/// <summary>The append-only seal file and <c>keys.json</c>: what an auditor takes along.</summary>
public sealed class SealFileWriter(JournalFiles files, SealStore seals, KeyRing signing)
{
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const int Tail = 64 * 1024;
    private const int Page = 1_000;

    private (DateTimeOffset At, long Seq)? _through;

    /// <summary>
    /// Appends every stored seal that the file has not: the newest one, and those from before when the file could not be written. Told apart by the time of signing, because after
    /// an older backup was restored the numbers begin again below those of the file.
    /// </summary>
    public async Task CatchUpAsync(CancellationToken ct)
    {
        var through = _through ?? await LastInFileAsync(ct);
        while (await seals.SignedAfterAsync(through, Page, ct) is { IsEmpty: false } missing)
        {
            await AppendAsync(string.Concat(missing.Select(s => s.Note)), ct);
            through = (missing[^1].At, missing[^1].Seq);
            _through = through;
        }
        _through = through;
    }

    /// <summary>Everything in the seal file; null when there is none.</summary>
    public async Task<SealFile?> ReadAsync(CancellationToken ct) => File.Exists(files.SealFile) ? SealFile.Parse(await ReadFileAsync(ct)) : null;

    /// <summary>Every public key: those of the ring, and those of the file that are not in the ring any more.</summary>
    public PublicKeySet Keys()
    {
        var current = signing.Keys.Select(PublicKeys.Of).ToList();
        var retired = ReadKeys(files.KeysFile).Where(k => !current.Exists(c => c.Kid == k.Kid));
        return new PublicKeySet([.. retired, .. current]);
    }

    /// <summary>Writes <c>keys.json</c> when a key is new.</summary>
    public async Task PublishKeysAsync(CancellationToken ct)
    {
        var keys = Keys();
        if (ReadKeys(files.KeysFile).SequenceEqual(keys.Keys)) return;
        var draft = files.KeysFile + ".new";
        await File.WriteAllTextAsync(draft, JsonSerializer.Serialize(keys, ForgeJson.Default.PublicKeySet), ct);
        File.Move(draft, files.KeysFile, overwrite: true);
    }

    /// <summary>Public keys of a file like <c>keys.json</c>; none when there is no such file.</summary>
    /// <exception cref="JsonException">The file is no key set.</exception>
    public static ImmutableArray<PublicKeyView> ReadKeys(string path) =>
        File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllText(path), ForgeJson.Default.PublicKeySet)?.Keys ?? [] : [];

    private async Task<(DateTimeOffset At, long Seq)> LastInFileAsync(CancellationToken ct)
    {
        if (!File.Exists(files.SealFile)) return (DateTimeOffset.UnixEpoch, 0);
        await using var file = new FileStream(files.SealFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Seek(Math.Max(0, file.Length - Tail), SeekOrigin.Begin);
        using var reader = new StreamReader(file, Encoding.UTF8);
        return SealFile.Parse(await reader.ReadToEndAsync(ct)).Seals is [.., var last] ? (last.At, last.Seq) : (DateTimeOffset.UnixEpoch, 0);
    }

    private async Task<string> ReadFileAsync(CancellationToken ct)
    {
        await using var file = new FileStream(files.SealFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file, Encoding.UTF8);
        return await reader.ReadToEndAsync(ct);
    }

    private async Task AppendAsync(string notes, CancellationToken ct)
    {
        var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.Read };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = Readable;
        await using var file = new FileStream(files.SealFile, options);
        // A crash may have cut the last seal off: what follows begins on a line of its own.
        if (file.Position > 0) notes = "\n" + notes;
        await file.WriteAsync(Encoding.UTF8.GetBytes(notes), ct);
        file.Flush(flushToDisk: true);
    }
}
