using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Forge.WebApi.Identity;

namespace Forge.Silo.Demo;

/// <summary>What the demonstration's customers send: counts with noise, and an outage of one troubled customer every few minutes.</summary>
public static class DemoTraffic
{
    /// <summary>Bucket bounds in seconds: the defaults of OpenTelemetry's HTTP server histogram.</summary>
    private static readonly double[] Bounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

    private static readonly TimeSpan Cycle = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan OutageFrom = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan OutageTo = TimeSpan.FromSeconds(120);

    /// <summary>Writes the JSON batch of some customers for one interval.</summary>
    /// <param name="batchId">Batch identity.</param>
    /// <param name="intervals">Customers with their intervals.</param>
    public static byte[] Batch(string batchId, IEnumerable<(DemoCustomer Customer, DateTimeOffset From, DateTimeOffset To, bool Live)> intervals)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("batchId", batchId);
            json.WriteStartArray("intervals");
            foreach (var (customer, from, to, live) in intervals) Interval(json, customer, from, to, live);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return stream.ToArray();
    }

    private static void Interval(Utf8JsonWriter json, DemoCustomer customer, DateTimeOffset from, DateTimeOffset to, bool live)
    {
        var random = new Random(HashCode.Combine(customer.Index, to.ToUnixTimeSeconds()));
        var seconds = (to - from).TotalSeconds;
        var wave = 1 + 0.25 * Math.Sin(to.ToUnixTimeSeconds() / 900.0 + customer.Index);
        var total = (long)(customer.RequestsPerSecond * seconds * wave * (0.92 + 0.16 * random.NextDouble()));
        var fault = FaultAt(customer, to, live);
        var badShare = fault switch { Fault.Errors => 0.35 + 0.2 * random.NextDouble(), Fault.Down => 1.0, _ => 0.0006 * random.NextDouble() };
        var bad = Math.Min(total, (long)Math.Round(total * badShare));
        var median = (customer.Terms?.Latency.P99Ms ?? 200) * 0.00018 * (fault == Fault.Slow ? 9 : 1);
        var counts = Latencies(total, median, random);
        json.WriteStartObject();
        json.WriteString("organizationId", customer.Id);
        json.WriteString("source", "demo");
        json.WriteNumber("from", from.ToUnixTimeMilliseconds());
        json.WriteNumber("to", to.ToUnixTimeMilliseconds());
        json.WriteNumber("total", total);
        json.WriteNumber("bad", bad);
        json.WriteStartObject("latency");
        json.WriteString("unit", "s");
        json.WriteStartArray("bounds");
        foreach (var bound in Bounds) json.WriteNumberValue(bound);
        json.WriteEndArray();
        json.WriteStartArray("counts");
        foreach (var count in counts) json.WriteNumberValue(count);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private enum Fault
    {
        None,
        Errors,
        Down,
        Slow,
    }

    /// <summary>One troubled customer at a time fails for 90 s in each cycle of 4 min while the demonstration runs; in the seeded history once in two hours.</summary>
    private static Fault FaultAt(DemoCustomer customer, DateTimeOffset at, bool live)
    {
        var cycle = live ? Cycle : TimeSpan.FromHours(2);
        var number = at.ToUnixTimeSeconds() / (long)cycle.TotalSeconds;
        var into = TimeSpan.FromSeconds(at.ToUnixTimeSeconds() % (long)cycle.TotalSeconds);
        if (customer.TroubleTurn != number % 3 || into <= OutageFrom || into > OutageTo) return Fault.None;
        return ((number / 3 + customer.Index) % 3) switch { 0 => Fault.Errors, 1 => Fault.Down, _ => Fault.Slow };
    }

    /// <summary>Counts per bucket of a log-normal latency with the given median in seconds.</summary>
    private static long[] Latencies(long total, double median, Random random)
    {
        var counts = new long[Bounds.Length + 1];
        var sigma = 0.55 + 0.1 * random.NextDouble();
        var before = 0L;
        for (var i = 0; i < Bounds.Length; i++)
        {
            var upTo = (long)(total * Normal(Math.Log(Bounds[i] / median) / sigma));
            counts[i] = upTo - before;
            before = upTo;
        }
        counts[^1] = total - before;
        return counts;
    }

    /// <summary>Cumulative normal distribution (logistic approximation, error below 0.01; this is only invented traffic).</summary>
    private static double Normal(double z) => 1 / (1 + Math.Exp(-1.5976 * z - 0.07056 * z * z * z));
}

/// <summary>Drives the demonstration through the public ingest endpoint, like any other sender.</summary>
public sealed partial class DemoDriver(IHttpClientFactory clients, IServiceProvider services, DemoSeed seed, DemoAccess access, SiloOptions options, TimeProvider time, ILogger<DemoDriver> log) : BackgroundService
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan OthersEvery = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan History = TimeSpan.FromMinutes(350);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await access.WaitForAddressAsync(stoppingToken);
            await DemoUsers.EnsureAsync(services, options.DataDirectory, stoppingToken);
            LogPeople(log, access.Address, Path.Combine(options.DataDirectory, DemoUsers.FileName));
            await seed.RunAsync(stoppingToken);
            var key = await access.KeyAsync(stoppingToken);
            LogSeeded(log, DemoCatalogue.All.Length);
            var sent = Floor(time.GetUtcNow() - History, TimeSpan.FromMinutes(1));
            // Started again on the same data: going on where it stopped, for what is older than the newest data is refused as too old, and rightly alarms every customer.
            if (await seed.NewestAsync() is { } newest && newest > sent) sent = Floor(newest, Step);
            while (!stoppingToken.IsCancellationRequested)
            {
                var now = time.GetUtcNow();
                var live = now - sent < TimeSpan.FromMinutes(2);
                var width = live ? Step : TimeSpan.FromSeconds(60);
                var until = sent + width;
                if (until > now)
                {
                    await Task.Delay(until - now, time, stoppingToken);
                    continue;
                }
                var parts = live ? 1 : Math.Min(60, (int)((now - sent) / width));
                var batch = Enumerable.Range(0, parts).SelectMany(part => DemoCatalogue.Enterprises.Select(c => (c, sent + part * width, sent + (part + 1) * width, live)));
                if (live && until.ToUnixTimeSeconds() % (long)OthersEvery.TotalSeconds == 0)
                    batch = batch.Concat(DemoCatalogue.All.Where(c => c.Terms is null).Select(c => (c, until - OthersEvery, until, true)));
                await SendAsync(key, DemoTraffic.Batch($"demo-{sent.ToUnixTimeSeconds()}-{parts}", batch), stoppingToken);
                sent += parts * width;
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The product stops.
        }
    }

    private async Task SendAsync(string key, byte[] body, CancellationToken cancellation)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, access.Address + "/api/ingest/metrics") { Content = new ByteArrayContent(body) };
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                using var response = await clients.CreateClient("demo").SendAsync(request, cancellation);
                if (response.IsSuccessStatusCode) return;
                LogRefused(log, (int)response.StatusCode, Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync(cancellation)));
                if ((int)response.StatusCode is not (429 or 503)) return;
            }
            catch (HttpRequestException error)
            {
                LogRefused(log, 0, error.Message);
            }
            if (attempt == 10) return;
            await Task.Delay(TimeSpan.FromSeconds(1), time, cancellation);
        }
    }

    private static DateTimeOffset Floor(DateTimeOffset at, TimeSpan step) => new(at.UtcTicks - at.UtcTicks % step.Ticks, TimeSpan.Zero);

    [LoggerMessage(Level = LogLevel.Information, Message = "Demo: sign in at {Address}; one person per role, with password and authenticator seed, is in {File}")]
    private static partial void LogPeople(ILogger logger, string address, string file);

    [LoggerMessage(Level = LogLevel.Information, Message = "Demo: {Count} customers are there; traffic starts.")]
    private static partial void LogSeeded(ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Demo: the ingest endpoint answered {Status}: {Answer}")]
    private static partial void LogRefused(ILogger logger, int status, string answer);
}
