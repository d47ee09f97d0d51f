using System.Buffers.Binary;
using System.Globalization;
using Forge.Domain.Sla;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>The envelope of one unary gRPC call over HTTP/2: five bytes before the message, the status in trailers. The message itself is read by our own decoder.</summary>
internal static class OtlpGrpc
{
    /// <summary>Service and method of OTLP metrics.</summary>
    public const string Path = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

    private const int HeaderBytes = 5;

    /// <summary>Takes the message out of its frame; exactly one is sent in a unary call.</summary>
    public static IngestFault? TryUnframe(ReadOnlyMemory<byte> body, string? encoding, out ReadOnlyMemory<byte> message, out bool gzip)
    {
        (message, gzip) = (default, false);
        if (body.Length < HeaderBytes) return IngestFault.Malformed("The call holds no message.");
        var header = body.Span[..HeaderBytes];
        if (header[0] > 1 || BinaryPrimitives.ReadUInt32BigEndian(header[1..]) != (uint)(body.Length - HeaderBytes)) return IngestFault.Malformed("The frame of the message is damaged.");
        gzip = header[0] == 1;
        if (gzip && !string.Equals(encoding, "gzip", StringComparison.OrdinalIgnoreCase)) return IngestFault.ContentType("Only grpc-encoding gzip is accepted.");
        message = body[HeaderBytes..];
        return null;
    }

    /// <summary>OK with the response message.</summary>
    public static async Task Answer(HttpContext http, IngestReceipt receipt, int points)
    {
        var message = OtlpAnswer.Message(receipt, points);
        var frame = new byte[HeaderBytes + message.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)message.Length);
        message.CopyTo(frame, HeaderBytes);
        Start(http.Response);
        http.Response.DeclareTrailer("grpc-status");
        await http.Response.Body.WriteAsync(frame);
        http.Response.AppendTrailer("grpc-status", "0");
    }

    /// <summary>A fault: the status stands in the headers of an answer without a message.</summary>
    public static Task Refuse(HttpContext http, IngestFault fault)
    {
        Start(http.Response);
        http.Response.Headers["grpc-status"] = OtlpAnswer.Code(fault).ToString(CultureInfo.InvariantCulture);
        // All texts of faults are ASCII; a per cent sign would have to be escaped.
        http.Response.Headers["grpc-message"] = $"{fault.Code}: {fault.Detail}".Replace("%", "%25", StringComparison.Ordinal);
        if (fault.RetryAfterSeconds > 0) http.Response.Headers["grpc-status-details-bin"] = Convert.ToBase64String(OtlpAnswer.StatusMessage(fault)).TrimEnd('=');
        return http.Response.CompleteAsync();
    }

    private static void Start(HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "application/grpc";
        response.Headers["grpc-accept-encoding"] = "identity,gzip";
    }
}

/// <summary>
/// OTLP/gRPC without TLS on loopback (<see cref="IngestOptions.GrpcPort"/>), for senders beside the product. A listener of its own: HTTP/2 without TLS cannot share a port with browsers.
/// A port that is taken does not keep the product from starting; it is tried again.
/// </summary>
internal sealed class OtlpGrpcPort(OtlpHandler handler, IOptions<IngestOptions> options, ILoggerFactory logs, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(10);
    private readonly ILogger _log = logs.CreateLogger<OtlpGrpcPort>();
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the port answers for the first time.</summary>
    public Task Opened => _opened.Task;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.GrpcPort == 0) return;
        for (var said = false; ; said = true)
        {
            try
            {
                await Serve(stoppingToken);
                return;
            }
            catch (IOException taken) when (!stoppingToken.IsCancellationRequested)
            {
                if (!said) _log.LogWarning("OTLP/gRPC is not served: port {Port} on loopback is taken ({Reason}). Set Forge:Ingest:GrpcPort to another port, or to 0 for none", options.Value.GrpcPort, taken.Message);
            }

            try
            {
                await Task.Delay(Again, time, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    // That the inner host did not start is told once, above, in words; not with a stack every 10 s.
    private sealed class WithoutHost(ILoggerFactory inner) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) => categoryName.StartsWith("Microsoft.Extensions.Hosting", StringComparison.Ordinal) ? Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance : inner.CreateLogger(categoryName);

        public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

        public void Dispose()
        {
            // The outer process's, not ours.
        }
    }

    private async Task Serve(CancellationToken stopping)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<ILoggerFactory>(new WithoutHost(logs));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestHeadersTotalSize = 32 * 1024;
            kestrel.ListenLocalhost(options.Value.GrpcPort, listen => listen.Protocols = HttpProtocols.Http2);
        });
        await using var app = builder.Build();
        app.Run(async http =>
        {
            if (HttpMethods.IsPost(http.Request.Method) && http.Request.Path == OtlpGrpc.Path) await handler.Grpc(http);
            else http.Response.StatusCode = StatusCodes.Status404NotFound;
        });
        await app.StartAsync(stopping);
        _opened.TrySetResult();
        _log.LogInformation("OTLP/gRPC is served on http://localhost:{Port}", options.Value.GrpcPort);
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, stopping);
        }
        catch (OperationCanceledException)
        {
            await app.StopAsync(CancellationToken.None);
        }
    }
}
