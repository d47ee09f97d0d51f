namespace Forge.WebApi.Sla.Ingest;

/// <summary>Limits of telemetry ingestion; configuration section <c>Forge:Ingest</c>.</summary>
public sealed class IngestOptions
{
    /// <summary>Configuration section.</summary>
    public const string Section = "Forge:Ingest";

    /// <summary>Largest request body in bytes.</summary>
    public int MaxBodyBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>Largest body after decompression in bytes.</summary>
    public int MaxDecompressedBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>Most samples or intervals in one request.</summary>
    public int MaxSamples { get; set; } = 50_000;

    /// <summary>Requests per second and key.</summary>
    public int RequestsPerSecond { get; set; } = 200;

    /// <summary>Samples per second and key.</summary>
    public int SamplesPerSecond { get; set; } = 100_000;

    /// <summary>Organizations asked at the same time on behalf of one request.</summary>
    public int Parallelism { get; set; } = 64;

    /// <summary>How long one organization may take to answer, in milliseconds.</summary>
    public int GrainTimeoutMs { get; set; } = 10_000;

    /// <summary>Port of OTLP/gRPC without TLS, on loopback only; 0 = none. When it is taken, the product runs without it and tries again every 10 s.</summary>
    public int GrpcPort { get; set; } = 4317;

    /// <summary>Most memory for remembered series identities of each format, in bytes; half of it holds the current generation: 300,000 series with labels of 250 bytes. Fewer than are sent are mapped anew each time, four times the cost.</summary>
    public int SeriesCacheBytes { get; set; } = 256 * 1024 * 1024;
}
