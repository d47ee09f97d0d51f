using Forge.Dashboard.Sla;
using System.Collections.Immutable;
using System.Net;
using System.Text;
using Bunit;
using Forge.Dashboard.Api;
using Forge.Dashboard.Frame;
using Forge.Dashboard.Identity;
using Forge.Dashboard.Live;
using Forge.Domain;
using Forge.Domain.Live;
using Forge.Domain.Sla;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Forge.Dashboard.Tests;

/// <summary>Things tests need, in their usual form; each is changed where a test is about it.</summary>
internal static class A
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static FakeTimeProvider Clock() => new(Start);

    public static SlaTile Tile(string name, Health health = Health.Good, TimeSpan? age = null, params TileViolation[] open) => new(
        OrganizationId: "eu-" + name.ToLowerInvariant().PadRight(10, '0')[..10], Name: name, Region: Region.EU, Plan: "ENTERPRISE", IsEnterprise: true, Monitored: health != Health.NoSla,
        Health: health, UptimeMonthPpm: 999_617, UptimeMonthMinPpm: 998_220, UptimeMonthMaxPpm: 999_617, TargetPpm: 999_500, BudgetUsedPpm: 120_000, AllowedBadSlots: 133, BadSlots: 16,
        BudgetExhausted: false, P99Ms5m: 84, P99TargetMs: 100, ErrorPpm5m: 200, ErrorTargetPpm: 10_000, RequestsPerSecond: 40, Uptime30dPpm: 999_700, P99Ms30d: 88, Violations30d: open.Length,
        CoveragePpm: 990_000, Coverage30dPpm: 980_000, Open: [.. open], DataAt: health == Health.NoSla ? null : Start - (age ?? TimeSpan.FromSeconds(2)), StaleAfterMs: 30_000, ComputedAt: Start, ProvisionalHealthReason: "as given");

    public static TileViolation Violation(ImpactLevel impact = ImpactLevel.MAJOR, int badSeconds = 730) =>
        new(new string('a', 32), SlaMetricType.LATENCY_P99, impact, Start.AddMinutes(-20), badSeconds, false, false);

    public static LiveDelta Delta(SlaTile tile, long sequence = 1) => new(LiveDelta.TileOf(tile.OrganizationId), 1, sequence, new LiveContent.TileChanged(tile));

    public static LiveStart Snapshot(long sequence, params SlaTile[] tiles) => new(new LiveSnapshot("node", sequence, Start, [.. tiles.Select(t => Delta(t))]), null);

    public static LiveFrame Frame(long from, long to, params LiveDelta[] deltas) => new("node", from, to, Start, [.. deltas]);

    public static LiveHeartbeat Beat(FakeTimeProvider clock, long sequence, int feedAgeMs = 100) => new("node", sequence, clock.GetUtcNow(), feedAgeMs, "1");

    public static LiveStore Board(FakeTimeProvider clock, params SlaTile[] tiles)
    {
        var store = new LiveStore(clock);
        store.Take(Snapshot(1, tiles));
        return store;
    }
}

/// <summary>A page's surroundings: live store, fake clock, and an API that answers what the test gives it and remembers what it was asked.</summary>
internal sealed class PageContext : BunitContext
{
    public PageContext(params SlaTile[] tiles)
    {
        Clock = A.Clock();
        Store = A.Board(Clock, tiles);
        Answers = new FakeServer();
        JSInterop.Mode = JSRuntimeMode.Loose;
        var module = JSInterop.SetupModule("./js/forge.js");
        module.Mode = JSRuntimeMode.Loose;
        Script = module;
        PasskeyScript = JSInterop.SetupModule("./js/passkey.js");
        PasskeyScript.Mode = JSRuntimeMode.Loose;
        TabScript = JSInterop.SetupModule("./js/session.js");
        TabScript.Mode = JSRuntimeMode.Loose;
        Services.AddSingleton<TimeProvider>(Clock);
        Services.AddSingleton(Store);
        Services.AddSingleton(new HttpClient(Answers) { BaseAddress = new Uri("http://localhost/") });
        Services.AddSingleton<SessionToken>();
        Services.AddSingleton<StepUpDesk>();
        Services.AddSingleton<ForgeApi>();
        Services.AddSingleton<SessionState>();
        Services.AddSingleton<Browser>();
        Services.AddSingleton<Passkeys>();
        Services.AddSingleton<SessionTabs>();
        Services.AddSingleton<LiveConnection>();
        Services.AddSingleton<ScreenState>();
    }

    public FakeTimeProvider Clock { get; }

    public LiveStore Store { get; }

    /// <summary>The page's own script.</summary>
    public BunitJSModuleInterop Script { get; }

    /// <summary>Passkeys; without set-up this browser has none.</summary>
    public BunitJSModuleInterop PasskeyScript { get; }

    /// <summary>What tabs tell each other.</summary>
    public BunitJSModuleInterop TabScript { get; }

    public FakeServer Answers { get; }
}

/// <summary>Answers by path; 404 for the rest.</summary>
internal sealed class FakeServer : HttpMessageHandler
{
    public Dictionary<string, string> Json { get; } = [];

    /// <summary>Refusals by path; they win.</summary>
    public Dictionary<string, string> Problems { get; } = [];

    /// <summary>Refusals by path that are given once, before anything else.</summary>
    public Dictionary<string, Queue<string>> Once { get; } = [];

    public List<string> Asked { get; } = [];

    /// <summary>Unsafe calls in order: method and path, step-up and idempotency key they carried.</summary>
    public List<(string Call, string? StepUp, string? Key)> Commands { get; } = [];

    public List<(string Body, string? IfMatch)> Sent { get; } = [];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Asked.Add(request.RequestUri!.PathAndQuery);
        if (request.Content is { } content) Sent.Add((await content.ReadAsStringAsync(cancellationToken), request.Headers.IfMatch.SingleOrDefault()?.Tag));
        if (request.Method != HttpMethod.Get) Commands.Add(($"{request.Method} {request.RequestUri.AbsolutePath}", Header("X-Forge-Step-Up"), Header("Idempotency-Key")));
        if ((Once.TryGetValue(request.RequestUri.AbsolutePath, out var once) && once.TryDequeue(out var problem)) || Problems.TryGetValue(request.RequestUri.AbsolutePath, out problem))
            return new HttpResponseMessage(HttpStatusCode.UnprocessableEntity) { Content = new StringContent(problem, Encoding.UTF8, "application/problem+json") };
        return Json.TryGetValue(request.RequestUri.AbsolutePath, out var json)
            ? new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(json, Encoding.UTF8, "application/json") }
            : new HttpResponseMessage(HttpStatusCode.NotFound);

        string? Header(string name) => request.Headers.TryGetValues(name, out var values) ? values.Single() : null;
    }
}
