using System.Net.Http.Json;

namespace Forge.EndToEnd.Tests.Harness;

/// <summary>tests/SampleService with 50 requests a second of its own traffic, as a process.</summary>
internal sealed class SampleProcess : IAsyncDisposable
{
    private readonly RunningProcess _process;
    private readonly HttpClient _http;

    private SampleProcess(RunningProcess process, Uri url) => (_process, Url, _http) = (process, url, new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = url });

    /// <summary>Where it answers.</summary>
    public Uri Url { get; }

    /// <summary>Starts it; returns when it answers.</summary>
    public static async Task<SampleProcess> StartAsync()
    {
        var url = new Uri($"http://127.0.0.1:{Repository.FreePort()}");
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var dll = Path.Combine(Repository.Root, "tests", "SampleService", "bin", configuration, "net10.0", "Forge.SampleService.dll");
        var sample = new SampleProcess(RunningProcess.Start("sample service", "dotnet", [dll, "--urls", url.GetLeftPart(UriPartial.Authority), "--load", "50"], Repository.Root), url);
        await Eventually.GetAsync("the sample service", TimeSpan.FromSeconds(30), () => sample._http.GetStringAsync(new Uri("/faults", UriKind.Relative)), _ => true);
        return sample;
    }

    /// <summary>Switches the share of failing requests (0..1) and the latency added to every request; returns the instant the service confirmed it.</summary>
    public async Task<DateTimeOffset> FailAsync(double errorRatio, int latencyMs = 0)
    {
        using var answer = await _http.PostAsJsonAsync("/faults", new { errorRatio, latencyMs });
        answer.EnsureSuccessStatusCode();
        return TimeProvider.System.GetUtcNow();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _http.Dispose();
    }
}
