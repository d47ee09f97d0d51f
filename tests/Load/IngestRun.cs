using System.Collections.Immutable;

namespace Forge.Load;

/// <summary>What to send.</summary>
/// <param name="Format">Name in tables: remote-write, otlp-explicit, otlp-exponential.</param>
/// <param name="Organizations">Organizations to write for.</param>
/// <param name="Batch">Samples per request.</param>
/// <param name="WarmUp">Scrapes sent before the clock starts: caches, just-in-time compilation, series of their own kind.</param>
/// <param name="Scrapes">Scrapes that are measured.</param>
/// <param name="Seconds">Longest time for them.</param>
/// <param name="Rate">Samples per second over all connections; null = as fast as it is answered.</param>
/// <param name="StartMs">Data time of the first scrape.</param>
/// <param name="StepMs">Data time between two scrapes.</param>
/// <param name="SettleSeconds">Pause between warm-up and measurement.</param>
/// <param name="TailSeconds">How long work that was put off is still counted after the last answer.</param>
/// <param name="MemoryBytes">Most bytes of prepared bodies.</param>
public sealed record IngestPlan(
    string Format, ImmutableArray<string> Organizations, int Batch, int WarmUp, int Scrapes, int Seconds, int? Rate, long StartMs, long StepMs, int SettleSeconds, int TailSeconds, long MemoryBytes);

/// <summary>Figures of one measured run.</summary>
/// <param name="Target">Name of what was fed.</param>
/// <param name="Format">Format of the bodies.</param>
/// <param name="Organizations">Organizations written for.</param>
/// <param name="Batch">Samples per request.</param>
/// <param name="Rate">Samples per second asked for, 0 = as fast as possible.</param>
/// <param name="Samples">Samples acknowledged.</param>
/// <param name="Seconds">Length.</param>
/// <param name="CpuSeconds">Processor time of the server, to the end of the tail; 0 without its pid.</param>
/// <param name="CpuSecondsToLastAnswer">The same to the last answer.</param>
/// <param name="ResidentMiB">Its resident memory at the end.</param>
/// <param name="PeakMiB">Its highest resident memory since its start.</param>
/// <param name="P50Ms">Median of request times.</param>
/// <param name="P99Ms">99th percentile of request times.</param>
/// <param name="SenderCpuSeconds">Processor time of this process while it sent.</param>
/// <param name="Digest">Of all bytes that were prepared.</param>
public sealed record IngestFigures(
    string Target, string Format, int Organizations, int Batch, int Rate, long Samples, double Seconds, double CpuSeconds, double CpuSecondsToLastAnswer,
    double ResidentMiB, double PeakMiB, double P50Ms, double P99Ms, double SenderCpuSeconds, string Digest)
{
    /// <summary>Acknowledged samples per second.</summary>
    public double PerSecond => Seconds > 0 ? Samples / Seconds : 0;

    /// <summary>Server CPU-seconds per million samples, tail included.</summary>
    public double CpuPerMillion => Samples > 0 ? CpuSeconds / Samples * 1e6 : 0;
}

/// <summary>
/// Prepares the bodies of a whole run, warms the target up, then measures. Every run is a new instance of the service, so earlier runs do not make its samples late;
/// data time moves <see cref="IngestPlan.StepMs"/> with each scrape and is not bound to the wall clock.
/// </summary>
public sealed class IngestRun(IngestPlan plan, Target target, Receiver receiver, IReadOnlyList<ILane> lanes, TimeProvider clock)
{
    private const int Checked = 20;

    /// <summary>Runs and prints. Null = something was not acknowledged or not taken; the reason is printed.</summary>
    public async Task<IngestFigures?> RunAsync(int? pid, TextWriter output, CancellationToken cancellation)
    {
        var bodies = Bodies.Make(lanes, plan.StartMs, plan.StepMs, plan.WarmUp + plan.Scrapes, plan.MemoryBytes);
        if (bodies.Scrapes.Count <= plan.WarmUp) throw new UsageException("The memory for prepared bodies is used up by the warm-up; raise --memory or lower --warmup.");
        var digest = bodies.Digest();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);   // what follows must not pay for the preparation
        await output.WriteLineAsync($"{target.Name}: {plan.Organizations.Length} organizations, {bodies.Samples(0, 1) / plan.Organizations.Length} series each, {plan.Batch} samples a request, {receiver.Connections} connections; {plan.WarmUp} + {bodies.Scrapes.Count - plan.WarmUp} scrapes prepared, digest {digest}");
        if (!bodies.Complete) await output.WriteLineAsync("note                not every wanted scrape was prepared: --memory");

        var sender = new Sender(receiver);
        var checkedIds = plan.Organizations.Take(Checked).ToArray();
        var takenBefore = await target.TakenAsync(checkedIds, cancellation);
        var warm = sender.Send(bodies, 0, plan.WarmUp, null, TimeSpan.FromMinutes(5), cancellation);
        if (warm.FirstRefusal is not null || !warm.Finished) return await FailAsync(output, "The warm-up was not acknowledged: " + (warm.FirstRefusal ?? "out of time"));
        if (plan.WarmUp > 0) await Task.Delay(TimeSpan.FromSeconds(plan.SettleSeconds), clock, cancellation);

        var before = pid is { } p ? ProcessFigures.Read(p) : null;
        var own = ProcessFigures.Read(Environment.ProcessId);
        var sent = sender.Send(bodies, plan.WarmUp, bodies.Scrapes.Count, plan.Rate, TimeSpan.FromSeconds(plan.Seconds), cancellation);
        var last = pid is { } q ? ProcessFigures.Read(q) : null;
        var ownCpu = ProcessFigures.Read(Environment.ProcessId).CpuSeconds - own.CpuSeconds;
        await Task.Delay(TimeSpan.FromSeconds(plan.TailSeconds), clock, cancellation);
        var after = pid is { } r ? ProcessFigures.Read(r) : null;

        var sorted = sent.Milliseconds.Order().ToList();
        var figures = new IngestFigures(
            target.Name, plan.Format, plan.Organizations.Length, plan.Batch, plan.Rate ?? 0, sent.Samples, sent.Seconds, Cpu(after), Cpu(last), last?.ResidentMiB ?? 0, after?.PeakMiB ?? 0,
            Percentiles.At(sorted, 0.5), Percentiles.At(sorted, 0.99), ownCpu, digest);
        await PrintAsync(figures, sent, output);
        if (!sent.Clean) return await FailAsync(output, "Not everything was acknowledged" + (sent.FirstRefusal is { } why ? ": " + why : ""));
        return await TakenAsync(takenBefore, checkedIds, warm.Samples + sent.Samples, sent.Finished, output, cancellation) ? figures : null;

        double Cpu(ProcessFigures? at) => at is null || before is null ? 0 : at.CpuSeconds - before.CpuSeconds;
    }

    private static async Task PrintAsync(IngestFigures f, SendResult sent, TextWriter output)
    {
        await output.WriteLineAsync($"acknowledged        {f.Samples} samples in {f.Seconds:F1} s = {f.PerSecond:F0} samples/s{(sent.Finished ? "" : " (ended by time)")}");
        await output.WriteLineAsync($"request time        {Percentiles.Line(sent.Milliseconds)}");
        await output.WriteLineAsync($"answers             {string.Join(", ", sent.Answers.OrderBy(a => a.Key).Select(a => $"{a.Key}: {a.Value}"))}");
        if (f.CpuSeconds > 0)
        {
            var toLast = f.Samples > 0 ? f.CpuSecondsToLastAnswer / f.Samples * 1e6 : 0;
            await output.WriteLineAsync($"server CPU          {f.CpuPerMillion:F2} CPU-seconds per million samples ({toLast:F2} to the last answer), {f.CpuSecondsToLastAnswer / f.Seconds:F2} cores");
            await output.WriteLineAsync($"server memory       {f.ResidentMiB:F0} MiB resident, {f.PeakMiB:F0} MiB at most");
        }
        await output.WriteLineAsync($"sender CPU          {f.SenderCpuSeconds:F2} s");
    }

    /// <summary>An acknowledgement is a promise: here the target's own count is held against the ledger.</summary>
    private async Task<bool> TakenAsync(long? before, string[] ids, long acknowledged, bool finished, TextWriter output, CancellationToken cancellation)
    {
        if (before is not { } from)
        {
            await output.WriteLineAsync("taken               not checked: no --email");
            return true;
        }
        var taken = await target.TakenAsync(ids, cancellation) - from;
        // The first scrape of a new instance only sets cursors, so its requests are not judged.
        var expected = target.Kind != TargetKind.Forge ? acknowledged : lanes.OfType<RemoteWriteLane>().Sum(l => l.JudgedRequests(ids));
        var unit = target.Kind != TargetKind.Forge ? "samples counted by the server" : $"requests judged for {ids.Length} organizations";
        if (target.Kind == TargetKind.Forge && (!finished || expected == 0))
        {
            await output.WriteLineAsync($"taken               {taken} {unit}");
            return true;
        }
        await output.WriteLineAsync($"taken               {taken} {unit}, {expected} expected");
        if (taken == expected) return true;
        await output.WriteLineAsync("What was acknowledged was not taken.");
        return false;
    }

    private static async Task<IngestFigures?> FailAsync(TextWriter output, string why)
    {
        await output.WriteLineAsync(why);
        return null;
    }
}
