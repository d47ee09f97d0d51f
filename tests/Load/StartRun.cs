using System.Diagnostics;
using System.Globalization;

namespace Forge.Load;

/// <summary>From the start of the product's process to the first sample it acknowledges.</summary>
public sealed class StartRun(string product, string data, Uri url, string key, string organizationId, TimeProvider clock)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(20);

    /// <summary>Starts, measures and stops the product so many times; answers the seconds of each.</summary>
    public async Task<IReadOnlyList<double>> RunAsync(int rounds, TextWriter output, CancellationToken cancellation)
    {
        var seconds = new List<double>();
        for (var round = 0; round < rounds; round++) seconds.Add(await OnceAsync(round, cancellation));
        await output.WriteLineAsync($"start               to the first acknowledged sample: {string.Join(", ", seconds.Select(s => s.ToString("F2", CultureInfo.InvariantCulture)))} s");
        return seconds;
    }

    private async Task<double> OnceAsync(int round, CancellationToken cancellation)
    {
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        var body = new RemoteWriteLane(0, [organizationId], $"start-{now}-{round}", 24).Next(now).Bytes;
        var receiver = new Target(TargetKind.Forge, url, [key], 1, null).RemoteWrite();
        var started = Stopwatch.GetTimestamp();
        using var process = Process.Start(new ProcessStartInfo("dotnet", [product, "--urls", url.GetLeftPart(UriPartial.Authority), "--data", data]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })
            ?? throw new InvalidOperationException("The product did not start.");
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            while (Stopwatch.GetElapsedTime(started) < Patience)
            {
                if (process.HasExited) throw new InvalidOperationException($"The product ended with {process.ExitCode}.");
                if (Accepted(receiver, body)) return Stopwatch.GetElapsedTime(started).TotalSeconds;
                await Task.Delay(Between, clock, cancellation);
            }
            throw new TimeoutException($"No sample was accepted within {Patience.TotalSeconds} s.");
        }
        finally
        {
            using var end = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
            if (!process.WaitForExit(TimeSpan.FromSeconds(30))) process.Kill(entireProcessTree: true);
        }
    }

    private static bool Accepted(Receiver receiver, byte[] body)
    {
        try
        {
            using var pipe = receiver.Open(0);
            return pipe.Post(body).Accepted;
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            return false;   // it does not listen yet
        }
    }
}
