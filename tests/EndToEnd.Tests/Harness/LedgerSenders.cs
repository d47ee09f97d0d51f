using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Forge.Testing.RemoteWrite;

namespace Forge.EndToEnd.Tests.Harness;

/// <summary>A sender that keeps its own ledger of what was acknowledged. Scrapes are 10 s of data apart and sent as fast as they are answered: a sender that catches up.</summary>
internal abstract class LedgerSender(string organizationId, DateTimeOffset first, Random random)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);   // of an interval
    private bool _started;

    /// <summary>Distance of two scrapes in data time.</summary>
    public static TimeSpan Step { get; } = TimeSpan.FromSeconds(10);

    /// <summary>Whose telemetry it is.</summary>
    public string OrganizationId => organizationId;

    /// <summary>Requests counted by the sender.</summary>
    public long Total { get; protected set; }

    /// <summary>Bad ones of them.</summary>
    public long Bad { get; protected set; }

    /// <summary>How often it was told to wait since <see cref="ForgetRefusals"/>.</summary>
    public int Refusals { get; private set; }

    /// <summary>How often a batch is sent before the sender gives up.</summary>
    public int MostTries { get; init; } = 30;

    /// <summary>Scrapes now instead of a <see cref="Step"/> after the last one: a sender that keeps up.</summary>
    public TimeProvider? Clock { get; init; }

    /// <summary>Time of the newest scrape.</summary>
    protected DateTimeOffset At { get; private set; } = first;

    /// <summary>Time of the scrape before it.</summary>
    protected DateTimeOffset Before { get; private set; } = first - Step;

    /// <summary>Counts a slot's traffic (none before the first) and sends it; returns when it is acknowledged.</summary>
    public async Task ScrapeAsync(bool failing)
    {
        if (_started)
        {
            (Before, At) = (At, Clock is null ? At + Step : Later(Clock.GetUtcNow(), At + Shortest));
            Count(random.Next(100, 200), failing ? random.Next(200, 300) : 0);
        }
        _started = true;
        await RetryAsync();
    }

    /// <summary>Counts refusals from zero.</summary>
    public void ForgetRefusals() => Refusals = 0;

    /// <summary>Sends the newest batch (again), waiting out 429 and 503 as Prometheus does; any other refusal is a failure.</summary>
    public async Task RetryAsync()
    {
        for (var tries = 1; ; tries++)
        {
            var (status, text, wait) = await SendAsync();
            if (status is >= 200 and < 300) return;
            Refusals++;
            Assert.True(status is 429 or 503 && tries < MostTries, $"Try {tries}: the product answered {status}: {text}");
            await Task.Delay(wait ?? TimeSpan.FromSeconds(1));
        }
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    /// <summary>Makes the next batch.</summary>
    protected abstract void Count(long good, long bad);

    /// <summary>Sends the newest batch once.</summary>
    protected abstract Task<(int Status, string Text, TimeSpan? Wait)> SendAsync();
}

/// <summary>Cumulative counters by remote-write, as Prometheus sends them.</summary>
internal sealed class CounterSender(HttpClient http, Uri product, string key, string organizationId, DateTimeOffset first, Random random) : LedgerSender(organizationId, first, random)
{
    private readonly RemoteWriteClient _client = new(http, new Uri(product, RemoteWriteClient.Path), key);
    private readonly RequestHistogram _service = new(organizationId, "crash:1", "crash", 200, 503);

    protected override void Count(long good, long bad)
    {
        _service.Observe(200, good, 0.03);
        if (bad > 0) _service.Observe(503, bad, 0.03);
        (Total, Bad) = (_service.Total, _service.Bad);
    }

    protected override async Task<(int Status, string Text, TimeSpan? Wait)> SendAsync()
    {
        var request = new WriteRequest();
        _service.Scrape(request, At.ToUnixTimeMilliseconds());
        var answer = await _client.SendAsync(request.ToBody());
        return ((int)answer.Status, answer.Body, answer.RetryAfter);
    }
}

/// <summary>Delta intervals by the JSON batch, every batch under its own id.</summary>
internal sealed class DeltaSender(HttpClient http, Uri product, string key, string organizationId, DateTimeOffset first, Random random) : LedgerSender(organizationId, first, random)
{
    private (long Good, long Bad) _newest;
    private int _number;

    protected override void Count(long good, long bad)
    {
        _newest = (good, bad);
        _number++;
        (Total, Bad) = (Total + good + bad, Bad + bad);
    }

    protected override async Task<(int Status, string Text, TimeSpan? Wait)> SendAsync()
    {
        var (from, to) = (Before.ToUnixTimeMilliseconds(), At.ToUnixTimeMilliseconds());
        var body = string.Create(CultureInfo.InvariantCulture,
            $$"""{"batchId":"{{OrganizationId}}-{{_number}}","intervals":[{"organizationId":"{{OrganizationId}}","source":"crash","from":{{from}},"to":{{to}},"total":{{_newest.Good + _newest.Bad}},"bad":{{_newest.Bad}}}]}""");
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(product, "/api/ingest/metrics")) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var answer = await http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(!answer.IsSuccessStatusCode || text.Contains("\"refused\":{}", StringComparison.Ordinal), $"An interval was refused: {text}");
        return ((int)answer.StatusCode, text, answer.Headers.RetryAfter?.Delta);
    }
}
