using System.Collections.Immutable;
using System.Globalization;
using Forge.Domain.Contracts;
using Forge.Load;
using Forge.Testing.RemoteWrite;

const string Usage = """
    Measures a product that runs on this machine.

    load ingest --key fik_..[,fik_..] (--ids file | --email e --password p) [--url http://127.0.0.1:5180] [--organizations 1000] [--series 24]
                [--batch 2400] [--seconds 30] [--rate n|max] [--connections 4] [--step 10] [--pid n]
        Remote-write of cumulative request histograms: samples/s, request latency, and for --pid CPU-seconds per million samples and memory.

    load detect --email e --password p [--url http://127.0.0.1:5180] [--rounds 20] [--organization id --key fik_..]
        From the last byte of the batch that proves a breach to the hub frame that carries the violation. Without --organization it makes one with default terms.
    """;

try
{
    return args switch
    {
        ["ingest", .. var rest] => await IngestAsync(rest),
        ["detect", .. var rest] => await DetectAsync(rest),
        _ => throw new UsageException("Say ingest or detect."),
    };
}
catch (UsageException e)
{
    await Console.Error.WriteLineAsync(e.Message + "\n\n" + Usage);
    return 2;
}
catch (Exception e) when (e is HttpRequestException or InvalidOperationException or TimeoutException or IOException)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}

static async Task<int> IngestAsync(string[] arguments)
{
    var options = new Options(arguments, "url", "key", "ids", "email", "password", "organizations", "series", "batch", "seconds", "rate", "connections", "step", "pid");
    var url = options.LoopbackUrl("url", "http://127.0.0.1:5180");
    var count = options.Number("organizations", 1000, 1, 5_000);
    var series = options.Number("series", 24, RequestHistogram.SeriesPerStatus, IngestRun.MaxSeries);
    if (series % RequestHistogram.SeriesPerStatus != 0) throw new UsageException($"--series is a multiple of {RequestHistogram.SeriesPerStatus}.");
    int? rate = options.Text("rate") is null or "max" ? null : options.Number("rate", 0, 1, 10_000_000);
    ImmutableArray<string> ids;
    if (options.Text("ids") is { } file)
    {
        ids = [.. (await File.ReadAllLinesAsync(file)).Select(l => l.Trim()).Where(l => l.Length > 0).Take(count)];
    }
    else
    {
        using var session = await ProductSession.SignInAsync(url, options.Required("email"), options.Required("password"));
        ids = await session.OrganizationIdsAsync(count);
    }
    if (ids.Length < count) await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"only {ids.Length} of {count} organizations exist"));
    if (ids.IsEmpty) throw new UsageException("There is no organization to write for.");
    var plan = new IngestPlan(url, [.. options.Required("key").Split(',')], ids, series, options.Number("batch", 2_400, 1, 50_000), options.Number("seconds", 30, 1, 600),
        rate, options.Number("connections", 4, 1, 64), options.Number("step", 10, 1, 300));
    int? pid = options.Text("pid") is null ? null : options.Number("pid", 0, 1, int.MaxValue);
    return await new IngestRun(plan, TimeProvider.System).RunAsync(pid, Console.Out, CancellationToken.None) ? 0 : 1;
}

static async Task<int> DetectAsync(string[] arguments)
{
    var options = new Options(arguments, "url", "email", "password", "organization", "key", "rounds");
    var url = options.LoopbackUrl("url", "http://127.0.0.1:5180");
    var rounds = options.Number("rounds", 20, 1, DetectRun.MaxRounds);
    var clock = TimeProvider.System;
    using var session = await ProductSession.SignInAsync(url, options.Required("email"), options.Required("password"));
    var organization = options.Text("organization") ?? (await session.CreateMonitoredOrganizationAsync(
        "Detection " + clock.GetUtcNow().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), SlaTerms.Default, DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime))).Id;
    var key = options.Text("key") ?? await session.CreateKeyAsync("detection", [organization]);
    await new DetectRun(session, url, key, organization, clock).RunAsync(rounds, Console.Out, CancellationToken.None);
    return 0;
}
