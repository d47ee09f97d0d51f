using System.Collections.Immutable;
using System.Security.Cryptography;
using Forge.Domain.Audit;

namespace Forge.WebApi.Keys;

/// <summary>
/// The folder of key files, one per key: <c>{use}-{id}</c>, for the operator's own account only. Uses: <c>kek</c>, <c>actor</c>, <c>identity</c> (32 bytes each),
/// <c>seal</c>, <c>grant</c> (P-256, PKCS#8). Whoever cannot read it, or finds it open to others, does not start. Source: security.md 10.
/// </summary>
public sealed class KeyFolder
{
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode FileModeOfKeys = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private const string LockName = ".lock";
    private const int LockAttempts = 200;
    private static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(50);

    private readonly string _path;
    private readonly bool _mayMake;

    private KeyFolder(string path, bool mayMake) => (_path, _mayMake) = (path, mayMake);

    /// <summary>Opens the folder.</summary>
    /// <param name="path">Folder; made (0700) when it is missing and keys may be made.</param>
    /// <param name="mayMake">True where a missing key is made: an embedded store, or <c>--init-keys</c>. A cluster that lost its keys must not go on with new ones unasked.</param>
    /// <exception cref="KeyFolderException">The folder is missing, or open to other accounts.</exception>
    public static KeyFolder Open(string path, bool mayMake)
    {
        if (!Directory.Exists(path))
        {
            if (!mayMake) throw new KeyFolderException($"The key folder {path} does not exist. Bring the keys of this installation, or make new ones with --init-keys when it is new.");
            if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
            else Directory.CreateDirectory(path, FolderMode);
        }
        RefuseOpen(path, "folder");
        return new KeyFolder(path, mayMake);
    }

    /// <summary>The keys of a use with 32 bytes each.</summary>
    /// <exception cref="KeyFolderException">There is none and none may be made; or a file is open to others or has another length.</exception>
    public KeyRing Secrets(string use)
    {
        var ring = Ring(use, static () => RandomNumberGenerator.GetBytes(32));
        foreach (var path in Files(use))
            if (new FileInfo(path).Length != 32) throw new KeyFolderException($"The key file {path} does not hold 32 bytes.");
        return ring;
    }

    /// <summary>The signing keys of a use: P-256, PKCS#8.</summary>
    /// <exception cref="KeyFolderException">There is none and none may be made; or a file is open to others.</exception>
    public KeyRing Signing(string use) => Ring(use, static () =>
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportPkcs8PrivateKey();
    });

    private KeyRing Ring(string use, Func<byte[]> make)
    {
        if (Files(use).Length == 0)
        {
            if (!_mayMake) throw new KeyFolderException($"There is no key {use}-… in {_path}. Bring the keys of this installation, or make new ones with --init-keys when it is new.");
            using var mine = Lock();
            if (Files(use).Length == 0) Write(Path.Combine(_path, use + "-1"), make());
        }
        return new KeyRing(Files(use).Select(Read));
    }

    private string[] Files(string use) => [.. Directory.GetFiles(_path, use + "-*").Order(StringComparer.Ordinal)];

    private static SecretKey Read(string path)
    {
        RefuseOpen(path, "key file");
        var name = Path.GetFileName(path);
        var id = name[(name.IndexOf('-', StringComparison.Ordinal) + 1)..];
        if (id.Length is 0 or > 32 || !id.All(char.IsAsciiLetterOrDigit)) throw new KeyFolderException($"The key file {path} has no id of letters and digits after its dash.");
        return new SecretKey(id, ImmutableArray.Create(File.ReadAllBytes(path)));
    }

    // One maker at a time: a move that must not overwrite looks first and moves then, so two processes that start together would each keep a key of their own.
    private FileStream Lock()
    {
        using var never = new ManualResetEventSlim();   // start-up is synchronous: nothing to await, nothing else to do
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return new FileStream(Path.Combine(_path, LockName), Options(FileMode.OpenOrCreate));
            }
            catch (IOException) when (attempt < LockAttempts)
            {
                never.Wait(LockPause);
            }
            catch (IOException e)
            {
                throw new KeyFolderException($"Another process has been making keys in {_path} for {LockAttempts * LockPause.TotalSeconds:0} s ({e.Message}). End it, then start again.");
            }
        }
    }

    // Complete before it has its name: a process that is killed here leaves no half a key behind.
    private static void Write(string path, byte[] bytes)
    {
        var draft = Path.Combine(Path.GetDirectoryName(path)!, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}");
        using (var file = new FileStream(draft, Options(FileMode.CreateNew)))
        {
            file.Write(bytes);
            file.Flush(flushToDisk: true);
        }
        File.Move(draft, path, overwrite: false);
    }

    private static FileStreamOptions Options(FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = FileModeOfKeys;
        return options;
    }

    private static void RefuseOpen(string path, string what)
    {
        if (OperatingSystem.IsWindows()) return;
        if ((File.GetUnixFileMode(path) & Others) != UnixFileMode.None)
            throw new KeyFolderException($"The {what} {path} can be used by other accounts. Only its owner may: chmod go-rwx.");
    }
}

/// <summary>Keys are missing, damaged or open to others: the product does not start. The message is for the operator.</summary>
public sealed class KeyFolderException(string message) : Exception(message);
