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
    public static string Program(string name, string package)
    {
        foreach (var folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator))
            if (File.Exists(Path.Combine(folder, name))) return Path.Combine(folder, name);
        throw new InvalidOperationException($"The program {name} is missing: install Debian's package {package} (eng/test.sh does).");
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Forge.Orleans.sln"))) return folder.FullName;
        throw new InvalidOperationException($"No Forge.Orleans.sln above {AppContext.BaseDirectory}.");
    }
}
