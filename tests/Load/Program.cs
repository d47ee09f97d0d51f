using Forge.Load;

const string Usage = """
    Measures a product that runs on this machine. Numbers are read from /proc (Linux). tests/Load/compare.sh runs it beside Prometheus and VictoriaMetrics.

    load prepare --email e --password p --totp file [--url http://127.0.0.1:5180] [--data folder] --organizations n --ids file --key-file file
        Makes enterprise organizations with signed contracts and one ingest key. With --data it first makes the administrator by the setup token in that folder.
        --totp: file with the Base32 seed of the authenticator app; the first administrator's is written there.

    load ingest --ids file [--target forge|prometheus|victoria] [--url ..] [--key fik_..[,fik_..]] [--organizations 1000] [--series 24] [--batch 2400] [--connections 4]
                [--warmup 60] [--scrapes 300] [--seconds 60] [--rate n|max] [--step 10] [--start ms] [--instance name] [--settle 3] [--tail 3] [--memory MiB]
                [--pid n] [--email e --password p --totp file] [--figures file]
        Remote-write of cumulative request histograms: samples/s, request times; with --pid CPU-seconds per million samples and memory; with --email what the product judged is held against the ledger.

    load otlp   the same for OTLP/HTTP, and [--buckets explicit|exponential] [--gzip yes]; a data point counts as the series it replaces.

    load detect --email e --password p --totp file [--url ..] [--rounds 60] [--organization id --key fik_..] [--ids file --background n --background-key fik_..]
        From the last byte of the batch that proves a breach to its commit and to the hub frame that carries it; --background = samples/s from other organizations meanwhile.

    load swarm --email e --password p --totp file --pid n --ids file --key fik_.. [--url ..] [--clients 1000] [--seconds 20] [--changes 200] [--organizations 1000]
        Wallboards on the live hub while so many tiles a second change: delta times, server cores, memory per wallboard.

    load snapshot --email e --password p --totp file [--url ..] [--rounds 100]
        Time until a whole board has arrived.

    load start --product Forge.Silo.dll --data folder --key fik_.. --organization id [--url ..] [--rounds 3]
        From the start of the process to the first acknowledged sample. The product must not run yet; every start is ended again.

    load table --figures file
        Markdown tables of what ingest and otlp wrote there.
    """;

try
{
    return args switch
    {
        ["prepare", .. var rest] => await Commands.PrepareAsync(rest),
        ["ingest", .. var rest] => await Commands.IngestAsync(rest, otlp: false),
        ["otlp", .. var rest] => await Commands.IngestAsync(rest, otlp: true),
        ["detect", .. var rest] => await Commands.DetectAsync(rest),
        ["swarm", .. var rest] => await Commands.SwarmAsync(rest),
        ["snapshot", .. var rest] => await Commands.SnapshotAsync(rest),
        ["start", .. var rest] => await Commands.StartAsync(rest),
        ["table", .. var rest] => await Commands.TableAsync(rest),
        _ => throw new UsageException("Say what to measure."),
    };
}
catch (UsageException e)
{
    await Console.Error.WriteLineAsync(e.Message + "\n\n" + Usage);
    return 2;
}
catch (Exception e) when (e is HttpRequestException or InvalidOperationException or TimeoutException or IOException or System.Net.Sockets.SocketException or System.Net.WebSockets.WebSocketException or Microsoft.AspNetCore.SignalR.HubException)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
