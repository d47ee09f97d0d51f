using System.Diagnostics;
using System.Globalization;
using Forge.Domain.Live;
using Forge.Domain.Sla;
using Forge.Testing.RemoteWrite;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;

namespace Forge.Load;

/// <summary>Names of the live hub's members, as the web API has them.</summary>
public static class LiveHubContract
{
    /// <summary>Path.</summary>
    public const string Path = "/hubs/live";

    /// <summary>Starts or resumes: (node epoch or null, last sequence or 0) -> <see cref="LiveStart"/>.</summary>
    public const string Start = "Start";

    /// <summary>Carries a <see cref="LiveFrame"/>.</summary>
    public const string Frame = "frame";

    /// <summary>
    /// Waits until the product serves a board: then every organization has been woken once. A product that has just started does that work beside whatever is sent to it, and it is not what is measured.
    /// </summary>
    public static async Task WaitForBoardAsync(ProductSession session, TimeProvider clock, CancellationToken cancellation)
    {
        await using var hub = session.Hub(Path);
        await hub.StartAsync(cancellation);
        for (var tries = 0; ; tries++)
        {
            try
            {
                await hub.InvokeAsync<LiveStart>(Start, (string?)null, 0L, cancellation);
                return;
            }
            catch (HubException e) when (tries < 20)
            {
                // board_not_ready comes after the server has waited 15 s itself
                await Console.Error.WriteLineAsync($"still waiting for the board: {e.Message}");
                await Task.Delay(TimeSpan.FromMilliseconds(100), clock, cancellation);
            }
        }
    }
}

/// <summary>
/// Breaks one organization's uptime promise again and again and measures, on the monotonic clock of this process, from the last byte of the batch that
/// makes the breach certain to the hub frame that carries the committed open violation. Data time moves freely through the last six hours.
/// </summary>
public sealed class DetectRun(ProductSession session, Uri url, string key, string organizationId, TimeProvider clock)
{
    private const int SlotMs = 10_000;
    private const int GoodSlots = 13;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly LiveBoard _board = new();
    private readonly Lock _gate = new();
    private Func<SlaTile, bool>? _wanted;
    private TaskCompletionSource<long>? _seen;

    /// <summary>Most rounds that fit into the six hours the product accepts: 13 good and 3 bad slots each.</summary>
    public const int MaxRounds = 120;

    /// <summary>Runs the rounds and returns the milliseconds of each.</summary>
    public async Task<IReadOnlyList<double>> RunAsync(int rounds, TextWriter output, CancellationToken cancellation)
    {
        await using var hub = session.Hub(LiveHubContract.Path);
        hub.On<LiveFrame>(LiveHubContract.Frame, frame => Take(frame.Deltas, Stopwatch.GetTimestamp()));
        await hub.StartAsync(cancellation);
        var start = await hub.InvokeAsync<LiveStart>(LiveHubContract.Start, (string?)null, 0L, cancellation);
        if (start.Snapshot is { } snapshot) Take(snapshot.Things, Stopwatch.GetTimestamp());

        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var client = new RemoteWriteClient(http, new Uri(url, RemoteWriteClient.Path), key);
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        var atMs = (now - 5 * 3_600_000 - 50 * 60_000) / SlotMs * SlotMs;
        var service = new RequestHistogram(organizationId, "detect-" + (now / 1000).ToString(CultureInfo.InvariantCulture), "load", 200, 503);
        var request = new WriteRequest();
        var (milliseconds, commits) = (new List<double>(), new List<double>());
        await SendAsync(client, request, service, atMs, cancellation);
        for (var round = 0; round < rounds; round++)
        {
            var closed = Expect(tile => !IsOpen(tile));
            for (var slot = 0; slot < GoodSlots; slot++) await SlotAsync(client, request, service, 200, atMs += SlotMs, cancellation);
            await closed.WaitAsync(Patience, cancellation);

            var opened = Expect(IsOpen);
            for (var slot = 0; slot < 2; slot++) await SlotAsync(client, request, service, 503, atMs += SlotMs, cancellation);
            if (opened.IsCompleted) throw new InvalidOperationException($"Round {round}: the violation was open after two bad slots; the terms of {organizationId} are not the default ones.");
            var proof = await SlotAsync(client, request, service, 503, atMs += SlotMs, cancellation);
            var seenAt = await WaitAsync(opened, round, cancellation);
            milliseconds.Add(Stopwatch.GetElapsedTime(proof.Answer.WrittenAt, seenAt).TotalMilliseconds);
            // Answer and frame both follow the commit, so the earlier of the two bounds it; an answer may also have waited for a checkpoint.
            commits.Add(Stopwatch.GetElapsedTime(proof.Answer.WrittenAt, Math.Min(seenAt, proof.At)).TotalMilliseconds);
        }
        output.WriteLine($"committed within    {Percentiles.Line(commits)}");
        output.WriteLine($"seen at the hub     {Percentiles.Line(milliseconds)}");
        return milliseconds;
    }

    private static bool IsOpen(SlaTile tile) => tile.Open.Any(v => v is { Metric: SlaMetricType.UPTIME, Pending: false });

    private static async Task<long> WaitAsync(Task<long> opened, int round, CancellationToken cancellation)
    {
        try
        {
            return await opened.WaitAsync(Patience, cancellation);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"Round {round}: three bad slots were acknowledged, but no frame carried the open violation within {Patience.TotalSeconds} s.", e);
        }
    }

    private static async Task<(RemoteWriteAnswer Answer, long At)> SlotAsync(RemoteWriteClient client, WriteRequest request, RequestHistogram service, int status, long atMs, CancellationToken cancellation)
    {
        service.Observe(status, 100, 0.03);
        return await SendAsync(client, request, service, atMs, cancellation);
    }

    private static async Task<(RemoteWriteAnswer Answer, long At)> SendAsync(RemoteWriteClient client, WriteRequest request, RequestHistogram service, long atMs, CancellationToken cancellation)
    {
        request.Clear();
        service.Scrape(request, atMs);
        var answer = await client.SendAsync(request.ToBody(), cancellation);
        return answer.Accepted ? (answer, Stopwatch.GetTimestamp()) : throw new InvalidOperationException($"The batch was refused: {(int)answer.Status} {answer.Body}");
    }

    private Task<long> Expect(Func<SlaTile, bool> wanted)
    {
        lock (_gate)
        {
            _seen = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            _wanted = wanted;
            if (_board.Tile(organizationId) is { } tile && wanted(tile)) _seen.TrySetResult(Stopwatch.GetTimestamp());
            return _seen.Task;
        }
    }

    private void Take(IEnumerable<LiveDelta> deltas, long at)
    {
        lock (_gate)
        {
            foreach (var delta in deltas) _board.Apply(delta);
            if (_wanted is { } wanted && _board.Tile(organizationId) is { } tile && wanted(tile)) _seen?.TrySetResult(at);
        }
    }
}
