using System.Collections.Immutable;
using System.Globalization;
using Forge.Domain;
using Forge.Testing.RemoteWrite;

namespace Forge.Load;

/// <summary>What is fed: this product or a peer that takes the same bytes.</summary>
public enum TargetKind
{
    /// <summary>This product.</summary>
    Forge,

    /// <summary>Prometheus with <c>--web.enable-remote-write-receiver</c>.</summary>
    Prometheus,

    /// <summary>VictoriaMetrics, single node.</summary>
    Victoria,
}

/// <summary>How a target is reached and asked what it took.</summary>
public sealed class Target(TargetKind kind, Uri url, ImmutableArray<string> keys, int connections, ProductSession? session)
{
    private static readonly ImmutableArray<string> RemoteWriteHeaders = ["Content-Type: application/x-protobuf", "Content-Encoding: snappy", "X-Prometheus-Remote-Write-Version: 0.1.0", "User-Agent: forge-load"];

    /// <summary>Which.</summary>
    public TargetKind Kind { get; } = kind;

    /// <summary>Name in tables.</summary>
    public string Name => Kind switch { TargetKind.Prometheus => "Prometheus", TargetKind.Victoria => "VictoriaMetrics", _ => "Forge.Orleans" };

    /// <summary>Reads the name of the command line.</summary>
    public static TargetKind Parse(string? text) => text switch
    {
        null or "forge" => TargetKind.Forge,
        "prometheus" => TargetKind.Prometheus,
        "victoria" => TargetKind.Victoria,
        _ => throw new UsageException("--target is forge, prometheus or victoria."),
    };

    /// <summary>Its remote-write endpoint.</summary>
    public Receiver RemoteWrite() => new(new Uri(url, Kind == TargetKind.Forge ? RemoteWriteClient.Path : "/api/v1/write"), RemoteWriteHeaders, Kind == TargetKind.Forge ? keys : [], connections);

    /// <summary>Its OTLP/HTTP endpoint for metrics; only this product has one.</summary>
    public Receiver Otlp(bool gzip) => Kind != TargetKind.Forge
        ? throw new UsageException("Only --target forge takes OTLP here.")
        : new(new Uri(url, "/api/ingest/otlp/v1/metrics"), ["Content-Type: application/x-protobuf", .. gzip ? ["Content-Encoding: gzip"] : Array.Empty<string>(), "User-Agent: forge-load"], keys, connections);

    /// <summary>
    /// What the target itself counted as taken so far. Peers: their counter of appended samples. This product: requests of the month it judged for the given organizations
    /// (<see cref="ServiceCounters.Total"/> is the ledger); null without a session.
    /// </summary>
    public async Task<long?> TakenAsync(IEnumerable<string> organizations, CancellationToken cancellation)
    {
        switch (Kind)
        {
            case TargetKind.Prometheus: return await MetricAsync("prometheus_tsdb_head_samples_appended_total", "", cancellation);
            case TargetKind.Victoria: return await MetricAsync("vm_rows_inserted_total", "promremotewrite", cancellation);
            default:
                if (session is null) return null;
                long requests = 0;
                foreach (var id in organizations) requests += (await session.GetAsync("/api/sla/organizations/" + id, ForgeJson.Default.SlaOrganizationView, cancellation)).Month.Requests;
                return requests;
        }
    }

    private async Task<long> MetricAsync(string name, string label, CancellationToken cancellation)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(30) };
        var text = await http.GetStringAsync(new Uri(url, "/metrics"), cancellation);
        var sum = 0.0;
        foreach (var line in text.Split('\n'))
            if (line.StartsWith(name, StringComparison.Ordinal) && line.Contains(label, StringComparison.Ordinal))
                sum += double.Parse(line.AsSpan(line.LastIndexOf(' ') + 1), NumberStyles.Float, CultureInfo.InvariantCulture);
        return (long)sum;
    }
}
