using System.Data.Common;
using Forge.Grains.Interfaces;
using Forge.Grains.Interfaces.Audit;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.EntityFrameworkCore;
using Orleans.Runtime;

namespace Forge.WebApi.Http;

/// <summary>Turns failures and bare status codes under <c>/api</c> and <c>/hubs</c> into problems that carry no exception text.</summary>
internal sealed class ErrorHandling(RequestDelegate next, ILogger<ErrorHandling> log)
{
    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            await next(http);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (Exception failure) when (!http.Response.HasStarted)
        {
            await AnswerAsync(http, failure);
            return;
        }
        var status = http.Response.StatusCode;
        if (status < 400 || http.Response.HasStarted || !IsProduct(http) || http.Response.ContentLength is > 0 || http.Response.ContentType is not null) return;
        var (code, detail) = Bare(status);
        await Problems.WriteAsync(http, status, code, detail);
    }

    private async Task AnswerAsync(HttpContext http, Exception failure)
    {
        // Headers that say what the answer would have been must not stay: an ETag of a failed command, a file name.
        http.Response.Headers.ETag = default;
        http.Response.Headers.ContentDisposition = default;
        if (failure is BadHttpRequestException bad)
        {
            var (code, detail) = Bare(bad.StatusCode);
            await Problems.WriteAsync(http, bad.StatusCode, code, detail);
        }
        else if (failure is ActorRefusedException)
        {
            log.LogError("{Method} {Path}: the cluster does not take this node's signature ({CorrelationId}). Compare actor keys and clocks of nodes and silos.", http.Request.Method, http.Request.Path, http.CorrelationId());
            await Problems.WriteAsync(http, StatusCodes.Status503ServiceUnavailable, ActorRefusedException.Code, "The cluster does not recognise this node now. Nothing was done.");
        }
        else if (IsUnavailable(failure))
        {
            log.LogWarning(failure, "{Method} {Path} found the cluster or the store unavailable ({CorrelationId})", http.Request.Method, http.Request.Path, http.CorrelationId());
            await Problems.WriteAsync(http, StatusCodes.Status503ServiceUnavailable, "unavailable", "The service does not answer now. Try again; a repeated Idempotency-Key is safe.");
        }
        else
        {
            log.LogError(failure, "{Method} {Path} failed ({CorrelationId})", http.Request.Method, http.Request.Path, http.CorrelationId());
            await Problems.WriteAsync(http, StatusCodes.Status500InternalServerError, "unexpected", "Something failed on our side. The correlation id finds it in the log.");
        }
    }

    /// <summary>True when a try later may work.</summary>
    internal static bool IsUnavailable(Exception failure) => failure switch
    {
        TimeoutException or OrleansException or StoreUnavailableException or DbException => true,
        DbUpdateException => true,
        OperationCanceledException => true,
        _ => failure.InnerException is { } inner && IsUnavailable(inner),
    };

    // Ingest answers faults itself, but an address or method it does not have is nobody's.
    private static bool IsProduct(HttpContext http) =>
        http.Request.Path.IsUnder("/api") && (!http.Request.Path.IsUnder("/api/ingest") || http.GetEndpoint() is not RouteEndpoint);

    private static (string Code, string Detail) Bare(int status) => status switch
    {
        400 => ("malformed", "The request cannot be read."),
        401 => ("not_authenticated", "Sign in first."),
        403 => ("forbidden", "This is not allowed for you."),
        404 => ("not_found", "There is nothing at this address."),
        405 => ("method_not_allowed", "This address does not take this method."),
        413 => ("body_too_large", "The body is too large."),
        414 => ("url_too_long", "The address is too long."),
        415 => ("content_type_unsupported", "This content type is not supported."),
        431 => ("headers_too_large", "The headers are too large."),
        429 => ("rate_limited", "Too many requests."),
        >= 500 => ("unexpected", "Something failed on our side."),
        _ => ("refused", "The request was refused."),
    };
}

/// <summary>401 and 403 as problems instead of redirects.</summary>
internal sealed class AuthorizationProblems(RefusalJournal refusals) : IAuthorizationMiddlewareResultHandler
{
    public Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        if (authorizeResult.Succeeded) return next(context);
        var known = context.User.Identity?.IsAuthenticated == true;
        if (RefusalJournal.Counts(context)) refusals.Tell(context, known ? "forbidden" : "not_authenticated");
        return known
            ? Problems.WriteAsync(context, StatusCodes.Status403Forbidden, "forbidden", "Your role does not allow this.")
            : Problems.WriteAsync(context, StatusCodes.Status401Unauthorized, "not_authenticated", "Sign in first.");
    }
}
