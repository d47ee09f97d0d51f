namespace Forge.WebApi.Http;

/// <summary>Answers 503 <c>overloaded</c> beyond so many requests at once; nothing waits in a queue. Live connections last for an hour and do not count.</summary>
internal sealed class InFlight(RequestDelegate next, WebApiOptions options)
{
    private int _now;

    public Task InvokeAsync(HttpContext http) => http.Request.Path.IsUnder("/hubs") ? next(http) : CountAsync(http);

    private async Task CountAsync(HttpContext http)
    {
        try
        {
            if (Interlocked.Increment(ref _now) <= options.Limits.InFlight) await next(http);
            else await Problems.WriteAsync(http, StatusCodes.Status503ServiceUnavailable, "overloaded", "This node has as much to do as it takes. Try again.");
        }
        finally
        {
            Interlocked.Decrement(ref _now);
        }
    }
}

/// <summary>Where people come by https: API, hubs and ingest refuse plain HTTP (a redirect would send the key a second time in the open), pages are sent to https. Health answers both.</summary>
internal sealed class TransportGuard(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext http)
    {
        var request = http.Request;
        if (request.IsHttps || request.Path.IsUnder("/healthz")) return next(http);
        if ((HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)) && !request.Path.IsUnder("/api") && !request.Path.IsUnder("/hubs"))
        {
            http.Response.Redirect($"https://{request.Host}{request.PathBase}{request.Path}{request.QueryString}", permanent: true, preserveMethod: true);
            return Task.CompletedTask;
        }
        return Problems.WriteAsync(http, StatusCodes.Status421MisdirectedRequest, "https_required", "Use https.");
    }
}

/// <summary>What a request may look like before anything reads it: methods, length of address and headers, size and type of the body. Ingest is answered before and judges its own bodies.</summary>
internal sealed class RequestGuard(RequestDelegate next, WebApiOptions options)
{
    public Task InvokeAsync(HttpContext http)
    {
        var request = http.Request;
        if (HttpMethods.IsTrace(request.Method) || HttpMethods.IsConnect(request.Method))
            return Problems.WriteAsync(http, StatusCodes.Status405MethodNotAllowed, "method_not_allowed", "This address does not take this method.");
        if ((request.Path.Value?.Length ?? 0) + (request.QueryString.Value?.Length ?? 0) > options.Limits.UrlBytes)
            return Problems.WriteAsync(http, StatusCodes.Status414UriTooLong, "url_too_long", "The address is longer than 8 KiB.");
        if (Length(request.Headers) > options.Limits.HeaderBytes)
            return Problems.WriteAsync(http, StatusCodes.Status431RequestHeaderFieldsTooLarge, "headers_too_large", "The headers together are larger than 32 KiB.");
        if (!request.Path.IsUnder("/api") || !HasBody(request)) return next(http);

        var limit = http.GetEndpoint()?.Metadata.GetMetadata<BodyLimit>();
        if (request.ContentLength > (request.HasFormContentType ? options.Limits.FormBytes : limit?.Bytes ?? JsonBody.MaxBytes))
            return Problems.WriteAsync(http, StatusCodes.Status413PayloadTooLarge, "body_too_large", "The body is too large.");
        if (limit is not { AnyType: true } && !request.HasJsonContentType())
            return Problems.WriteAsync(http, StatusCodes.Status415UnsupportedMediaType, "content_type_unsupported", "Send Content-Type: application/json.");
        return next(http);
    }

    private static bool HasBody(HttpRequest request) => request.ContentLength is > 0 || request.Headers.TransferEncoding.Count > 0;

    private static int Length(IHeaderDictionary headers)
    {
        var length = 0;
        foreach (var (name, values) in headers)
            foreach (var value in values) length += name.Length + (value?.Length ?? 0) + 4;   // ": " and the line's end
        return length;
    }
}
