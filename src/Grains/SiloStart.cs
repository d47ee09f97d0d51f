using Microsoft.Extensions.Hosting;

namespace Forge.Grains;

/// <summary>Background work of a silo begins when the silo is active, not while it joins.</summary>
internal static class SiloStart
{
    /// <summary>Completes when the host has started; cancelled when it stops first.</summary>
    public static async Task WaitAsync(IHostApplicationLifetime lifetime, CancellationToken stopping)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.Register(() => started.TrySetResult());
        await started.Task.WaitAsync(stopping);
    }
}
