using System.Collections.Concurrent;
using System.Text.Json;
using Forge.WebApi.Identity;

namespace Forge.WebApi.Http;

/// <summary>
/// Journals what was refused at the edge: unsafe calls without the right, forged requests, floods. What one person or address does again within 10 s is one entry with a count.
/// Source: security.md 11.
/// </summary>
internal sealed class RefusalJournal(SignInJournal journal, TimeProvider time) : BackgroundService
{
    /// <summary>Action of the entries.</summary>
    public const string Action = "request.refused";

    /// <summary>How long refusals are gathered before they are written.</summary>
    public static readonly TimeSpan Fold = TimeSpan.FromSeconds(10);

    // Beyond so many different ones at once the rest is counted together: a flood must not fill the memory or the journal.
    private const int MostKinds = 1_000;

    private readonly ConcurrentDictionary<(string Who, string Code), Refused> _waiting = new();

    /// <summary>Counts a refusal; it is written within 10 s.</summary>
    public void Tell(HttpContext http, string code)
    {
        var address = SignInLimits.AddressOf(http);
        var who = http.User.UserId() is { } id ? "user:" + id : "address:" + address;
        var route = (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "";   // the pattern: ids of things are not copied here
        var key = (who, code);
        if (_waiting.Count >= MostKinds && !_waiting.ContainsKey(key)) key = ("anonymous", code);
        _waiting.AddOrUpdate(key, _ => new Refused(http.Request.Method, route, address, 1), (_, first) => first with { Count = first.Count + 1 });
    }

    /// <summary>Hands what was gathered to the journal.</summary>
    public void Flush()
    {
        foreach (var (key, _) in _waiting)
            if (_waiting.TryRemove(key, out var refused))
                journal.Note(key.Who, Action, "request", JsonSerializer.Serialize(new { code = key.Code, method = refused.Method, route = refused.Route, address = refused.Address, count = refused.Count }));
    }

    /// <summary>True for calls whose refusal is worth an entry.</summary>
    public static bool Counts(HttpContext http) => !HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method) && !HttpMethods.IsOptions(http.Request.Method);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Fold, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) Flush();
        }
        catch (OperationCanceledException)
        {
            Flush();
        }
    }

    private sealed record Refused(string Method, string Route, string Address, int Count);
}
