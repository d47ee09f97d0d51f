using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Forge.Testing;

/// <summary>
/// A throw-away PostgreSQL server in a temporary folder, on a free loopback port, trusting loopback only. Usable as an xunit fixture (assembly, collection or class): it starts with the
/// first database that is asked for. Machines without initdb and pg_ctl fail the test: evidence that was not gathered is not evidence.
/// </summary>
public sealed class PostgresCluster : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly SemaphoreSlim _starting = new(1, 1);
    private string? _bin;
    private string? _folder;
    private int _port;
    private int _databases;

    /// <summary>Port of the server; 0 before the first database.</summary>
    public int Port => _port;

    /// <summary>Makes an empty database and answers its connection string.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        await StartAsync();
        var name = string.Create(CultureInfo.InvariantCulture, $"forge_{Interlocked.Increment(ref _databases)}");
        await using var source = NpgsqlDataSource.Create(ConnectionString("postgres"));
        await using var command = source.CreateCommand("CREATE DATABASE " + name);
        await command.ExecuteNonQueryAsync();
        return ConnectionString(name);
    }

    /// <summary>Ends the server as a crash does: no checkpoint, connections cut, the next start recovers.</summary>
    public Task CrashAsync() => RunAsync("pg_ctl", ["-D", Path.Combine(_folder!, "data"), "-m", "immediate", "-w", "stop"]);

    /// <summary>kill -9 of the postmaster.</summary>
    public async Task KillAsync()
    {
        var id = int.Parse(File.ReadLines(Path.Combine(_folder!, "data", "postmaster.pid")).First(), CultureInfo.InvariantCulture);
        using var postmaster = Process.GetProcessById(id);
        postmaster.Kill();
        await postmaster.WaitForExitAsync();
    }

    /// <summary>Starts the server again after <see cref="CrashAsync"/> or <see cref="KillAsync"/>, on the same port and data.</summary>
    public async Task StartAgainAsync()
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await LaunchAsync(_folder!);
                return;
            }
            catch (InvalidOperationException) when (tries < 20)
            {
                // Children of a killed postmaster hold its shared memory until they notice.
                await Task.Delay(TimeSpan.FromMilliseconds(500));
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= StopAtExit;
        if (_folder is { } folder)
        {
            NpgsqlConnection.ClearAllPools();
            try
            {
                await CrashAsync();
            }
            catch (InvalidOperationException)
            {
                // A test that ended it and failed before it started it again: that failure is the one to be told.
            }
            Directory.Delete(folder, recursive: true);
            _folder = null;
        }
        _starting.Dispose();
    }

    /// <summary>The folder with PostgreSQL's server programs, or null.</summary>
    public static string? FindBinaries()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).ToList();
        foreach (var root in new[] { "/usr/lib/postgresql", "/usr/local/pgsql", "/opt/homebrew/opt" })
        {
            if (!Directory.Exists(root)) continue;
            folders.AddRange(Directory.GetDirectories(root).Order(StringComparer.Ordinal).Reverse().Select(version => Path.Combine(version, "bin")));
        }
        return folders.FirstOrDefault(f => File.Exists(Path.Combine(f, "initdb")) && File.Exists(Path.Combine(f, "pg_ctl")));
    }

    private string ConnectionString(string database) =>
        new NpgsqlConnectionStringBuilder { Host = "127.0.0.1", Port = _port, Username = "postgres", Database = database, MaxPoolSize = 20, IncludeErrorDetail = true }.ToString();

    private async Task StartAsync()
    {
        await _starting.WaitAsync();
        try
        {
            if (_folder is not null) return;
            _bin = FindBinaries() ?? throw new InvalidOperationException("PostgreSQL's initdb and pg_ctl were found neither on PATH nor under /usr/lib/postgresql/*/bin. Install the PostgreSQL 15+ server to run this test.");
            var folder = Directory.CreateTempSubdirectory("forge-pg-").FullName;
            if (Environment.IsPrivilegedProcess) await RunProcessAsync("chown", ["postgres", folder]);
            var data = Path.Combine(folder, "data");
            await RunAsync("initdb", ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
            _port = FreePort();
            await LaunchAsync(folder);
            _folder = folder;
            AppDomain.CurrentDomain.ProcessExit += StopAtExit;
        }
        finally
        {
            _starting.Release();
        }
    }

    // No durability against a dead machine: the server lives as long as the tests do.
    private Task LaunchAsync(string folder)
    {
        var settings = string.Create(CultureInfo.InvariantCulture, $"-p {_port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c max_connections=300");
        return RunAsync("pg_ctl", ["-D", Path.Combine(folder, "data"), "-l", Path.Combine(folder, "log"), "-o", settings, "-w", "-t", "30", "start"]);
    }

    private void StopAtExit(object? sender, EventArgs e)
    {
        if (_folder is { } folder) RunAsync("pg_ctl", ["-D", Path.Combine(folder, "data"), "-m", "immediate", "stop"]).Wait(Patience);
    }

    /// <summary>PostgreSQL refuses to run as root: there its programs run as the user postgres.</summary>
    private Task RunAsync(string program, string[] arguments)
    {
        var path = Path.Combine(_bin!, program);
        return Environment.IsPrivilegedProcess ? RunProcessAsync("runuser", ["-u", "postgres", "--", path, .. arguments]) : RunProcessAsync(path, arguments);
    }

    private static async Task RunProcessAsync(string program, string[] arguments)
    {
        using var process = new Process { StartInfo = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" } };
        process.Start();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(Patience);
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await output}{await errors}");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
