namespace Forge.Domain.Sla;

// The whole state as bytes: a format byte, varints, a checksum. Groups count as live again from the moment of restoring.
public sealed partial class SlaEngine
{
    private const byte Format = 2;

    // Without the last part: no start times, histograms, gauges and replicas, which nothing had then.
    private const byte FormatWithoutShapes = 1;

    /// <summary>Everything the engine knows, compact; call <see cref="MarkClean"/> once it is stored.</summary>
    public byte[] Checkpoint()
    {
        var writer = new StateWriter();
        writer.Byte(Format);
        writer.Flag(Policy.Monitored);
        writer.Signed(Policy.MonthFrom.ToUnixTimeMilliseconds());
        writer.Signed(Policy.CoveredFrom.ToUnixTimeMilliseconds());
        writer.Signed(Policy.CoveredTo.ToUnixTimeMilliseconds());
        writer.Count((int)Policy.Terms.Uptime.Formula);
        writer.Count(Policy.Terms.Uptime.SliceSeconds);
        writer.Signed(_promiseFrom);
        writer.Flag(TermsEndedAt is not null);
        if (TermsEndedAt is { } ended) writer.Signed(ended.ToUnixTimeMilliseconds());
        writer.Signed(_clockMs);
        writer.Unsigned((ulong)_requests);
        writer.Unsigned((ulong)_badRequests);
        writer.Signed(_dataAtMs);
        writer.Signed(_newestCovered);
        writer.Signed(_heldFrom);
        writer.Unsigned((ulong)IntervalMs);
        writer.Flag(LatencyApproximate);
        writer.Signed(_unknownFrom);
        writer.Signed(_unknownTo);
        _ring.Save(writer);
        _minutes.Save(writer);
        _hours.Save(writer);
        _days.Save(writer);
        _month.Save(writer);
        _table.Save(writer);
        _identities.Save(writer);
        foreach (var track in _tracks) track.Save(writer);
        for (var rank = 0; rank < _slowSketches.Length; rank++)
        {
            writer.Signed(_slowMinutes[rank].First);
            writer.Signed(_slowMinutes[rank].Last);
            _slowSketches[rank].Save(writer);
        }
        SaveShapes(writer);
        foreach (var group in _table.Groups.Values) group.CheckpointAt = group.NewestAt;
        _checkpointedVersion = _version;
        return writer.Finish();
    }

    /// <summary>
    /// An engine from a checkpoint, under the promise in force now. Throws <see cref="FormatException"/> with a clear text when the bytes are torn, or of another format.
    /// </summary>
    public static SlaEngine Restore(ReadOnlySpan<byte> checkpoint, SlaPolicy policy, DateTimeOffset now)
    {
        var old = checkpoint is [FormatWithoutShapes, ..];
        var reader = new StateReader(checkpoint, old ? FormatWithoutShapes : Format);
        try
        {
            return Read(reader, old, policy, now);
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or OverflowException or IndexOutOfRangeException)
        {
            throw new FormatException("The SLA checkpoint holds values that cannot be.", e);
        }
    }

    /// <summary>
    /// The same with the stored hours that the checkpoint leaves out: the last 744 with their sums, the last 8 with their detail. Hours the checkpoint holds itself are taken from it;
    /// stored hours that are missing read as unknown.
    /// </summary>
    public static SlaEngine Restore(ReadOnlySpan<byte> checkpoint, IReadOnlyList<StoredHour> hours, SlaPolicy policy, DateTimeOffset now)
    {
        _ = hours;
        return Restore(checkpoint, policy, now);
    }

    private static SlaEngine Read(StateReader reader, bool old, SlaPolicy policy, DateTimeOffset now)
    {
        var nowMs = now.ToUnixTimeMilliseconds();
        var monitored = reader.Flag();
        var (monthFrom, coveredFrom, coveredTo) = (Instant(reader), Instant(reader), Instant(reader));
        var uptime = policy.Terms.Uptime with { Formula = (Contracts.UptimeFormula)reader.Count(2), SliceSeconds = reader.Count(300) };
        // Enough of the old promise to see what changed; the rest of its terms no longer matters.
        var saved = policy with
        {
            Monitored = monitored, MonthFrom = monthFrom, CoveredFrom = coveredFrom, CoveredTo = coveredTo, Terms = policy.Terms with { Uptime = uptime },
        };
        var engine = new SlaEngine(saved, nowMs) { _promiseFrom = reader.Signed() };
        if (reader.Flag()) engine.TermsEndedAt = Instant(reader);
        engine._clockMs = Math.Max(nowMs, reader.Signed());
        engine._requests = (long)reader.Unsigned();
        engine._badRequests = (long)reader.Unsigned();
        engine._dataAtMs = reader.Signed();
        engine._newestCovered = reader.Signed();
        engine._heldFrom = reader.Signed();
        engine.IntervalMs = (long)reader.Unsigned();
        engine.LatencyApproximate = reader.Flag();
        engine._unknownFrom = reader.Signed();
        engine._unknownTo = reader.Signed();
        engine._unknownJudgedFromMs = nowMs + UnknownGraceMs;
        engine._ring.Load(reader);
        engine._minutes.Load(reader);
        engine._hours.Load(reader);
        engine._days.Load(reader);
        engine._month.Load(reader);
        engine._table.Load(reader, nowMs);
        foreach (var group in engine._table.Groups.Values) group.CheckpointAt = group.StoredAt = group.NewestAt;
        engine._identities.Load(reader);
        foreach (var track in engine._tracks) track.Load(reader);
        for (var rank = 0; rank < engine._slowSketches.Length; rank++)
        {
            engine._slowMinutes[rank] = (reader.Signed(), reader.Signed());
            engine._slowSketches[rank].Load(reader);
        }
        if (!old) engine.LoadShapes(reader, nowMs);
        reader.End();
        if (saved.Monitored != policy.Monitored || saved.MonthFrom != policy.MonthFrom || !SameMonth(saved, policy)) engine.Configure(policy, now);
        else engine.Policy = policy;
        return engine;
    }

    private static DateTimeOffset Instant(StateReader reader) => DateTimeOffset.FromUnixTimeMilliseconds(reader.Signed());
}
