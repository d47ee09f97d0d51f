namespace Forge.WebApi.Sla.Ingest;

/// <summary>A whole request that is not taken: nothing of it counted, unless <see cref="Unavailable"/> (then a retry counts once).</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Code">Stable snake_case code.</param>
/// <param name="Title">Short text of the kind of fault.</param>
/// <param name="Detail">One sentence for the person who runs the sender.</param>
/// <param name="RetryAfterSeconds">Seconds to wait, 0 = no hint.</param>
public sealed record IngestFault(int Status, string Code, string Title, string Detail, int RetryAfterSeconds = 0)
{
    /// <summary>The body cannot be read.</summary>
    public static IngestFault Malformed(string detail) => new(400, "malformed", "The body cannot be read", detail);

    /// <summary>The body has a member that is not known.</summary>
    public static IngestFault UnknownField { get; } = new(400, "unknown_field", "Unknown member", "The batch has only the members batchId and intervals.");

    /// <summary>No key, a wrong key or a revoked key.</summary>
    public static IngestFault NotAuthenticated { get; } = new(401, "not_authenticated", "Not authenticated", "Send an ingest key as Bearer token or as Basic id:secret.");

    /// <summary>The key may not write telemetry.</summary>
    public static IngestFault Forbidden { get; } = new(403, "forbidden", "Forbidden", "This key does not have the use telemetry.");

    /// <summary>Too many bytes or samples.</summary>
    public static IngestFault TooLarge(string detail) => new(413, "body_too_large", "Too large", detail);

    /// <summary>A media type, encoding or protocol version that is not accepted.</summary>
    public static IngestFault ContentType(string detail) => new(415, "content_type_unsupported", "Content type not accepted", detail);

    /// <summary>The key sends too fast.</summary>
    public static IngestFault RateLimited(int retryAfterSeconds) => new(429, "rate_limited", "Too fast", "This key exceeds its requests or samples per second.", retryAfterSeconds);

    /// <summary>A grain or the store did not answer.</summary>
    public static IngestFault Unavailable { get; } = new(503, "unavailable", "Not available", "Not every organization could take its part; send the same batch again, what was taken counts once.", 1);
}
