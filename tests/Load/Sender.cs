using System.Collections.Concurrent;
using System.Diagnostics;

namespace Forge.Load;

/// <summary>Where and how bodies are posted.</summary>
/// <param name="Endpoint">Address with path.</param>
/// <param name="Headers">Header lines that every request carries.</param>
/// <param name="Keys">Bearer keys, connections take turns; none = no authorization.</param>
/// <param name="Connections">Requests in flight.</param>
public sealed record Receiver(Uri Endpoint, IReadOnlyList<string> Headers, IReadOnlyList<string> Keys, int Connections)
{
    /// <summary>Opens the n-th connection.</summary>
    public HttpPipe Open(int n) => new(Endpoint, Keys.Count == 0 ? Headers : Headers.Append("Authorization: Bearer " + Keys[n % Keys.Count]));
}

/// <summary>What came of sending.</summary>
/// <param name="Samples">Samples of requests answered with 2xx.</param>
/// <param name="Seconds">Length.</param>
/// <param name="Milliseconds">Time of each accepted request, from its first byte to the end of the answer.</param>
/// <param name="Answers">Requests by status.</param>
/// <param name="FirstRefusal">The first answer that was neither 2xx nor a request to wait.</param>
/// <param name="Finished">Every body was sent.</param>
public sealed record SendResult(long Samples, double Seconds, IReadOnlyList<double> Milliseconds, IReadOnlyDictionary<int, int> Answers, string? FirstRefusal, bool Finished)
{
    /// <summary>Every answer was 2xx, or 429 or 503 and then 2xx.</summary>
    public bool Clean => Samples > 0 && FirstRefusal is null && Answers.Keys.All(s => s is (>= 200 and < 300) or 429 or 503);
}

/// <summary>Posts bodies over several connections, each on a thread of its own; the next body goes to whoever is free, but those of one lane stay in order.</summary>
public sealed class Sender(Receiver receiver)
{
    /// <summary>
    /// Sends scrapes [from, to). <paramref name="rate"/> in samples per second over all connections, null = as fast as it is answered. Ends early at cancellation or after <paramref name="longest"/>.
    /// </summary>
    public SendResult Send(Bodies bodies, int from, int to, int? rate, TimeSpan longest, CancellationToken cancellation)
    {
        var work = bodies.Scrapes.Skip(from).Take(to - from).SelectMany(s => s).ToArray();
        if (work.Length == 0) return new SendResult(0, 0, [], new Dictionary<int, int>(), null, true);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        stop.CancelAfter(longest);
        var turns = work.GroupBy(b => b.Lane).ToDictionary(g => g.Key, g => new Turn(g.First().Turn));
        var due = Due(work, rate);
        var shared = new Shared(work, due, turns);
        var started = Stopwatch.GetTimestamp();
        var threads = Enumerable.Range(0, receiver.Connections).Select(n => new Thread(() => Run(n, shared, started, stop))).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        if (shared.Failure is { } failure) throw new IOException(failure.Message, failure);
        return new SendResult(shared.Samples, seconds, [.. shared.Milliseconds.SelectMany(m => m)], shared.Answers, shared.FirstRefusal, shared.Samples == work.Sum(b => (long)b.Samples));
    }

    private static double[]? Due(LoadBody[] work, int? rate)
    {
        if (rate is not { } perSecond) return null;
        var due = new double[work.Length];
        long before = 0;
        for (var i = 0; i < work.Length; before += work[i++].Samples) due[i] = before / (double)perSecond;
        return due;
    }

    private void Run(int n, Shared shared, long started, CancellationTokenSource stopping)
    {
        var stop = stopping.Token;
        var milliseconds = new List<double>();
        try
        {
            using var pipe = receiver.Open(n);
            int i;
            while (!stop.IsCancellationRequested && (i = shared.Take()) < shared.Work.Length)
            {
                if (shared.Due is { } due) Wait(due[i] - Stopwatch.GetElapsedTime(started).TotalSeconds, stop);
                var body = shared.Work[i];
                if (shared.Turns[body.Lane].Await(body.Turn, stop)) Post(pipe, body, shared, milliseconds, stop);
            }
        }
        catch (IOException e)
        {
            shared.Failure ??= e;
            stopping.Cancel();
        }
        finally
        {
            shared.Milliseconds.Add(milliseconds);
        }
    }

    private static void Post(HttpPipe pipe, LoadBody body, Shared shared, List<double> milliseconds, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var at = Stopwatch.GetTimestamp();
            var answer = pipe.Post(body.Bytes);
            shared.Count(answer, body);
            if (answer.Status is 429 or 503)
            {
                Wait(Math.Max(1, answer.RetryAfterSeconds), stop);
                continue;
            }
            if (answer.Accepted) milliseconds.Add(Stopwatch.GetElapsedTime(at).TotalMilliseconds);
            shared.Turns[body.Lane].Done();
            return;
        }
    }

    private static void Wait(double seconds, CancellationToken stop)
    {
        if (seconds > 0.000_5) stop.WaitHandle.WaitOne(TimeSpan.FromSeconds(seconds));
    }

    /// <summary>Which body of a lane is next.</summary>
    private sealed class Turn(int next)
    {
        private readonly object _gate = new();   // waited on: a Lock cannot be
        private int _next = next;

        public bool Await(int turn, CancellationToken stop)
        {
            lock (_gate)
                while (_next != turn)
                    if (!Monitor.Wait(_gate, 1_000) && stop.IsCancellationRequested) return false;
            return true;
        }

        public void Done()
        {
            lock (_gate)
            {
                _next++;
                Monitor.PulseAll(_gate);
            }
        }
    }

    private sealed class Shared(LoadBody[] work, double[]? due, Dictionary<int, Turn> turns)
    {
        private int _next = -1;
        private long _samples;

        public LoadBody[] Work { get; } = work;

        public double[]? Due { get; } = due;

        public Dictionary<int, Turn> Turns { get; } = turns;

        public ConcurrentBag<List<double>> Milliseconds { get; } = [];

        public ConcurrentDictionary<int, int> Answers { get; } = new();

        public string? FirstRefusal { get; private set; }

        public Exception? Failure { get; set; }

        public long Samples => Interlocked.Read(ref _samples);

        public int Take() => Interlocked.Increment(ref _next);

        public void Count(PipeAnswer answer, LoadBody body)
        {
            Answers.AddOrUpdate(answer.Status, 1, (_, n) => n + 1);
            if (answer.Accepted) Interlocked.Add(ref _samples, body.Samples);
            else if (answer.Status is not (429 or 503)) FirstRefusal ??= $"{answer.Status} {answer.Text}";
        }
    }
}
