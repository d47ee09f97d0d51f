using System.Net;
using System.Text.Json;
using Forge.Domain.Live;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Forge.Dashboard.Live;

/// <summary>Feeds the store from <c>/hubs/live</c>: reconnects for ever, resumes from the last number, asks again on a gap.</summary>
public sealed class LiveConnection(NavigationManager navigation, LiveStore store, TimeProvider time) : IAsyncDisposable, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private HubConnection? _hub;
    private bool _running;
    private bool _asking;

    /// <summary>The server refused the connection because nobody is signed in.</summary>
    public event Action? Refused;

    /// <summary>Connects once; later calls do nothing.</summary>
    public void Start()
    {
        if (_running) return;
        _running = true;
        _hub = new HubConnectionBuilder()
            .WithUrl(navigation.ToAbsoluteUri("hubs/live"))
            .AddJsonProtocol(o => o.PayloadSerializerOptions = new JsonSerializerOptions(ForgeJson.Default.Options))
            .Build();
        _hub.ServerTimeout = TimeSpan.FromSeconds(20);
        _hub.On<LiveFrame>("frame", frame => { if (!store.Take(frame)) Ask(); });
        _hub.On<LiveHeartbeat>("heartbeat", beat => { if (!store.Take(beat)) Ask(); });
        _hub.Closed += OnClosed;
        _ = ConnectAsync();
    }

    /// <summary>Tells the server how far this screen is; a report that does not arrive is followed by the next.</summary>
    public async Task ReportAsync(long sequence, long dataAgeMs)
    {
        if (_hub?.State != HubConnectionState.Connected) return;
        try
        {
            await _hub.SendAsync("Report", sequence, dataAgeMs, _stop.Token);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // the connection ended meanwhile
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_hub is not null) await _hub.DisposeAsync();
        _stop.Dispose();
    }

    /// <summary>The same, where nobody can wait for the server's goodbye.</summary>
    public void Dispose() => _ = DisposeAsync().AsTask();

    private Task OnClosed(Exception? why)
    {
        // The server closes every connection within the hour. Coming back at once is nothing to tell; the first try that fails is.
        if (_stop.IsCancellationRequested) store.Lost();
        else _ = ConnectAsync();
        return Task.CompletedTask;
    }

    private async Task ConnectAsync()
    {
        for (var attempt = 0L; !_stop.IsCancellationRequested; attempt++)
        {
            try
            {
                await _hub!.StartAsync(_stop.Token);
                Ask();
                return;
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                store.Lost();
                if (failure is HttpRequestException { StatusCode: HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden }) Refused?.Invoke();
                await Task.Delay(NeverGiveUp.Delay(attempt), time, CancellationToken.None);
            }
        }
    }

    private async void Ask()
    {
        if (_asking) return;
        _asking = true;
        try
        {
            for (var attempt = 0L; _hub!.State == HubConnectionState.Connected; attempt++)
            {
                try
                {
                    store.Starting();
                    var start = await _hub.InvokeAsync<LiveStart>("Start", store.NodeEpoch, store.Sequence, _stop.Token);
                    if (store.Take(start)) return;
                }
                catch (Exception failure) when (failure is not OutOfMemoryException)
                {
                    if (_stop.IsCancellationRequested) return;
                    await Task.Delay(NeverGiveUp.Delay(attempt), time, CancellationToken.None);
                }
            }
        }
        finally
        {
            _asking = false;
        }
    }

    /// <summary>Almost at once, then after 1 and 2 s, then every 3 s for ever.</summary>
    public static class NeverGiveUp
    {
        /// <summary>Delay before the attempt that follows <paramref name="attempt"/> failed ones.</summary>
        public static TimeSpan Delay(long attempt) => TimeSpan.FromSeconds(attempt switch { 0 => 0.2, 1 => 1, 2 => 2, _ => 3 });
    }
}
