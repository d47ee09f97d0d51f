using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

// "journal" is no micro-benchmark: it writes a database and checks it.
if (args is ["journal", ..]) return await Forge.Benchmarks.JournalMeasurement.RunAsync(args[1..]);

// --dry runs each benchmark once: it shows that they work, not how fast they are. Everything else is BenchmarkDotNet's.
var dry = args.Contains("--dry", StringComparer.Ordinal);
var rest = args.Where(a => a != "--dry").ToArray();
var job = dry ? Job.Dry : Job.ShortRun.WithIterationCount(7);
// In this process: a generated project would take its name and its analyzers from Directory.Build.props.
var config = DefaultConfig.Instance.AddJob(job.WithToolchain(InProcessEmitToolchain.Instance)).AddDiagnoser(MemoryDiagnoser.Default);
var summaries = BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(rest.Length == 0 ? ["--filter", "*"] : rest, config).ToList();
return summaries.Count > 0 && summaries.All(s => s.Reports.Length > 0 && s.Reports.All(r => r.Success)) ? 0 : 1;
