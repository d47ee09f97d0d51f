using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Forge.Domain;

namespace Forge.WebApi.Http;

/// <summary>RFC 9457 problems: every refusal of the API has this shape and a stable code.</summary>
public static class Problems
{
    private const string ContentType = "application/problem+json";

    /// <summary>A problem as a result.</summary>
    public static IResult Of(int status, string code, string detail, IReadOnlyList<FieldError>? fields = null, long? version = null) =>
        new ProblemResult(status, code, detail, fields, version);

    /// <summary>The problem of a refusal; its kind chooses the status.</summary>
    public static IResult Of(Refusal refusal, long version = 0) =>
        Of(StatusOf(refusal.Kind), refusal.Code, refusal.Detail, refusal.Fields.IsDefaultOrEmpty ? null : refusal.Fields,
            refusal.Code == "version_conflict" && version > 0 ? version : null);

    /// <summary>Writes a problem as the whole response.</summary>
    public static async Task WriteAsync(HttpContext http, int status, string code, string detail, IReadOnlyList<FieldError>? fields = null, long? version = null)
    {
        var why = code == "password_refused" && fields is [var only, ..] ? only.Code : null;
        await WriteAsync(http, new Problem("/problems/" + code, Title(status), status, detail, code, http.CorrelationId(), Map(fields), Version: version, Why: why));
    }

    private static async Task WriteAsync(HttpContext http, Problem problem)
    {
        var status = problem.Status;
        http.Response.StatusCode = status;
        http.Response.ContentType = ContentType;
        if (status == StatusCodes.Status503ServiceUnavailable && !http.Response.Headers.ContainsKey("Retry-After")) http.Response.Headers.RetryAfter = "1";
        if (HttpMethods.IsHead(http.Request.Method)) return;
        await JsonSerializer.SerializeAsync(http.Response.Body, problem, ForgeJson.Default.Problem, http.RequestAborted);
    }

    /// <summary>429 with the seconds to wait, at least 1.</summary>
    public static IResult RateLimited(HttpContext http, TimeSpan wait)
    {
        var seconds = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        http.Response.Headers.RetryAfter = seconds;
        return Of(StatusCodes.Status429TooManyRequests, "rate_limited", $"Too many tries. Try again in {seconds} s.");
    }

    /// <summary>403 <c>step_up_required</c>: prove yourself for this purpose and subject, then send the command again.</summary>
    public static IResult StepUpRequired(string purpose, string subject, TimeSpan maxAge) => new StepUpResult(purpose, subject, maxAge);

    /// <summary>Ties request, journal entry and log together.</summary>
    public static string CorrelationId(this HttpContext http) => Activity.Current?.TraceId.ToHexString() ?? http.TraceIdentifier;

    private static int StatusOf(RefusalKind kind) => kind switch
    {
        RefusalKind.Conflict => StatusCodes.Status409Conflict,
        RefusalKind.Invalid => StatusCodes.Status422UnprocessableEntity,
        RefusalKind.NotFound => StatusCodes.Status404NotFound,
        RefusalKind.Forbidden => StatusCodes.Status403Forbidden,
        _ => StatusCodes.Status503ServiceUnavailable,
    };

    private static string Title(int status) => status switch
    {
        400 => "The request cannot be read",
        401 => "Not signed in",
        403 => "Not allowed",
        404 => "Not found",
        405 => "Method not allowed",
        409 => "Conflict",
        413 => "Body too large",
        414 => "Address too long",
        415 => "Content type not supported",
        421 => "Wrong transport",
        422 => "A value is not valid",
        429 => "Too many requests",
        431 => "Headers too large",
        503 => "Not available now",
        _ => status >= 500 ? "Unexpected error" : "Refused",
    };

    private static Dictionary<string, string>? Map(IReadOnlyList<FieldError>? fields)
    {
        if (fields is null || fields.Count == 0) return null;
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in fields) map.TryAdd(field.Field, field.Code);
        return map;
    }

    private sealed class ProblemResult(int status, string code, string detail, IReadOnlyList<FieldError>? fields, long? version) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => WriteAsync(httpContext, status, code, detail, fields, version);
    }

    private sealed class StepUpResult(string purpose, string subject, TimeSpan maxAge) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            const string Code = "step_up_required";
            return WriteAsync(httpContext, new Problem("/problems/" + Code, Title(StatusCodes.Status403Forbidden), StatusCodes.Status403Forbidden, "Prove again that it is you, then send the command once more.", Code,
                httpContext.CorrelationId(), Purpose: purpose, Subject: subject, MaxAgeSeconds: (int)maxAge.TotalSeconds));
        }
    }
}
