using System.Globalization;
using Forge.EndToEnd.Tests.Harness;

namespace Forge.EndToEnd.Tests.Faults;

/// <summary>What the runs of faults saw: one line each in <c>artifacts/faults.tsv</c>, from which <c>eng/faults.sh</c> writes docs/faults.md.</summary>
internal static class FaultReport
{
    private static readonly string File = Path.Combine(Repository.Root, "artifacts", "faults.tsv");

    /// <summary>Where chance begins (<c>FORGE_FAULT_SEED</c>).</summary>
    public static int Seed { get; } = int.TryParse(Environment.GetEnvironmentVariable("FORGE_FAULT_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var seed) ? seed : 1;

    /// <summary>True when the whole table was asked for (<c>FORGE_FAULTS=all</c>) and not only the part of every run.</summary>
    public static bool All => Environment.GetEnvironmentVariable("FORGE_FAULTS") == "all";

    /// <summary>Skips a case that is not part of every run.</summary>
    public static void OnlyWhenAll() => Assert.SkipUnless(All, "Part of the whole fault table: eng/faults.sh runs it.");

    /// <summary>Notes figures of a case.</summary>
    /// <param name="fault">Number in the table, e.g. F-1.</param>
    /// <param name="measured">What was measured, in words.</param>
    /// <param name="bound">What must hold.</param>
    public static void Note(string fault, string measured, string bound)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        System.IO.File.AppendAllText(File, string.Create(CultureInfo.InvariantCulture, $"{fault}\t{Seed}\t{measured}\t{bound}\n"));
        TestContext.Current.SendDiagnosticMessage($"{fault}, seed {Seed}: {measured}");
        TestContext.Current.TestOutputHelper?.WriteLine($"{fault}, seed {Seed}: {measured}");
    }

    /// <summary>Seconds as people read them.</summary>
    public static string S(TimeSpan time) => time.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture) + " s";
}
