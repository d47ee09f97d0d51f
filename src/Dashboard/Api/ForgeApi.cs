using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Forge.Dashboard.Identity;
using Forge.Domain.Audit;

namespace Forge.Dashboard.Api;

/// <summary>An answer: the value with its version, or the problem in words.</summary>
public sealed record Answer<T>(T? Value, long? Version, Problem? Problem)
    where T : class
{
    /// <summary>True when there is a value.</summary>
    public bool Succeeded => Problem is null;
}

/// <summary>Calls of the server's API. Every answer that is not a success becomes a <see cref="Domain.Problem"/>, also when there is no server.</summary>
public sealed class ForgeApi(HttpClient http, SessionToken session, StepUpDesk stepUps)
{
    /// <summary>The server answered that nobody is signed in.</summary>
    public event Action? SignedOut;

    /// <summary>The server answered somebody who is signed in: the session's idle time begins anew.</summary>
    public event Action? Answered;

    /// <summary>Reads something.</summary>
    public Task<Answer<T>> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation = default)
        where T : class => SendAsync(() => new HttpRequestMessage(HttpMethod.Get, path), type, cancellation);

    /// <summary>Sends a command with a fresh idempotency key, or with <paramref name="key"/> when a person tries the same thing again.</summary>
    public Task<Answer<TAnswer>> SendAsync<TBody, TAnswer>(
        HttpMethod method, string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TAnswer> answerType, long? version = null, string? key = null)
        where TAnswer : class
    {
        var command = Command(method, path, version, key);
        return SendAsync(() => With(command(), JsonContent.Create(body, bodyType)), answerType, CancellationToken.None);
    }

    /// <summary>Sends a command without a body, whose answer does not matter.</summary>
    public async Task<Problem?> SendAsync(HttpMethod method, string path) =>
        (await SendAsync<object>(Command(method, path, null, null), null, CancellationToken.None)).Problem;

    /// <summary>Sends a command without a body and reads its answer.</summary>
    public Task<Answer<TAnswer>> SendAsync<TAnswer>(HttpMethod method, string path, JsonTypeInfo<TAnswer> answerType)
        where TAnswer : class => SendAsync(Command(method, path, null, null), answerType, CancellationToken.None);

    /// <summary>Posts a body of any media type and reads the answer; for what changes nothing.</summary>
    public Task<Answer<TAnswer>> PostAsync<TAnswer>(string path, HttpContent body, JsonTypeInfo<TAnswer> answerType)
        where TAnswer : class
    {
        // A body that was read once cannot be sent again: this is for what needs no step-up.
        var request = With(Command(HttpMethod.Post, path, null, null)(), body);
        return OnceAsync(request, answerType, CancellationToken.None);
    }

    private static HttpRequestMessage With(HttpRequestMessage request, HttpContent body)
    {
        request.Content = body;
        return request;
    }

    /// <summary>A command that can be made again, with the same key: a repetition after a step-up is the same command.</summary>
    private Func<HttpRequestMessage> Command(HttpMethod method, string path, long? version, string? key)
    {
        key ??= Guid.NewGuid().ToString("N");
        return () =>
        {
            var request = new HttpRequestMessage(method, path);
            request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
            if (version is { } v) request.Headers.IfMatch.Add(new EntityTagHeaderValue($"\"{v}\""));
            if (session.Csrf is { } token) request.Headers.TryAddWithoutValidation("X-Forge-Csrf", token);
            return request;
        };
    }

    /// <summary>Sends; where the server wants a step-up first, asks for it and sends the same once more.</summary>
    private async Task<Answer<T>> SendAsync<T>(Func<HttpRequestMessage> make, JsonTypeInfo<T>? type, CancellationToken cancellation)
        where T : class
    {
        var answer = await OnceAsync(make(), type, cancellation);
        if (answer.Problem is not { Code: "step_up_required", Purpose: { } purpose } asked) return answer;
        if (await stepUps.AskAsync(new StepUpQuestion(purpose, asked.Subject ?? "")) is not { } stepUpId)
            return new Answer<T>(null, null, Local("step_up_left", "Not done: you did not confirm that it is you", "Nothing was changed and what you typed is kept. Try again when you are ready."));
        var again = make();
        again.Headers.TryAddWithoutValidation(StepUpHeader.Name, stepUpId);
        return await OnceAsync(again, type, cancellation);
    }

    private async Task<Answer<T>> OnceAsync<T>(HttpRequestMessage request, JsonTypeInfo<T>? type, CancellationToken cancellation)
        where T : class
    {
        using (request)
        {
            try
            {
                using var response = await http.SendAsync(request, cancellation);
                if (response.StatusCode != HttpStatusCode.Unauthorized) Answered?.Invoke();
                if (!response.IsSuccessStatusCode) return new Answer<T>(null, null, await ProblemAsync(response));
                var value = type is null || response.StatusCode == HttpStatusCode.NoContent ? null : await response.Content.ReadFromJsonAsync(type, cancellation);
                return new Answer<T>(value, long.TryParse(response.Headers.ETag?.Tag.Trim('"'), out var v) ? v : null, null);
            }
            catch (HttpRequestException)
            {
                return new Answer<T>(null, null, Local("unreachable", "The server did not answer", "Nothing you typed is lost. Check the connection and try again."));
            }
            catch (JsonException)
            {
                return new Answer<T>(null, null, Local("answer_unreadable", "The answer could not be read", "Server and page may be of different versions: load the page again."));
            }
        }
    }

    private async Task<Problem> ProblemAsync(HttpResponseMessage response)
    {
        if (response.StatusCode == HttpStatusCode.Unauthorized) SignedOut?.Invoke();
        try
        {
            if (response.Content.Headers.ContentType?.MediaType is "application/problem+json" or "application/json"
                && await response.Content.ReadFromJsonAsync(ForgeJson.Default.Problem) is { } problem) return problem;
        }
        catch (JsonException)
        {
            // fall through to the plain one
        }
        return Local($"http_{(int)response.StatusCode}", $"The server answered {(int)response.StatusCode}", "Nothing was changed. Try again, or give the code to whoever runs this server.");
    }

    private static Problem Local(string code, string title, string detail) => new("/problems/" + code, title, 0, detail, code, null);
}
