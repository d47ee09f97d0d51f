namespace Forge.WebApi.Identity;

/// <summary>Files only the operator's own account may read (0600 where the system has modes).</summary>
public static class PrivateFile
{
    /// <summary>Makes an empty private file when there is none.</summary>
    public static void Touch(string path)
    {
        using var _ = new FileStream(path, Options(FileMode.OpenOrCreate));
    }

    /// <summary>Writes a private file anew: whoever had the old one open does not see the new text.</summary>
    public static async Task WriteAsync(string path, string text, CancellationToken cancellation = default)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        File.Delete(path);
        await using var stream = new FileStream(path, Options(FileMode.CreateNew));
        await using var writer = new StreamWriter(stream);
        await writer.WriteAsync(text.AsMemory(), cancellation);
    }

    private static FileStreamOptions Options(FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }
}
