using System.Collections.Immutable;
using System.Globalization;
using Forge.Domain.Contracts;

namespace Forge.Load;

/// <summary>One method per command of the tool: reads its options and runs. Exit codes: 0 done, 1 something was not as it must be.</summary>
internal static class Commands
{
    private const string DefaultUrl = "http://127.0.0.1:5180";
    private static readonly TimeProvider Clock = TimeProvider.System;

    public static async Task<int> PrepareAsync(string[] arguments)
    {
        var options = new Options(arguments, "url", "email", "password", "totp", "data", "organizations", "ids", "key-file");
        var url = options.LoopbackUrl("url", DefaultUrl);
        using var session = options.Text("data") is { } data && await TokenAsync(data) is { } token ? await SetUpAsync(url, token, options) : await SignInAsync(url, options);
        await new PrepareRun(session, Clock).RunAsync(options.Number("organizations", 1_000, 1, 50_000), options.Required("ids"), options.Required("key-file"), Console.Out, CancellationToken.None);
        return 0;
    }

    public static async Task<int> IngestAsync(string[] arguments, bool otlp)
    {
        var options = new Options(arguments, "target", "url", "key", "ids", "email", "password", "totp", "organizations", "series", "batch", "connections", "warmup", "scrapes", "seconds", "rate", "step",
            "start", "instance", "settle", "tail", "memory", "pid", "figures", "buckets", "gzip");
        var url = options.LoopbackUrl("url", DefaultUrl);
        var ids = await IdsAsync(options);
        var series = options.Number("series", 24, ServiceCounters.SeriesPerStatus, ServiceCounters.SeriesPerStatus * ServiceCounters.Statuses.Length);
        if (series % ServiceCounters.SeriesPerStatus != 0) throw new UsageException($"--series is a multiple of {ServiceCounters.SeriesPerStatus}.");
        var batch = options.Number("batch", 2_400, series, 50_000);
        int? rate = options.Text("rate") is null or "max" ? null : options.Number("rate", 0, 1, 10_000_000);
        var now = Clock.GetUtcNow().ToUnixTimeMilliseconds();
        var step = options.Number("step", 10, 1, 300) * 1_000L;
        var start = options.Text("start") is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : now - (5 * 3_600_000L) - (50 * 60_000L);
        var (warmUp, scrapes, seconds) = (options.Number("warmup", 60, 0, 2_000), options.Number("scrapes", 300, 1, 2_000), options.Number("seconds", 60, 1, 600));
        // At a given rate no more is prepared than will be sent.
        if (rate is { } r && options.Text("scrapes") is null) scrapes = Math.Clamp((int)Math.Ceiling(r * (double)seconds / (series * ids.Length)), 1, 2_000);
        var room = (int)((now + 60_000 - start) / step);
        if (warmUp + scrapes > room) throw new UsageException($"Only {room} scrapes {step / 1000} s apart fit between --start and now; the product refuses what is more than 2 min ahead.");

        var exponential = options.Text("buckets") switch { null or "explicit" => false, "exponential" => true, _ => throw new UsageException("--buckets is explicit or exponential.") };
        var gzip = options.Text("gzip") is "yes" or "true";
        var instance = options.Text("instance") ?? "load-" + now.ToString(CultureInfo.InvariantCulture);
        var lanes = ids.Chunk(Math.Max(1, batch / series)).Select((share, i) => otlp
            ? (ILane)new OtlpLane(i, share, instance, series, exponential, gzip)
            : new RemoteWriteLane(i, share, instance, series)).ToList();
        using var session = options.Text("email") is null ? null : await SignInAsync(url, options);
        if (session is not null) await LiveHubContract.WaitForBoardAsync(session, Clock, CancellationToken.None);
        var target = new Target(Target.Parse(options.Text("target")), url, Keys(options.Text("key")), options.Number("connections", 4, 1, 64), session);
        if (target.Kind == TargetKind.Forge && options.Text("key") is null) throw new UsageException("--key is missing.");
        var format = otlp ? (exponential ? "otlp-exponential" : "otlp-explicit") + (gzip ? "-gzip" : "") : "remote-write";
        // A paced run ends with its last body, not a moment before it.
        var longest = rate is null ? seconds : seconds + 15;
        var plan = new IngestPlan(format, ids, batch, warmUp, scrapes, longest, rate, start, step, options.Number("settle", 3, 0, 60), options.Number("tail", 3, 0, 60), options.Number("memory", 3_000, 10, 16_000) * 1_048_576L);
        var figures = await new IngestRun(plan, target, otlp ? target.Otlp(gzip) : target.RemoteWrite(), lanes, Clock).RunAsync(Pid(options), Console.Out, CancellationToken.None);
        if (figures is null) return 1;
        if (options.Text("figures") is { } file) await FigureFile.AppendAsync(file, figures);
        return 0;
    }

    public static async Task<int> DetectAsync(string[] arguments)
    {
        var options = new Options(arguments, "url", "email", "password", "totp", "organization", "key", "rounds", "ids", "organizations", "background", "background-key");
        var url = options.LoopbackUrl("url", DefaultUrl);
        var rounds = options.Number("rounds", 60, 1, DetectRun.MaxRounds);
        using var session = await SignInAsync(url, options);
        await LiveHubContract.WaitForBoardAsync(session, Clock, CancellationToken.None);
        var organization = options.Text("organization") ?? (await session.CreateMonitoredOrganizationAsync(
            "Detection " + Clock.GetUtcNow().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), SlaTerms.Default, DateOnly.FromDateTime(Clock.GetUtcNow().UtcDateTime))).Id;
        var key = options.Text("key") ?? await session.CreateKeyAsync("detection", [organization]);

        using var stop = new CancellationTokenSource();
        Task<SendResult>? background = null;
        var rate = options.Number("background", 0, 0, 1_000_000);
        if (rate > 0)
        {
            var ids = (await IdsAsync(options)).Remove(organization);
            background = Background(new Target(TargetKind.Forge, url, Keys(options.Required("background-key")), 8, null), ids, 2_400, rate, 180, stop.Token);
            await Task.Delay(TimeSpan.FromSeconds(5), Clock);   // compiled and steady before the first round
        }
        try
        {
            await new DetectRun(session, url, key, organization, Clock).RunAsync(rounds, Console.Out, CancellationToken.None);
        }
        finally
        {
            await stop.CancelAsync();
        }
        if (background is null) return 0;
        var sent = await background;
        await Console.Out.WriteLineAsync($"background          {sent.Samples / sent.Seconds:F0} samples/s; {string.Join(", ", sent.Answers.OrderBy(a => a.Key).Select(a => $"{a.Key}: {a.Value}"))}{(sent.Finished ? "; ended before the rounds did" : "")}");
        return sent is { FirstRefusal: null, Finished: false } ? 0 : 1;
    }

    public static async Task<int> SwarmAsync(string[] arguments)
    {
        var options = new Options(arguments, "url", "email", "password", "totp", "pid", "ids", "key", "clients", "seconds", "changes", "organizations");
        var url = options.LoopbackUrl("url", DefaultUrl);
        var ids = await IdsAsync(options);
        using var session = await SignInAsync(url, options);
        await LiveHubContract.WaitForBoardAsync(session, Clock, CancellationToken.None);
        var seconds = options.Number("seconds", 20, 5, 300);
        var rate = options.Number("changes", 200, 1, 5_000) * 24;
        // A first sample waits for its checkpoint, so many requests must be under way to keep the rate.
        var target = new Target(TargetKind.Forge, url, Keys(options.Required("key")), 16, null);
        var run = new SwarmRun(session, url, stop => Background(target, ids, 240, rate, seconds + 120, stop).GetAwaiter().GetResult(), Clock);
        return await run.RunAsync(options.Number("clients", 1_000, 1, 5_000), seconds, Pid(options) ?? throw new UsageException("--pid is missing."), Console.Out, CancellationToken.None) ? 0 : 1;
    }

    public static async Task<int> SnapshotAsync(string[] arguments)
    {
        var options = new Options(arguments, "url", "email", "password", "totp", "rounds");
        var url = options.LoopbackUrl("url", DefaultUrl);
        using var session = await SignInAsync(url, options);
        await LiveHubContract.WaitForBoardAsync(session, Clock, CancellationToken.None);
        await SwarmRun.SnapshotAsync(session, url, options.Number("rounds", 100, 1, 10_000), Clock, Console.Out, CancellationToken.None);
        return 0;
    }

    public static async Task<int> StartAsync(string[] arguments)
    {
        var options = new Options(arguments, "product", "data", "url", "key", "organization", "rounds");
        await new StartRun(options.Required("product"), options.Required("data"), options.LoopbackUrl("url", DefaultUrl), options.Required("key"), options.Required("organization"), Clock)
            .RunAsync(options.Number("rounds", 3, 1, 20), Console.Out, CancellationToken.None);
        return 0;
    }

    public static async Task<int> TableAsync(string[] arguments)
    {
        var figures = await FigureFile.ReadAsync(new Options(arguments, "figures").Required("figures"));
        await Console.Out.WriteLineAsync(FigureFile.Table(figures));
        await Console.Out.WriteLineAsync(FigureFile.Ratios(figures));
        foreach (var run in figures.GroupBy(f => (f.Organizations, f.Batch, f.Format, f.Rate)).Where(g => g.Select(f => f.Digest).Distinct().Count() > g.GroupBy(f => f.Target).Max(t => t.Count())))
            await Console.Out.WriteLineAsync($"The bytes of {run.Key.Organizations} organizations, {run.Key.Batch} a request, were not the same for all.");
        return 0;
    }

    /// <summary>Sends at a rate until stopped; data time begins only as far back as it must, at most as far as the product takes it: what catches up is shown less often.</summary>
    private static Task<SendResult> Background(Target target, ImmutableArray<string> ids, int batch, int rate, int seconds, CancellationToken stop)
    {
        var now = Clock.GetUtcNow().ToUnixTimeMilliseconds();
        var lanes = ids.Chunk(batch / 24).Select((share, i) => (ILane)new RemoteWriteLane(i, share, "background-" + now.ToString(CultureInfo.InvariantCulture), 24)).ToList();
        var scrapes = Math.Clamp((int)Math.Ceiling(rate * (double)seconds / (24 * ids.Length)), 1, 2_000);
        var back = Math.Min((scrapes * 10_000L) + (2 * 60_000L), (5 * 3_600_000L) + (45 * 60_000L));
        var bodies = Bodies.Make(lanes, now - back, 10_000, scrapes, 3_000L * 1_048_576);
        return Task.Factory.StartNew(() => new Sender(target.RemoteWrite()).Send(bodies, 0, bodies.Scrapes.Count, rate, TimeSpan.FromMinutes(10), stop), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    private static async Task<ImmutableArray<string>> IdsAsync(Options options)
    {
        var count = options.Number("organizations", 1_000, 1, 50_000);
        ImmutableArray<string> ids = [.. (await File.ReadAllLinesAsync(options.Required("ids"))).Select(l => l.Trim()).Where(l => l.Length > 0).Take(count)];
        if (ids.IsEmpty) throw new UsageException("There is no organization to write for.");
        if (ids.Length < count) await Console.Out.WriteLineAsync($"only {ids.Length} of {count} organizations exist");
        return ids;
    }

    private static async Task<ProductSession> SignInAsync(Uri url, Options options) =>
        await ProductSession.SignInAsync(url, options.Required("email"), new Credentials(options.Required("password"), (await File.ReadAllTextAsync(options.Required("totp"))).Trim()));

    private static async Task<ProductSession> SetUpAsync(Uri url, string token, Options options)
    {
        var (session, credentials) = await ProductSession.SetUpAsync(url, token, options.Required("email"), options.Required("password"));
        await File.WriteAllTextAsync(options.Required("totp"), credentials.Seed);
        return session;
    }

    // The announcer writes the file a moment after the product is ready; none = somebody is administrator already.
    private static async Task<string?> TokenAsync(string data)
    {
        var file = Path.Combine(data, "setup-token");
        for (var tries = 0; tries < 50 && !File.Exists(file); tries++) await Task.Delay(TimeSpan.FromMilliseconds(100), Clock);
        return File.Exists(file) ? (await File.ReadAllTextAsync(file)).Trim() : null;
    }

    private static ImmutableArray<string> Keys(string? text) => text is null ? [] : [.. text.Split(',')];

    private static int? Pid(Options options) => options.Text("pid") is null ? null : options.Number("pid", 0, 1, int.MaxValue);
}
