using System.Collections.Concurrent;
using Forge.Domain;
using Forge.Domain.Contracts;
using Forge.EndToEnd.Tests.Harness;
using Forge.Load;

namespace Forge.EndToEnd.Tests.Faults;

/// <summary>
/// Several organizations that send without a break through whichever web node answers, and keep a ledger of what was acknowledged. Their data is of now.
/// </summary>
internal sealed class ClusterLoad : IAsyncDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(300);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, Gap> _gaps = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> _troubles = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _expected = new(StringComparer.Ordinal);
    private readonly NodeBalancer _balancer;
    private readonly HttpClient _http;
    private readonly List<LedgerSender> _senders = [];
    private Task[] _running = [];

    private ClusterLoad(FaultCluster cluster)
    {
        _balancer = new NodeBalancer([.. cluster.Webs.Select(w => w.Url)]);
        _http = new HttpClient(_balancer) { Timeout = TimeSpan.FromSeconds(10) };
    }

    /// <summary>Whose telemetry is sent.</summary>
    public IEnumerable<string> Organizations => _senders.Select(s => s.OrganizationId);

    /// <summary>Longest time that one organization waited for an acknowledgement since <see cref="Mark"/>.</summary>
    public TimeSpan WorstGap => _gaps.Values.Max(g => g.Worst);

    /// <summary>What went wrong on the way, with counts: every one of it was tried again.</summary>
    public string Troubles => _troubles.IsEmpty ? "none" : string.Join(", ", _troubles.OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => $"{t.Key}: {t.Value}"));

    /// <summary>Number of requests that did not get their acknowledgement at once.</summary>
    public int TroubleCount => _troubles.Values.Sum();

    /// <summary>Makes the organizations, half of them with counters and half with delta intervals, and begins to send.</summary>
    public static async Task<ClusterLoad> StartAsync(FaultCluster cluster, int organizations, int seed)
    {
        var load = new ClusterLoad(cluster);
        var now = TimeProvider.System.GetUtcNow();
        // What is compared are the month's totals.
        Assert.SkipWhen(now.AddMinutes(20).Month != now.AddMinutes(-1).Month, "The month ends while this test sends.");
        var random = new Random(seed);
        var anywhere = new Uri("http://cluster");
        for (var i = 0; i < organizations; i++)
        {
            var organization = await cluster.Session().CreateMonitoredOrganizationAsync($"Fault {i}", SlaTerms.Default, DateOnly.FromDateTime(now.UtcDateTime));
            var key = await cluster.Session().CreateKeyAsync($"fault {i}", [organization.Id]);
            load._senders.Add(i % 2 == 1
                ? new DeltaSender(load._http, anywhere, key, organization.Id, now, new Random(random.Next())) { Clock = TimeProvider.System, MostTries = 200 }
                : new CounterSender(load._http, anywhere, key, organization.Id, now, new Random(random.Next())) { Clock = TimeProvider.System, MostTries = 200 });
        }
        load.Mark();
        load._running = [.. load._senders.Select((s, i) => Task.Run(() => load.RunAsync(s, new Random(seed + i))))];
        return load;
    }

    /// <summary>Forgets what was measured so far.</summary>
    public void Mark()
    {
        _troubles.Clear();
        var now = TimeProvider.System.GetTimestamp();
        foreach (var sender in _senders) _gaps[sender.OrganizationId] = new Gap(now, TimeSpan.Zero);
    }

    /// <summary>Organizations that were not acknowledged since <see cref="Expect"/>.</summary>
    public int Missing => Array.Find(_running, r => r.IsFaulted) is { } broken ? throw broken.Exception!.InnerException! : _expected.Count;

    /// <summary>From now on everybody is missing until acknowledged.</summary>
    public void Expect()
    {
        foreach (var id in Organizations) _expected[id] = true;
    }

    /// <summary>Sends to these nodes from now on.</summary>
    public void UseNodes(Uri[] nodes) => _balancer.Nodes = nodes;

    /// <summary>No more new scrapes; returns when what was begun is acknowledged.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running);
    }

    /// <summary>Compares what the product counted with the ledgers; null = equal for everybody.</summary>
    public async Task<string?> DifferenceAsync(ProductSession session)
    {
        foreach (var sender in _senders)
        {
            var month = (await session.GetAsync($"/api/sla/organizations/{sender.OrganizationId}", ForgeJson.Default.SlaOrganizationView)).Month;
            if ((sender.Total, sender.Bad) != (month.Requests, month.BadRequests))
                return $"{sender.GetType().Name} {sender.OrganizationId}: acknowledged {sender.Total} requests, {sender.Bad} bad; counted {month.Requests}, {month.BadRequests}";
        }
        return null;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _http.Dispose();
        await Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task RunAsync(LedgerSender sender, Random random)
    {
        await Task.Delay(random.Next((int)Pace.TotalMilliseconds));
        using var timer = new PeriodicTimer(Pace);
        var (failing, turnsAt) = (false, TimeProvider.System.GetUtcNow());
        while (!_stop.IsCancellationRequested)
        {
            // Bad for half a minute, good for one: violations open and close under the fault too.
            if (TimeProvider.System.GetUtcNow() >= turnsAt) (failing, turnsAt) = (!failing, turnsAt.AddSeconds(random.Next(15, 45)));
            await UntilAcknowledged(sender, failing);
            try
            {
                await timer.WaitForNextTickAsync(_stop.Token);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }
    }

    private async Task UntilAcknowledged(LedgerSender sender, bool failing)
    {
        var fresh = true;
        while (true)
        {
            try
            {
                await (fresh ? sender.ScrapeAsync(failing) : sender.RetryAsync());
                Acknowledged(sender);
                return;
            }
            catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException or IOException)
            {
                fresh = false;
                _troubles.AddOrUpdate(failure.GetType().Name, 1, (_, n) => n + 1);
                await Task.Delay(TimeSpan.FromMilliseconds(200));
            }
        }
    }

    private void Acknowledged(LedgerSender sender)
    {
        var now = TimeProvider.System.GetTimestamp();
        _expected.TryRemove(sender.OrganizationId, out _);
        _gaps.AddOrUpdate(sender.OrganizationId, new Gap(now, TimeSpan.Zero), (_, gap) =>
        {
            var waited = TimeProvider.System.GetElapsedTime(gap.LastAt, now);
            return new Gap(now, waited > gap.Worst ? waited : gap.Worst);
        });
        if (sender.Refusals > 0) _troubles.AddOrUpdate("503", sender.Refusals, (_, n) => n + sender.Refusals);
        sender.ForgetRefusals();
    }

    private sealed record Gap(long LastAt, TimeSpan Worst);
}

/// <summary>Sends to one node until it fails, then to the next: what a proxy with health checks does for a client.</summary>
internal sealed class NodeBalancer(Uri[] nodes) : DelegatingHandler(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(1) })
{
    private int _turn;

    /// <summary>Where it sends.</summary>
    public Uri[] Nodes { get; set; } = nodes;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var turn = Volatile.Read(ref _turn);
        var now = Nodes;
        var node = now[turn % now.Length];
        request.RequestUri = new Uri(node, request.RequestUri!.PathAndQuery);
        try
        {
            return await base.SendAsync(request, cancellationToken);
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            Interlocked.CompareExchange(ref _turn, turn + 1, turn);
            throw;
        }
    }
}
