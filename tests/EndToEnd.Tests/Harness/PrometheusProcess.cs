using System.Text.RegularExpressions;

namespace Forge.EndToEnd.Tests.Harness;

/// <summary>Debian's Prometheus on a temporary folder, with the repository's example configuration.</summary>
internal sealed class PrometheusProcess : IAsyncDisposable
{
    private readonly RunningProcess _process;
    private readonly string _folder;

    private PrometheusProcess(RunningProcess process, string folder, Uri url) => (_process, _folder, Url) = (process, folder, url);

    /// <summary>Where it answers.</summary>
    public Uri Url { get; }

    /// <summary>What it logged.</summary>
    public string Output => _process.Output;

    /// <summary>Starts it with deploy/examples/prometheus.yml, addresses and organization replaced and a scrape every 5 s.</summary>
    public static Task<PrometheusProcess> StartExampleAsync(Uri sample, Uri ingest, string organizationId, string key)
    {
        var folder = Repository.TemporaryFolder("prometheus");
        File.WriteAllText(Path.Combine(folder, "ingest.key"), key);
        var example = File.ReadAllText(Path.Combine(Repository.Root, "deploy", "examples", "prometheus.yml"));
        var configuration = example
            .Replace("scrape_interval: 10s", "scrape_interval: 5s", StringComparison.Ordinal)
            .Replace("scrape_timeout: 5s", "scrape_timeout: 4s", StringComparison.Ordinal)
            .Replace("127.0.0.1:5190", sample.Authority, StringComparison.Ordinal)
            .Replace("http://127.0.0.1:5180", ingest.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal);
        configuration = Regex.Replace(configuration, "organization_id: .*", "organization_id: " + organizationId, RegexOptions.None, TimeSpan.FromSeconds(1));
        return StartAsync(folder, configuration);
    }

    /// <summary>Starts an empty one that takes remote-write itself.</summary>
    public static Task<PrometheusProcess> StartReceiverAsync() => StartAsync(Repository.TemporaryFolder("prometheus"), "global: {scrape_interval: 60s}\n", "--web.enable-remote-write-receiver");

    /// <summary>Starts one that scrapes a target every second and forwards native histograms.</summary>
    public static Task<PrometheusProcess> StartNativeAsync(Uri target, Uri ingest, string organizationId, string key) => StartAsync(Repository.TemporaryFolder("prometheus"),
        $$"""
        global: {scrape_interval: 1s}
        scrape_configs:
          - job_name: native
            static_configs:
              - targets: ["{{target.Authority}}"]
                labels: {organization_id: {{organizationId}} }
            metric_relabel_configs: [{source_labels: [__name__], regex: http_server_request_duration_seconds, action: keep}]
        remote_write:
          - url: {{ingest}}api/ingest/prometheus/write
            authorization: {credentials: {{key}} }
            send_native_histograms: true
            queue_config: {batch_send_deadline: 500ms}
        """, "--enable-feature=native-histograms");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<PrometheusProcess> StartAsync(string folder, string configuration, params string[] more)
    {
        var file = Path.Combine(folder, "prometheus.yml");
        await File.WriteAllTextAsync(file, configuration);
        var url = new Uri($"http://127.0.0.1:{Repository.FreePort()}");
        var process = RunningProcess.Start("prometheus", Repository.Program("prometheus", "prometheus"),
            [$"--config.file={file}", $"--storage.tsdb.path={folder}/tsdb", $"--web.listen-address={url.Authority}", .. more], folder);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        await Eventually.GetAsync("Prometheus", TimeSpan.FromSeconds(30),
            async () => process.Ended ? throw new EndedException(process.Output) : await http.GetStringAsync(new Uri(url, "/-/ready")), _ => true);
        return new PrometheusProcess(process, folder, url);
    }
}
