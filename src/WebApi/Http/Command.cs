using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Forge.Domain;
using Forge.WebApi.Identity;

namespace Forge.WebApi.Http;

/// <summary>An argument that may say itself why the request cannot be carried out.</summary>
internal interface IRefusable
{
    /// <summary>The answer, when the request is refused before its handler runs.</summary>
    IResult? Refused { get; }
}

/// <summary>A JSON body without command headers: sign-in and setup.</summary>
/// <param name="Value">The body; not null inside a handler.</param>
/// <param name="Refused">Why it cannot be read.</param>
public sealed record Body<T>(T Value, IResult? Refused) : IRefusable
    where T : class
{
    /// <summary>Reads the body.</summary>
    public static async ValueTask<Body<T>?> BindAsync(HttpContext http, ParameterInfo parameter)
    {
        var (value, _, refused) = await JsonBody.ReadAsync<T>(http);
        return new Body<T>(value!, refused);
    }
}

/// <summary>A command: body, idempotency key, and the version the caller saw where one is needed.</summary>
/// <param name="Value">The body; not null inside a handler.</param>
/// <param name="Context">What travels into the grain.</param>
/// <param name="Refused">Why it cannot be read.</param>
public sealed record Command<T>(T Value, CommandContext Context, IResult? Refused) : IRefusable
    where T : class
{
    /// <summary>Reads headers and body.</summary>
    public static async ValueTask<Command<T>?> BindAsync(HttpContext http, ParameterInfo parameter)
    {
        var (key, version, refused) = CommandHeaders.Read(http);
        if (refused is not null) return new Command<T>(null!, null!, refused);
        var (value, hash, unreadable) = await JsonBody.ReadAsync<T>(http);
        return new Command<T>(value!, new CommandContext(key, hash, http.Actor(), http.CorrelationId(), version, http.Reason()), unreadable);
    }
}

/// <summary>A command that needs no body: its path says everything. What is sent is not read.</summary>
/// <param name="Context">What travels into the grain; its body hash is that of the path.</param>
/// <param name="Refused">Why it cannot be carried out.</param>
public sealed record Order(CommandContext Context, IResult? Refused) : IRefusable
{
    /// <summary>Reads headers.</summary>
    public static ValueTask<Order?> BindAsync(HttpContext http, ParameterInfo parameter)
    {
        var (key, version, refused) = CommandHeaders.Read(http);
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(http.Request.Path.ToString())));
        return ValueTask.FromResult<Order?>(refused is null ? new Order(new CommandContext(key, hash, http.Actor(), http.CorrelationId(), version, http.Reason()), null) : new Order(null!, refused));
    }
}

/// <summary>Marks a command on an existing thing: <c>If-Match</c> must say which version the caller saw.</summary>
internal sealed class NeedsVersion;

/// <summary>Headers of commands and the filter that answers refused arguments.</summary>
public static class CommandHeaders
{
    private static readonly NeedsVersion Needed = new();

    /// <summary>The endpoint changes an existing thing.</summary>
    public static RouteHandlerBuilder NeedsVersion(this RouteHandlerBuilder endpoint) => endpoint.WithMetadata(Needed);

    /// <summary>Answers arguments that refuse themselves, so that handlers see only readable ones.</summary>
    public static RouteGroupBuilder RefuseUnreadable(this RouteGroupBuilder group) => group.AddEndpointFilter((context, next) =>
    {
        foreach (var argument in context.Arguments)
            if (argument is IRefusable { Refused: { } refused }) return ValueTask.FromResult<object?>(refused);
        return next(context);
    });

    /// <summary>Journal actor of the signed-in person.</summary>
    public static string Actor(this HttpContext http) => http.User.UserId() is { } id ? "user:" + id : "anonymous";

    /// <summary>Why the person does this, for the journal: header <c>Forge-Reason</c>, percent-encoded UTF-8; null when it is absent or blank.</summary>
    internal static string? Reason(this HttpContext http) => Uri.UnescapeDataString(http.Request.Headers["Forge-Reason"].ToString()).Trim() is { Length: > 0 } reason ? reason : null;

    internal static (string Key, long? Version, IResult? Refused) Read(HttpContext http)
    {
        var key = http.Request.Headers["Idempotency-Key"].ToString();
        if (key.Length is 0 or > 64 || !key.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
            return ("", null, Problems.Of(StatusCodes.Status400BadRequest, "idempotency_key_required", "Send Idempotency-Key: 1 to 64 characters of A-Z, a-z, 0-9, _ and -."));
        var match = http.Request.Headers.IfMatch.ToString();
        var version = match is ['"', .. var digits, '"'] && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : (long?)null;
        if (version is null && http.GetEndpoint()?.Metadata.GetMetadata<NeedsVersion>() is not null)
            return ("", null, Problems.Of(StatusCodes.Status400BadRequest, "version_required", "Send If-Match with the ETag of the state you saw."));
        return (key, version, null);
    }
}
