using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using Forge.Domain;
using Forge.Domain.Organizations;
using Forge.Load;

namespace Forge.EndToEnd.Tests.Faults;

/// <summary>An administrator's commands without a break: each is sent once, and, when that fails, once more under the same key at the next node, as a careful client does.</summary>
internal sealed class CommandStream : IAsyncDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly ProductSession[] _sessions;
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;
    private int _done;
    private int _retried;
    private int _failed;

    private CommandStream(ProductSession[] sessions) => _sessions = sessions;

    /// <summary>Begins to send.</summary>
    public static CommandStream Start(FaultCluster cluster)
    {
        var stream = new CommandStream([.. cluster.Webs.Select((_, i) => cluster.Session(i))]);
        stream._running = Task.Run(stream.RunAsync);
        return stream;
    }

    /// <summary>Ends; how many commands were answered well, needed the second try, and failed both times.</summary>
    public async Task<(int Done, int Retried, int Failed)> StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
        return (_done, _retried, _failed);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        for (var n = 0; !_stop.IsCancellationRequested; n++)
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"stream-{n}-{Guid.CreateVersion7():N}");
            if (await SendAsync(_sessions[n % _sessions.Length], n, key)) _done++;
            else
            {
                await Task.Delay(Pause);
                if (await SendAsync(_sessions[(n + 1) % _sessions.Length], n, key)) (_done, _retried) = (_done + 1, _retried + 1);
                else _failed++;
            }
            await Task.Delay(Pace);
        }
    }

    private static async Task<bool> SendAsync(ProductSession session, int number, string key)
    {
        var body = new CreateOrganization(string.Create(CultureInfo.InvariantCulture, $"Stream {number}"), null, null, Region.EU, OrganizationPlan.TEAM, false, 1);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/organizations") { Content = JsonContent.Create(body, ForgeJson.Default.CreateOrganization) };
        request.Headers.Add("Idempotency-Key", key);
        try
        {
            using var answer = await session.Http.SendAsync(request);
            if ((int)answer.StatusCode < 500 && answer.StatusCode != HttpStatusCode.Created) throw new InvalidOperationException($"A command of the stream was refused: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
            return answer.StatusCode == HttpStatusCode.Created;
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }
}
