namespace Forge.EndToEnd.Tests.Harness;

/// <summary>Waits for another process to get somewhere. A timeout says what was last seen.</summary>
internal static class Eventually
{
    /// <summary>Asks every 200 ms until the answer satisfies; exceptions of a probe count as "not yet".</summary>
    public static async Task<T> GetAsync<T>(string what, TimeSpan within, Func<Task<T>> probe, Func<T, bool> satisfies)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        using var over = new CancellationTokenSource(within);
        object? last = null;
        try
        {
            while (true)
            {
                try
                {
                    var answer = await probe();
                    if (satisfies(answer)) return answer;
                    last = answer;
                }
                catch (Exception e) when (e is HttpRequestException or InvalidOperationException or TaskCanceledException)
                {
                    last = e.Message;
                }
                await timer.WaitForNextTickAsync(over.Token);
            }
        }
        catch (OperationCanceledException e)
        {
            throw new TimeoutException($"{what}: not within {within.TotalSeconds} s; last seen: {last ?? "nothing"}.", e);
        }
    }
}
