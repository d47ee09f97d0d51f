using System.Diagnostics;

namespace Forge.Load;

/// <summary>
/// Many wallboards at once: how late deltas arrive (from the instant the server computed a tile to its receipt here, coalescing included), what that costs the server, and what each client costs in memory.
/// </summary>
/// <param name="session">Signed-in person; every wallboard uses this session.</param>
/// <param name="url">Product.</param>
/// <param name="changes">Sends tiles that change, until cancelled.</param>
/// <param name="clock">Clock; the server runs on this machine and has the same.</param>
public sealed class SwarmRun(ProductSession session, Uri url, Func<CancellationToken, SendResult> changes, TimeProvider clock)
{
    private const int ConnectAtOnce = 16;
    private static readonly TimeSpan PingEvery = TimeSpan.FromSeconds(10);

    /// <summary>Runs: changes alone for a while, then with <paramref name="clients"/> wallboards for <paramref name="seconds"/>. True when every client stayed and saw changes.</summary>
    public async Task<bool> RunAsync(int clients, int seconds, int pid, TextWriter output, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var sending = Task.Factory.StartNew(() => changes(stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await Task.Delay(TimeSpan.FromSeconds(10), clock, cancellation);   // first samples wait for a checkpoint; compiled code takes over
        var alone = await CoresAsync(pid, TimeSpan.FromSeconds(Math.Min(10, seconds)), cancellation);
        var before = ProcessFigures.Read(pid);

        var times = new Histogram();
        var sockets = Enumerable.Range(0, clients).Select(_ => new LiveSocket(session.Cookies, url, clock, times.Add)).ToList();
        try
        {
            var (connecting, starts) = (Stopwatch.GetTimestamp(), new Histogram());
            await Parallel.ForEachAsync(sockets, new ParallelOptions { MaxDegreeOfParallelism = ConnectAtOnce, CancellationToken = cancellation }, async (socket, c) =>
            {
                await socket.ConnectAsync(url, c);
                starts.Add((await socket.StartAsync(c)).Milliseconds);
            });
            await output.WriteLineAsync($"connected           {clients} wallboards in {Stopwatch.GetElapsedTime(connecting).TotalSeconds:F1} s; first board {starts.Line()}");
            var listening = sockets.Select(s => s.ListenAsync(stop.Token)).ToList();
            _ = PingAsync(sockets, stop.Token);
            await Task.Delay(TimeSpan.FromSeconds(3), clock, cancellation);

            times.Clear();
            var (received, own) = (sockets.Sum(s => s.Received), ProcessFigures.Read(Environment.ProcessId));
            var cores = await CoresAsync(pid, TimeSpan.FromSeconds(seconds), cancellation);
            var after = ProcessFigures.Read(pid);
            var lost = listening.Count(l => l.IsCompleted);
            await output.WriteLineAsync($"deltas              {times.Line()}; {times.Count / (double)clients / seconds:F0} a second and wallboard");
            await output.WriteLineAsync($"server CPU          {cores:F2} cores with the wallboards, {alone:F2} without");
            await output.WriteLineAsync($"server memory       {after.ResidentMiB:F0} MiB, {before.ResidentMiB:F0} MiB before: {(after.ResidentMiB - before.ResidentMiB) * 1024 / clients:F0} KiB a wallboard");
            await output.WriteLineAsync($"network             {(sockets.Sum(s => s.Received) - received) / 1e6 / seconds:F1} MB/s; this process {(ProcessFigures.Read(Environment.ProcessId).CpuSeconds - own.CpuSeconds) / seconds:F2} cores");
            if (lost > 0) await output.WriteLineAsync($"lost                {lost} wallboards: {listening.First(l => l.IsCompleted).Exception?.GetBaseException().Message ?? "ended"}");
            await stop.CancelAsync();
            var sent = await sending;
            await output.WriteLineAsync($"changes             {sent.Samples / 24.0 / sent.Seconds:F0} tiles a second were asked to change");
            if (sent.FirstRefusal is { } refusal) await output.WriteLineAsync($"refused             {refusal}");
            return lost == 0 && times.Count > 0 && sent.FirstRefusal is null;
        }
        finally
        {
            await stop.CancelAsync();
            foreach (var socket in sockets) socket.Dispose();
        }
    }

    /// <summary>Asks for the whole board again and again on one connection and prints how long it took.</summary>
    public static async Task SnapshotAsync(ProductSession session, Uri url, int rounds, TimeProvider clock, TextWriter output, CancellationToken cancellation)
    {
        using var socket = new LiveSocket(session.Cookies, url, clock, null);
        await socket.ConnectAsync(url, cancellation);
        var (times, bytes) = (new List<double>(), 0L);
        for (var i = 0; i < 5 + rounds; i++)
        {
            var (ms, size) = await socket.StartAsync(cancellation);
            if (i >= 5) times.Add(ms);   // the first ones compile
            bytes = size;
        }
        await output.WriteLineAsync($"snapshot            {Percentiles.Line(times)}, {bytes / 1024.0:F0} KiB");
    }

    private async Task<double> CoresAsync(int pid, TimeSpan length, CancellationToken cancellation)
    {
        var (at, cpu) = (Stopwatch.GetTimestamp(), ProcessFigures.Read(pid).CpuSeconds);
        await Task.Delay(length, clock, cancellation);
        return (ProcessFigures.Read(pid).CpuSeconds - cpu) / Stopwatch.GetElapsedTime(at).TotalSeconds;
    }

    private async Task PingAsync(List<LiveSocket> sockets, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(PingEvery, clock);
        while (await timer.WaitForNextTickAsync(stop).AsTask().ContinueWith(t => t.IsCompletedSuccessfully && t.Result, TaskScheduler.Default))
            foreach (var socket in sockets) await socket.PingAsync(stop);
    }
}
