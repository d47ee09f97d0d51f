using System.Net;
using System.Net.Sockets;

namespace Forge.EndToEnd.Tests.Harness;

/// <summary>Places and ports of a test run.</summary>
internal static class Repository
{
    /// <summary>The folder of Forge.Orleans.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>A fresh folder below the system's temporary one.</summary>
    public static string TemporaryFolder(string purpose) => Directory.CreateTempSubdirectory($"forge-{purpose}-").FullName;

    /// <summary>A loopback port that was free a moment ago.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Path of a program, or a failure that says what to install.</summary>
    public static string Program(string name, string package) =>
        Find(name) ?? throw new InvalidOperationException($"The program {name} is missing: install Debian's package {package} (eng/test.sh does).");

    /// <summary>Path of a program, or null.</summary>
    public static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Forge.Orleans.sln"))) return folder.FullName;
        throw new InvalidOperationException($"No Forge.Orleans.sln above {AppContext.BaseDirectory}.");
    }
}
