using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Sla;
using Forge.Oracle.Tests.Model;
using Forge.Oracle.Tests.Traffic;

namespace Forge.Oracle.Tests;

/// <summary>What one organization's run compared.</summary>
internal sealed record Outcome(int Seed, string Title, List<string> Differences)
{
    public long Batches { get; set; }
    public long Samples { get; set; }
    public long Slots { get; set; }
    public long OrderDependentSlots { get; set; }
    public long Points { get; set; }
    public long Periods { get; set; }
    public long Violations { get; set; }
    public long Withdrawn { get; set; }
    public long Restarts { get; set; }
    public long Metrics { get; set; }
    public long Rewritten { get; set; }
    public long AlertRounds { get; set; }
    public long AlertChanges { get; set; }
    public long Percentiles { get; set; }
    public SortedDictionary<string, long> Alerts { get; } = new(StringComparer.Ordinal);
    public TimeSpan EngineTime { get; set; }
    public TimeSpan ModelTime { get; set; }
    public TimeSpan CompareTime { get; set; }
    public SortedDictionary<string, long> Reasons { get; } = new(StringComparer.Ordinal);
}

/// <summary>Drives the engine as the grain does, and the brute force beside it with the same deliveries at the same instants.</summary>
internal sealed partial class Simulation
{
    /// <summary>Looks at the episodes after every batch: slow, for finding where a difference begins.</summary>
    private static readonly bool Closely = Environment.GetEnvironmentVariable("FORGE_ORACLE_CLOSELY") == "1";

    private const string Id = "o";
    public const int MostDifferences = 12;

    private readonly OrganizationTraffic _traffic;
    private readonly Random _random;
    private readonly SlaProfile _profile;
    private readonly Dictionary<string, ZoneTimeline> _zones = [];

    // What is open or still kept, and what can change no more.
    private readonly Dictionary<string, SlaViolation> _recorded = [];
    private readonly List<SlaViolation> _past = [];
    private readonly Reference _model;
    private SlaEngine _engine;
    private readonly Rows _rows;
    private ImmutableArray<SlaHour> _written = [];
    private long _newestSealed;
    private DateTimeOffset? _policyEnd;
    private long _ids;
    private int _withheld;

    /// <summary>A run; <paramref name="withheld"/> batches in its middle reach the brute force only, to show that it notices.</summary>
    public Simulation(int seed, int days, int withheld = 0)
    {
        _withheld = withheld;
        _traffic = new OrganizationTraffic(seed, days);
        _random = new Random(seed ^ 0x5eed);
        _profile = _traffic.Promise.Profile(Id);
        var from = _traffic.From;
        _engine = SlaEngine.Create(Policy(from), from);
        _model = new Reference(_traffic.Promise.At(from), from, _traffic.To.AddHours(1), _traffic.BoundsMs);
        _policyEnd = SlaPolicy.NextChange(_profile, from, ZoneOf);
        _rows = new Rows(Id, _profile, ZoneOf, from);
        (_alarms, _watchedFrom) = (new Alarms(_model), from);
        var promise = _traffic.Promise;
        Outcome = new Outcome(seed, $"{promise.Zone} {from:yyyy-MM-dd HH:mm} +{days} d, {_traffic.Emitters} emitters, {promise.Terms.Uptime.Formula} {promise.Terms.UnknownPolicy}", []);
    }

    public Outcome Outcome { get; }

    private SlaPolicy Policy(DateTimeOffset now) => SlaPolicy.At(_profile, now, ZoneOf);

    private ZoneTimeline ZoneOf(string id) => _zones.TryGetValue(id, out var zone) ? zone : _zones[id] = Promise.Timeline(id);

    /// <summary>Runs to the end or to too many differences.</summary>
    public void Run()
    {
        var (now, check, still) = (_traffic.From, NextCheck(_traffic.From), 0);
        while (Outcome.Differences.Count < MostDifferences)
        {
            var tick = _engine.NextTick(now);
            if (tick <= now)
            {
                tick = now;
                // A grain whose timer is always due would do nothing else any more.
                if (++still == 100) Outcome.Differences.Add(FormattableString.Invariant($"{now:yyyy-MM-dd HH:mm:ss.fff} the engine asks for the same tick again and again: {_engine.NextTick(now):yyyy-MM-dd HH:mm:ss.fff}"));
                if (still >= 100) tick = null;
            }
            else
            {
                still = 0;
            }
            var arrival = _traffic.NextArrival is { } ms ? DateTimeOffset.FromUnixTimeMilliseconds(ms) : _traffic.To;
            var alert = NextAlert();
            if (alert <= arrival && alert <= check && !(tick < alert) && !(_policyEnd < alert))
            {
                SettleAlerts(now = alert.Value > now ? alert.Value : now);
                continue;
            }
            // The model is not told about ticks that the engine did not ask for until the next check.
            if (tick <= _policyEnd && tick <= check && tick <= arrival || (_policyEnd is null && tick <= check && tick <= arrival)) Tick(now = tick.Value);
            else if (_policyEnd <= check && _policyEnd <= arrival) Configure(now = _policyEnd.Value);
            else if (check <= arrival) (now, check) = (check, Check(check));
            else if (_traffic.NextArrival is null) break;
            else Deliver(now = arrival);
        }
        _engine.Tick(_traffic.To);
        _model.Tick(_traffic.To.ToUnixTimeMilliseconds());
        Settle(_traffic.To);
        Comparison().All(_traffic.To);
        _past.AddRange(_recorded.Values);
        Comparison().Record(_past);
        Metrics(_traffic.To);
        Outcome.OrderDependentSlots = _model.OrderDependent.Count;
        Outcome.Violations = _past.Count(v => v.State != ViolationState.WITHDRAWN);
        Outcome.Withdrawn = _past.Count(v => v.State == ViolationState.WITHDRAWN);
    }

    private Comparison Comparison() => new(_engine, _model, Outcome, _traffic.From, _traffic.Promise);

    private void Tick(DateTimeOffset now)
    {
        _engine.Tick(now);
        _model.Tick(now.ToUnixTimeMilliseconds());
        Settle(now);
        // An hour becomes a row when it is time for it; the long way through all hours is not gone on every tick.
        var newest = now.AddMilliseconds(-SlaEngine.SealAfterMs).ToUnixTimeSeconds() / 3_600;
        if (newest != _newestSealed || _random.Next(50) == 0) Store(now);
        _newestSealed = newest;
    }

    private void Configure(DateTimeOffset now)
    {
        TakePolicy(now);
        _policyEnd = SlaPolicy.NextChange(_profile, now, ZoneOf);
        Settle(now);
    }

    private void TakePolicy(DateTimeOffset now)
    {
        _engine.Configure(Policy(now), now);
        _engine.Tick(now);
        _model.Configure(_traffic.Promise.At(now), now);
        _model.Tick(now.ToUnixTimeMilliseconds());
    }

    private void Deliver(DateTimeOffset now)
    {
        var delivery = _traffic.Next();
        now = now.ToUnixTimeMilliseconds() < delivery.ArrivesMs ? DateTimeOffset.FromUnixTimeMilliseconds(delivery.ArrivesMs) : now;
        if (now >= _engine.Policy.MonthTo) TakePolicy(now);
        if (_withheld > 0 && now > _traffic.From.AddHours(6))
        {
            _withheld--;
            _model.Ingest(delivery.Batch, now.ToUnixTimeMilliseconds());
            return;
        }
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        var receipt = _engine.Ingest(delivery.Batch, now, out _);
        Outcome.EngineTime += System.Diagnostics.Stopwatch.GetElapsedTime(started);
        started = System.Diagnostics.Stopwatch.GetTimestamp();
        var reasons = _model.Ingest(delivery.Batch, now.ToUnixTimeMilliseconds());
        Outcome.ModelTime += System.Diagnostics.Stopwatch.GetElapsedTime(started);
        Outcome.Batches++;
        Outcome.Samples += delivery.Batch.Samples.Length + delivery.Batch.Intervals.Length;
        Comparison().Receipt(now, receipt, reasons);
        Settle(now);
        Stored();
        if (_random.Next(200) == 0) Store(now);
        if (_random.Next(4_000) == 0) Restart(now);
    }

    /// <summary>As the grain's book: reconcile what is open or still kept, and keep the result in memory.</summary>
    private void Settle(DateTimeOffset now)
    {
        var begun = System.Diagnostics.Stopwatch.GetTimestamp();
        foreach (var over in _recorded.Values.Where(v => v.State != ViolationState.OPEN && v.EndTime <= _engine.KeptFrom).ToArray())
        {
            _recorded.Remove(over.Id);
            _past.Add(over);
        }
        var changes = ViolationDecisions.Reconcile(
            Id, [.. _recorded.Values], _engine, _engine.Policy, now, () => $"{_ids++:D8}");
        foreach (var change in changes) _recorded[change.ViolationId] = change.After;
        Outcome.EngineTime += System.Diagnostics.Stopwatch.GetElapsedTime(begun);
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        _model.Reconcile(now);
        Outcome.ModelTime += System.Diagnostics.Stopwatch.GetElapsedTime(started);
        SettleAlerts(now);
        if (!Closely) return;
        Comparison().Episodes(now);
        foreach (var change in changes)
            if (change.Events.Any(e => e is not ViolationEvent.Extended)) Console.WriteLine($"{now:MM-dd HH:mm:ss.fff} {change.After.MetricType} {change.After.StartTime:MM-dd HH:mm:ss}..{change.After.EndTime:MM-dd HH:mm:ss} {change.After.BadSeconds} s: {string.Join(", ", change.Events.Select(e => e.GetType().Name))}");
    }

    /// <summary>Sealed hours and the checkpoint are stored together. Sometimes the answer of the store comes only after the next batch.</summary>
    private void Store(DateTimeOffset now)
    {
        Stored();
        var hours = _engine.TakeSealedHours(Id, now);
        if (hours.IsEmpty) return;
        foreach (var hour in hours) _model.Sealed(hour.Hour);
        _ = _engine.Checkpoint();
        _rows.Write(hours);
        _written = hours;
        if (_random.Next(3) > 0) Stored();
    }

    private void Stored()
    {
        if (_written.IsEmpty) return;
        _engine.MarkClean();
        _engine.MarkHoursStored(_written);
        _written = [];
    }

    /// <summary>The silo is stopped and the grain activated again from its checkpoint and its rows.</summary>
    private void Restart(DateTimeOffset now)
    {
        Store(now);
        _written = [];
        var (rows, checkpoint) = (_rows.Last(now), _engine.Checkpoint());
        // Hours that changed since they became rows are in the checkpoint as they are: it shows their good slots without any row.
        var held = SlaEngine.Restore(checkpoint, Policy(now), now).History(Id, now.AddHours(-7), now.AddMinutes(3), 10).Points
            .Where(p => p is { Verdict: SlotVerdict.Good, Errors: false }).Select(p => p.At.ToUnixTimeSeconds() / 3_600).ToHashSet();
        _engine = SlaEngine.Restore(checkpoint, rows, Policy(now), now);
        foreach (var open in _recorded.Values.Where(v => v.State == ViolationState.OPEN)) _engine.RestoreOpen(open);
        _model.Restarted(now.ToUnixTimeMilliseconds(), rows.Where(r => r.Detail is not null && !held.Contains(r.Hour)).Select(r => r.Hour).Where(h => (h + 1) * 360 > _model.HeldFrom));
        AlertsRestarted(now);
        Outcome.Restarts++;
    }

    /// <summary>Every period that is over, from the final slots; two hours later, so that the last hours are rows too.</summary>
    private void Metrics(DateTimeOffset to)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(((to.ToUnixTimeSeconds() / 3_600) + 2) * 3_600).AddMinutes(10);
        Stored();
        _engine.Tick(now);
        _model.Tick(now.ToUnixTimeMilliseconds());
        Store(now);
        _rows.Sweep(now);
        Comparison().Metrics(now, _rows);
        (Outcome.Metrics, Outcome.Rewritten) = (_rows.Metrics.Count, _rows.Rewritten);
    }

    private DateTimeOffset Check(DateTimeOffset now)
    {
        Comparison().NothingPending(now);
        _engine.Tick(now);
        _model.Tick(now.ToUnixTimeMilliseconds());
        Settle(now);
        if (now >= _engine.Policy.MonthTo) TakePolicy(now);
        Comparison().Terms(now, _traffic.Promise.At(now));
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        Comparison().All(now, _random.Next(4) == 0);
        Store(now);
        if (_random.Next(2) == 0) _rows.Sweep(now);
        Outcome.CompareTime += System.Diagnostics.Stopwatch.GetElapsedTime(started);
        return NextCheck(now);
    }

    /// <summary>Every slot is seen before it leaves the 6 h that are kept; now and then shortly after another check.</summary>
    private DateTimeOffset NextCheck(DateTimeOffset now) => now.AddMilliseconds(_random.Next(8) == 0 ? _random.Next(1_000, 900_000) : _random.Next(3_600_000, 20_000_000));
}
