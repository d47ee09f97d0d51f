using System.Globalization;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Forge.SampleService;

/// <summary>Calls the service's own <c>/work</c> at a steady rate, so that there is something to measure. <c>--load n</c>: requests per second, 0..500; at most 200 in flight.</summary>
public sealed class SelfTraffic(IServer server, IHostApplicationLifetime lifetime, IConfiguration configuration) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var rate = Math.Clamp(int.Parse(configuration["load"] ?? "0", CultureInfo.InvariantCulture), 0, 500);
        if (rate == 0) return;
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken);

        using var client = new HttpClient { BaseAddress = new Uri(server.Features.Get<IServerAddressesFeature>()!.Addresses.First()) };
        using var inFlight = new SemaphoreSlim(200);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / rate));
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (!await inFlight.WaitAsync(0, stoppingToken)) continue;
            _ = CallAsync(client, inFlight, stoppingToken);
        }
    }

    private static async Task CallAsync(HttpClient client, SemaphoreSlim inFlight, CancellationToken stopping)
    {
        try
        {
            using var response = await client.GetAsync(new Uri("/work", UriKind.Relative), stopping);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            // A request lost while the service stops says nothing about the service.
        }
        finally
        {
            try
            {
                inFlight.Release();
            }
            catch (ObjectDisposedException)
            {
                // The host is gone already.
            }
        }
    }
}
