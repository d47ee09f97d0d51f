using Forge.Domain.Sla;
using Forge.WebApi.Identity;
using Microsoft.Extensions.Options;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>OTLP over HTTP and gRPC: opens the envelope, lets <see cref="OtlpReader"/> read, answers as the standard demands.</summary>
internal sealed class OtlpHandler(IngestHandler handler, IOptions<IngestOptions> options)
{
    private readonly IngestOptions _limits = options.Value;

    /// <summary>OTLP/HTTP, protobuf or JSON.</summary>
    public Task Http(HttpContext http)
    {
        var points = 0;
        var protobuf = IngestMedia.IsOtlpProtobuf(http.Request);
        var gzip = http.Request.Headers.ContentEncoding == "gzip";
        return handler.Handle(
            http, protobuf ? "otlp_protobuf" : "otlp_json", IngestMedia.JudgeOtlp,
            (body, batch, _, series) => Open(body, gzip, bytes => protobuf ? Read(bytes, batch, series, out points) : ReadJson(bytes, batch, series, out points)),
            (context, receipt) => OtlpAnswer.Http(context, receipt, points, protobuf),
            protobuf ? OtlpAnswer.Status : null);
    }

    /// <summary>OTLP/gRPC.</summary>
    public Task Grpc(HttpContext http)
    {
        var points = 0;
        return handler.Handle(
            http, "otlp_grpc", IngestMedia.JudgeGrpc,
            (body, batch, _, series) => OtlpGrpc.TryUnframe(body, http.Request.Headers["grpc-encoding"], out var message, out var gzip) ?? Open(message, gzip, bytes => Read(bytes, batch, series, out points)),
            (context, receipt) => OtlpGrpc.Answer(context, receipt, points),
            OtlpGrpc.Refuse);
    }

    private delegate IngestFault? Reader(ReadOnlySpan<byte> bytes);

    private IngestFault? Open(ReadOnlyMemory<byte> body, bool gzip, Reader read)
    {
        if (!gzip) return read(body.Span);
        if (GzipBody.TryOpen(body, _limits.MaxDecompressedBytes, out var opened) is { } fault) return fault;
        using (opened) return read(opened!.Span);
    }

    private IngestFault? Read(ReadOnlySpan<byte> protobuf, IngestBatch batch, SeriesCaches series, out int points)
    {
        var reader = new OtlpReader(series.Otlp, batch, _limits.MaxSamples);
        var fault = reader.Read(protobuf);
        points = reader.Points;
        return fault;
    }

    private IngestFault? ReadJson(ReadOnlySpan<byte> json, IngestBatch batch, SeriesCaches series, out int points)
    {
        points = 0;
        if (OtlpJson.TryOpen(json, _limits.MaxDecompressedBytes, out var protobuf) is { } fault) return fault;
        using (protobuf) return Read(protobuf!.Span, batch, series, out points);
    }
}
