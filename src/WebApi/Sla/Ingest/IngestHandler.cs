using Forge.Domain.Sla;
using Forge.WebApi.Identity;
using Microsoft.Extensions.Options;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>Makes what this async flow hands to grains from now on the word of the sender with this key.</summary>
/// <param name="keyId">Its ingest key.</param>
public delegate void IngestActor(string keyId);

/// <summary>Walks one request: key, rate, media type, size, decode, samples' rate, organizations, answer.</summary>
internal sealed class IngestHandler(IngestKeyAuthenticator authenticate, IngestActor actAs, IngestRate rate, MappingDirectory mappings, IngestRouter router, IngestStats stats, RefusalReports refusals, IOptions<IngestOptions> options, TimeProvider time, ILogger<IngestHandler> log)
{
    private const string Use = "telemetry";
    private readonly IngestOptions _limits = options.Value;

    internal delegate IngestFault? Decoder(ReadOnlyMemory<byte> body, IngestBatch batch, IngestKey key, SeriesCaches series);

    /// <summary>Prometheus remote-write v1.</summary>
    public Task RemoteWrite(HttpContext http) => Handle(http, "remote_write", IngestMedia.JudgeRemoteWrite, DecodeRemoteWrite, IngestAnswer.RemoteWrite);

    /// <summary>The JSON batch.</summary>
    public Task MetricBatch(HttpContext http) =>
        Handle(http, "json", IngestMedia.JudgeJson, (body, batch, key, _) => MetricBatchReader.Read(body, key.Id, batch, _limits.MaxSamples), IngestAnswer.Receipt);

    private IngestFault? DecodeRemoteWrite(ReadOnlyMemory<byte> body, IngestBatch batch, IngestKey key, SeriesCaches series)
    {
        if (SnappyBlock.TryOpen(body.Span, _limits.MaxDecompressedBytes, out var block) is { } fault) return fault;
        using (block) return RemoteWriteReader.Read(block!.Span, series.Prometheus, batch, _limits.MaxSamples);
    }

    /// <summary>One request of any format; <paramref name="refuse"/> answers a fault where the format has a form of its own for it.</summary>
    internal async Task Handle(HttpContext http, string format, Func<HttpRequest, IngestFault?> media, Decoder decode, Func<HttpContext, IngestReceipt, Task> answer, Func<HttpContext, IngestFault, Task>? refuse = null)
    {
        var started = time.GetTimestamp();
        using var span = IngestTrace.Start(format);
        var (key, keyFault) = await Authenticate(http);
        var batch = key is null ? null : new IngestBatch(key);
        var fault = keyFault ?? media(http.Request) ?? await Decode(http, key!, batch!, decode);
        if (fault is null) actAs(key!.Id);
        if (fault is null && !await router.Send(batch!)) fault = IngestFault.Unavailable;
        batch?.Release();
        if (fault is null)
        {
            var receipt = batch!.Tally.ToReceipt();
            stats.Applied(key!.Id, receipt);
            refusals.Count(key, batch.Tally);
            await answer(http, receipt);
        }
        else
        {
            if (key is not null)
            {
                stats.TurnedAway(key.Id, fault.Code);
                refusals.TurnedAway(key, fault, batch?.Size ?? 0);
            }
            await (refuse ?? IngestAnswer.Fault)(http, fault);
        }

        IngestTrace.End(span, http.Response.StatusCode, batch, fault);
        stats.Answered(format, http.Response.StatusCode, time.GetElapsedTime(started));
    }

    private async Task<(IngestKey? Key, IngestFault? Fault)> Authenticate(HttpContext http)
    {
        var header = http.Request.Headers.Authorization;
        if (header.Count != 1 || !IngestCredential.TryParse(header[0], out var credential)) return (null, IngestFault.NotAuthenticated);
        IngestKey? key;
        try
        {
            key = await authenticate(credential.KeyId, credential.Secret, http.RequestAborted);
        }
        catch (Exception e) when (e is not OutOfMemoryException && !http.RequestAborted.IsCancellationRequested)
        {
            log.LogWarning(e, "Telemetry refused: the key cannot be checked");
            return (null, IngestFault.Unavailable);
        }

        if (key is null) return (null, IngestFault.NotAuthenticated);
        if (!key.Uses.Contains(Use) || !key.AllowsFrom(http.Connection.RemoteIpAddress)) return (key, IngestFault.Forbidden);
        var wait = rate.TakeRequest(key.Id);
        return (key, wait > 0 ? IngestFault.RateLimited(wait) : null);
    }

    private async Task<IngestFault?> Decode(HttpContext http, IngestKey key, IngestBatch batch, Decoder decode)
    {
        using var body = await RequestBody.Read(http.Request, _limits.MaxBodyBytes, http.RequestAborted);
        if (body is null) return IngestFault.TooLarge($"The body holds more than {_limits.MaxBodyBytes} bytes.");
        SeriesCaches series;
        try
        {
            series = await mappings.For(key);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            log.LogWarning(e, "Telemetry refused: the signal mappings cannot be read");
            return IngestFault.Unavailable;
        }

        var decoding = time.GetTimestamp();
        var fault = decode(body.Memory, batch, key, series);
        stats.Decoded(time.GetElapsedTime(decoding));
        if (fault is not null) return fault;
        var wait = rate.TakeSamples(key.Id, batch.Size);
        return wait > 0 ? IngestFault.RateLimited(wait) : null;
    }
}
