using System.Diagnostics;
using System.Globalization;
using Forge.Fuzz;

// dotnet run -c Release --project tests/Fuzz -- [inputs per decoder, default 1000000] [seed, default 1] [decoder name part]
// Every input must end in a reading or in a typed refusal within a second and without more memory than the limits allow. Exit code 1 and the input's number otherwise.
var inputs = args.Length > 0 ? long.Parse(args[0], CultureInfo.InvariantCulture) : 1_000_000;
var seed = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1;
var only = args.Length > 2 ? args[2] : "";

// What one body may cost beside rented buffers: the decompressed limit twice (old and grown buffer) and the batch of all its samples.
const long maxAllocated = 4L * Targets.MaxBytes;
var failed = false;
Console.WriteLine($"{"decoder",-24}{"inputs",10}{"read",10}{"refused",10}{"most bytes",12}{"slowest ms",12}{"seconds",9}");
foreach (var target in Targets.All().Where(t => t.Name.Contains(only, StringComparison.OrdinalIgnoreCase)))
{
    var mutator = new Mutator(target.Corpus, seed);
    foreach (var whole in target.Corpus)
        if (target.Read(whole) is { } fault) throw new InvalidOperationException($"{target.Name}: a valid body was refused: {fault}");
    long refused = 0, most = 0;
    var slowest = 0d;
    var watch = Stopwatch.StartNew();
    for (long number = 0; number < inputs && !failed; number++)
    {
        var body = mutator.Next(number);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var started = Stopwatch.GetTimestamp();
        string? wrong = null;
        try
        {
            var fault = target.Read(body);
            if (fault is not null) refused++;
            if (fault is not (null or { Status: 400 or 413 or 415 })) wrong = $"answered {fault.Status}";
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            wrong = failure.ToString();
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        var took = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        (most, slowest) = (Math.Max(most, allocated), Math.Max(slowest, took));
        if (allocated > maxAllocated) wrong ??= $"{allocated} bytes allocated";
        // A garbage collection or another process may take a while; a hang does not end.
        if (took > 5_000) wrong ??= $"took {took} ms";
        if (wrong is null) continue;
        failed = true;
        Console.WriteLine($"{target.Name}: seed {seed}, input {number}: {wrong}\n{Convert.ToHexString(body)}");
    }

    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{target.Name,-24}{inputs,10}{inputs - refused,10}{refused,10}{most,12}{slowest,12:0.0}{watch.Elapsed.TotalSeconds,9:0.0}"));
    if (failed) return 1;
}

return 0;
