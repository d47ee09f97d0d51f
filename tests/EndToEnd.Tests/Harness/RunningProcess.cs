using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Forge.EndToEnd.Tests.Harness;

/// <summary>A child process with its output. Disposing kills it and what it started.</summary>
internal sealed class RunningProcess : IAsyncDisposable
{
    private const int KeptLines = 2_000;
    private readonly Process _process;
    private readonly Queue<string> _lines = new();
    private readonly string _name;

    private RunningProcess(string name, Process process) => (_name, _process) = (name, process);

    /// <summary>Process id.</summary>
    public int Id => _process.Id;

    /// <summary>True once it ended.</summary>
    public bool Ended => _process.HasExited;

    /// <summary>The last lines it wrote.</summary>
    public string Output
    {
        get
        {
            lock (_lines) return string.Join('\n', _lines);
        }
    }

    /// <summary>Starts a program in a folder.</summary>
    public static RunningProcess Start(string name, string program, IEnumerable<string> arguments, string folder, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        // A product under test must not inherit what the test host set for itself.
        start.Environment.Remove("ASPNETCORE_URLS");
        foreach (var (key, value) in environment) start.Environment[key] = value;
        var process = new Process { StartInfo = start };
        var running = new RunningProcess(name, process);
        process.OutputDataReceived += running.Keep;
        process.ErrorDataReceived += running.Keep;
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return running;
    }

    /// <summary>Runs a program to its end and returns its output; any exit code but 0 is a failure.</summary>
    public static async Task<string> RunAsync(string name, string program, IEnumerable<string> arguments, string folder, TimeSpan within, params (string Name, string Value)[] environment)
    {
        var (code, output) = await EndAsync(name, program, arguments, folder, within, environment);
        return code == 0 ? output : throw new InvalidOperationException($"{name} ended with {code}:\n{output}");
    }

    /// <summary>Runs a program to its end and returns its exit code and output.</summary>
    public static async Task<(int Code, string Output)> EndAsync(string name, string program, IEnumerable<string> arguments, string folder, TimeSpan within, params (string Name, string Value)[] environment)
    {
        await using var running = Start(name, program, arguments, folder, environment);
        using var over = new CancellationTokenSource(within);
        await running._process.WaitForExitAsync(over.Token);
        return (running._process.ExitCode, running.Output);
    }

    /// <summary>The first line that matches, waited for.</summary>
    public Task<Match> LineAsync(Regex pattern, TimeSpan within) => Eventually.GetAsync(
        $"{_name}: a line matching {pattern}", within,
        () =>
        {
            var match = pattern.Match(Output);
            if (!match.Success && Ended) throw new EndedException($"{_name} ended with {_process.ExitCode}:\n{Output}");
            return Task.FromResult(match);
        },
        match => match.Success);

    /// <summary>kill -9, with everything it started.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM, and waits until it ended by itself; one that does not is a failure.</summary>
    public async Task StopAsync(TimeSpan within)
    {
        using var signal = Process.Start(new ProcessStartInfo("kill", ["-TERM", Id.ToString(CultureInfo.InvariantCulture)]))!;
        await signal.WaitForExitAsync();
        using var over = new CancellationTokenSource(within);
        await _process.WaitForExitAsync(over.Token);
    }

    /// <summary>The first process started by this one whose command line contains a text, or null.</summary>
    public int? Child(string text)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id)) continue;
            try
            {
                var stat = File.ReadAllText(folder + "/stat");
                var parent = int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
                if (parent == Id && File.ReadAllText(folder + "/cmdline").Contains(text, StringComparison.Ordinal)) return id;
            }
            catch (IOException)
            {
                // It ended while we looked.
            }
        }
        return null;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is null) return;
        lock (_lines)
        {
            _lines.Enqueue(line.Data);
            if (_lines.Count > KeptLines) _lines.Dequeue();
        }
    }
}

/// <summary>A process ended although it was still needed.</summary>
internal sealed class EndedException(string message) : Exception(message);
