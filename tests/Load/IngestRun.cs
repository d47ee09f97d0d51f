using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Forge.Testing.RemoteWrite;

namespace Forge.Load;

/// <summary>What to send.</summary>
/// <param name="Url">Product, loopback.</param>
/// <param name="Keys">Ingest keys; connections take turns, because limits are per key.</param>
/// <param name="Organizations">Organizations to write for.</param>
/// <param name="Series">Series per organization, a multiple of 12.</param>
/// <param name="Batch">Samples per request.</param>
/// <param name="Seconds">Length of the run.</param>
/// <param name="Rate">Samples per second over all connections; null = as fast as it is answered.</param>
/// <param name="Connections">Requests in flight.</param>
/// <param name="StepSeconds">Data time between two scrapes.</param>
public sealed record IngestPlan(
    Uri Url, ImmutableArray<string> Keys, ImmutableArray<string> Organizations, int Series, int Batch, int Seconds, int? Rate, int Connections, int StepSeconds);

/// <summary>
/// Writes scrapes of many organizations. Data time starts 5 h 50 min ago and moves on with every scrape, so that the sender is not bound to the wall clock;
/// each run is a new instance, so earlier runs do not make its samples late.
/// </summary>
public sealed class IngestRun(IngestPlan plan, TimeProvider clock)
{
    private static readonly int[] Statuses = [200, 503, 201, 204, 301, 302, 400, 404, 422, 429, 500, 502];
    private readonly ConcurrentBag<double> _milliseconds = [];
    private readonly ConcurrentDictionary<int, int> _answers = new();
    private long _samples;
    private string? _firstRefusal;

    /// <summary>Most series per organization this tool can make.</summary>
    public static int MaxSeries => Statuses.Length * RequestHistogram.SeriesPerStatus;

    /// <summary>Sends for the planned time and prints the figures. Returns false when anything but 2xx and 429 was answered.</summary>
    public async Task<bool> RunAsync(int? productPid, TextWriter output, CancellationToken cancellation)
    {
        var before = productPid is { } pid ? ProcessFigures.Read(pid) : null;
        var ownBefore = ProcessFigures.Read(Environment.ProcessId);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        stop.CancelAfter(TimeSpan.FromSeconds(plan.Seconds));
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, MaxConnectionsPerServer = plan.Connections }) { Timeout = TimeSpan.FromSeconds(30) };
        var instance = "load-" + clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var started = Stopwatch.GetTimestamp();
        var ends = await Task.WhenAll(Shares().Select((share, i) => SendAsync(
            new RemoteWriteClient(http, new Uri(plan.Url, RemoteWriteClient.Path), plan.Keys[i % plan.Keys.Length]), share, instance, started, stop.Token)));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;

        output.WriteLine($"organizations       {plan.Organizations.Length} x {plan.Series} series, {plan.Batch} samples a request, {plan.Connections} connections");
        output.WriteLine($"samples acknowledged {_samples} in {seconds:F1} s = {_samples / seconds:F0} samples/s");
        output.WriteLine($"request latency     {Percentiles.Line(_milliseconds)}");
        output.WriteLine($"answers             {string.Join(", ", _answers.OrderBy(a => a.Key).Select(a => $"{a.Key}: {a.Value}"))}");
        if (_firstRefusal is not null) output.WriteLine($"first refusal       {_firstRefusal}");
        if (ends.Any(e => !e)) output.WriteLine("note                data time reached the present before the run was over; use more organizations or a smaller --step");
        if (before is not null && productPid is { } p)
        {
            var after = ProcessFigures.Read(p);
            var cpu = after.CpuSeconds - before.CpuSeconds;
            output.WriteLine($"product CPU         {cpu:F2} s" + (_samples > 0 ? $" = {cpu / _samples * 1e6:F2} CPU-seconds per million samples" : ""));
            output.WriteLine($"product memory      {after.ResidentMiB:F0} MiB resident, {after.PeakMiB:F0} MiB at most");
        }
        output.WriteLine($"sender CPU          {ProcessFigures.Read(Environment.ProcessId).CpuSeconds - ownBefore.CpuSeconds:F2} s");
        return _samples > 0 && _answers.Keys.All(status => status is (>= 200 and < 300) or 429);
    }

    // Each connection owns its organizations, so that the samples of one organization stay in order.
    private IEnumerable<ImmutableArray<string>> Shares() =>
        Enumerable.Range(0, plan.Connections)
            .Select(c => plan.Organizations.Where((_, i) => i % plan.Connections == c).ToImmutableArray())
            .Where(share => share.Length > 0);

    private async Task<bool> SendAsync(RemoteWriteClient client, ImmutableArray<string> organizations, string instance, long started, CancellationToken cancellation)
    {
        var statuses = Statuses.AsSpan(0, plan.Series / RequestHistogram.SeriesPerStatus).ToArray();
        var services = organizations.Select(id => new RequestHistogram(id, instance, "load", statuses)).ToArray();
        var share = plan.Rate * ((double)organizations.Length / plan.Organizations.Length);
        var request = new WriteRequest();
        var sent = 0L;
        var atMs = clock.GetUtcNow().AddHours(-5).AddMinutes(-50).ToUnixTimeMilliseconds();
        try
        {
            for (; atMs <= clock.GetUtcNow().ToUnixTimeMilliseconds(); atMs += plan.StepSeconds * 1000L)
            {
                foreach (var service in services)
                {
                    foreach (var status in statuses) service.Observe(status, status == 200 ? 500 : status >= 500 ? 1 : 5, status == 200 ? 0.03 : 0.2);
                    service.Scrape(request, atMs);
                    if (request.Samples < plan.Batch && service != services[^1]) continue;
                    sent += request.Samples;
                    await SendUntilTakenAsync(client, request, cancellation);
                    if (share is not { } rate) continue;
                    var ahead = TimeSpan.FromSeconds(sent / rate) - Stopwatch.GetElapsedTime(started);
                    if (ahead > TimeSpan.FromMilliseconds(1)) await Task.Delay(ahead, clock, cancellation);
                }
            }
            return false;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return true;
        }
    }

    private async Task SendUntilTakenAsync(RemoteWriteClient client, WriteRequest request, CancellationToken cancellation)
    {
        var body = request.ToBody();
        while (true)
        {
            var answer = await client.SendAsync(body, cancellation);
            _answers.AddOrUpdate((int)answer.Status, 1, (_, n) => n + 1);
            if ((int)answer.Status is 429 or 503)
            {
                await Task.Delay(answer.RetryAfter ?? TimeSpan.FromSeconds(1), clock, cancellation);
                continue;
            }
            _milliseconds.Add(answer.Elapsed.TotalMilliseconds);
            if (answer.Accepted) Interlocked.Add(ref _samples, request.Samples);
            else Interlocked.CompareExchange(ref _firstRefusal, $"{(int)answer.Status} {answer.Body}", null);
            request.Clear();
            return;
        }
    }
}
