using System.Globalization;
using System.Text;

namespace Forge.Load;

/// <summary>Figures of many runs in a tab-separated file, and the tables made of them.</summary>
public static class FigureFile
{
    private static readonly CultureInfo C = CultureInfo.InvariantCulture;

    /// <summary>Adds a line.</summary>
    public static Task AppendAsync(string path, IngestFigures f) => File.AppendAllTextAsync(path, string.Join('\t',
        f.Target, f.Format, f.Organizations.ToString(C), f.Batch.ToString(C), f.Rate.ToString(C), f.Samples.ToString(C), f.Seconds.ToString("R", C), f.CpuSeconds.ToString("R", C), f.CpuSecondsToLastAnswer.ToString("R", C),
        f.ResidentMiB.ToString("R", C), f.PeakMiB.ToString("R", C), f.P50Ms.ToString("R", C), f.P99Ms.ToString("R", C), f.SenderCpuSeconds.ToString("R", C), f.Digest) + "\n");

    /// <summary>Reads all lines.</summary>
    public static async Task<IReadOnlyList<IngestFigures>> ReadAsync(string path) =>
        [.. (await File.ReadAllLinesAsync(path)).Select(l => l.Split('\t')).Where(c => c.Length == 15).Select(c => new IngestFigures(
            c[0], c[1], int.Parse(c[2], C), int.Parse(c[3], C), int.Parse(c[4], C), long.Parse(c[5], C), double.Parse(c[6], C), double.Parse(c[7], C), double.Parse(c[8], C),
            double.Parse(c[9], C), double.Parse(c[10], C), double.Parse(c[11], C), double.Parse(c[12], C), double.Parse(c[13], C), c[14]))];

    /// <summary>One Markdown table: a row per case and target with the medians over its rounds, the range of the CPU figure, and our ratio to each peer in the same round.</summary>
    public static string Table(IReadOnlyList<IngestFigures> all)
    {
        var text = new StringBuilder();
        text.AppendLine("| organizations | samples a request | fed | rounds | samples/s | CPU-s per million (lowest..highest) | to the last answer | cores | RSS MiB (peak) | p50 / p99 ms |");
        text.AppendLine("|---|---|---|---|---|---|---|---|---|---|");
        foreach (var run in Cases(all))
            foreach (var rows in run.GroupBy(f => f.Target))
            {
                text.AppendLine(C, $"| {run.Key.Organizations} | {Batch(run.Key)} | {rows.Key} | {rows.Count()} | {Median(rows, f => f.PerSecond):N0} | {Median(rows, f => f.CpuPerMillion):F2} ({rows.Min(f => f.CpuPerMillion):F2}..{rows.Max(f => f.CpuPerMillion):F2}) | {Median(rows, f => f.CpuSecondsToLastAnswer / f.Samples * 1e6):F2} | {Median(rows, f => f.CpuSecondsToLastAnswer / f.Seconds):F2} | {Median(rows, f => f.ResidentMiB):F0} ({rows.Max(f => f.PeakMiB):F0}) | {Median(rows, f => f.P50Ms):F1} / {Median(rows, f => f.P99Ms):F0} |");
            }
        return text.ToString();
    }

    /// <summary>Ratios of this product to the peers: median over rounds of the ratio within a round, with the bound that must hold.</summary>
    public static string Ratios(IReadOnlyList<IngestFigures> all)
    {
        var text = new StringBuilder();
        text.AppendLine("| organizations | samples a request | against | CPU per sample | must be at most | samples/s | must be at least | RSS | must be at most |");
        text.AppendLine("|---|---|---|---|---|---|---|---|---|");
        foreach (var run in Cases(all))
        {
            var own = run.Where(f => f.Target == "Forge.Orleans").ToList();
            if (own.Count == 0) continue;
            foreach (var peer in run.Where(f => f.Target != "Forge.Orleans").GroupBy(f => f.Target))
            {
                var pairs = own.Zip(peer).ToList();
                var (cpu, rate, rss) = Bounds(run.Key.Organizations, run.Key.Batch, peer.Key);
                text.AppendLine(C, $"| {run.Key.Organizations} | {Batch(run.Key)} | {peer.Key} | {Median(pairs, p => p.First.CpuPerMillion / p.Second.CpuPerMillion):F2}x | {cpu} | {Median(pairs, p => p.First.PerSecond / p.Second.PerSecond):F2}x | {rate} | {Median(pairs, p => p.First.ResidentMiB / p.Second.ResidentMiB):F2}x | {rss} |");
            }
        }
        return text.ToString();
    }

    private static IEnumerable<IGrouping<(int Organizations, int Batch, string Format, int Rate), IngestFigures>> Cases(IEnumerable<IngestFigures> all) =>
        all.GroupBy(f => (f.Organizations, f.Batch, f.Format, f.Rate));

    private static string Batch((int Organizations, int Batch, string Format, int Rate) run) =>
        run.Batch.ToString("N0", C) + (run.Format == "remote-write" ? "" : " " + run.Format) + (run.Rate == 0 ? "" : $" at {run.Rate.ToString("N0", C)}/s");

    /// <summary>The bounds of docs/performance.md.</summary>
    private static (string Cpu, string Rate, string Rss) Bounds(int organizations, int batch, string peer) => (peer, batch, organizations) switch
    {
        ("Prometheus", 2_400, <= 1_000) => ("0.25x", "3x", "-"),
        ("Prometheus", 2_400, _) => ("0.33x", "3x", "1x"),
        ("VictoriaMetrics", 2_400, <= 1_000) => ("1.00x", "1x", "-"),
        ("VictoriaMetrics", 2_400, _) => ("1.10x", "1x", "-"),
        ("VictoriaMetrics", 24, _) => ("1.00x", "-", "-"),
        _ => ("-", "-", "-"),
    };

    private static double Median<T>(IEnumerable<T> items, Func<T, double> figure)
    {
        var sorted = items.Select(figure).Order().ToList();
        return sorted.Count == 0 ? 0 : sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[(sorted.Count / 2) - 1] + sorted[sorted.Count / 2]) / 2;
    }
}
