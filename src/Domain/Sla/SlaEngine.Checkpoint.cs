namespace Forge.Domain.Sla;

// What no row holds yet as bytes: a format byte, varints, a checksum. Groups count as live again from the moment of restoring.
public sealed partial class SlaEngine
{
    private const byte Format = 5;

    // The next one will be about as long.
    private int _checkpointBytes = 1_024;

    /// <summary>
    /// Everything the engine knows but the hours that were marked stored: these come back from their rows. Call <see cref="MarkClean"/> once it is stored.
    /// </summary>
    public byte[] Checkpoint()
    {
        _minutes.Flush();
        var (writer, table) = (new StateWriter(_checkpointBytes + 512), new RangeTable());
        writer.Byte(Format);
        writer.Flag(Policy.Monitored);
        writer.Signed(Policy.MonthFrom.ToUnixTimeMilliseconds());
        writer.Signed(Policy.CoveredFrom.ToUnixTimeMilliseconds());
        writer.Signed(Policy.CoveredTo.ToUnixTimeMilliseconds());
        writer.Count((int)Policy.Terms.Uptime.Formula);
        writer.Count(Policy.Terms.Uptime.SliceSeconds);
        SaveTerms(writer, Policy.Terms.EpisodeOrDefault);
        writer.Flag(_earlierTerms is not null);
        if (_earlierTerms is { } earlier)
        {
            SaveTerms(writer, earlier.Terms);
            writer.Signed(earlier.Until);
        }
        writer.Signed(_promiseFrom);
        writer.Signed(_slicesFrom);
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
        _hours.Save(writer);
        _ring.Save(writer, _hours);
        _minutes.Save(writer, _hours, table);
        _sketches.Save(writer, _hours, table);
        _day.Save(writer, table);
        _month.Save(writer, table);
        _quarter.Save(writer, table);
        SaveFrozen(writer);
        _table.Save(writer);
        _identities.Save(writer);
        foreach (var track in _tracks.All) track.Save(writer);
        for (var rank = 0; rank < _slowSketches.Length; rank++)
        {
            writer.Signed(_slowMinutes[rank].First);
            writer.Signed(_slowMinutes[rank].Last);
            _slowSketches[rank].Save(writer);
        }
        SaveShapes(writer);
        foreach (var group in _table.Groups.Values) group.CheckpointAt = group.NewestAt;
        _checkpointedVersion = _version;
        WantsCheckpoint = false;
        var bytes = writer.Finish();
        _checkpointBytes = bytes.Length;
        return bytes;
    }

    /// <summary>
    /// An engine from a checkpoint, under the promise in force now. Throws <see cref="FormatException"/> with a clear text when the bytes are torn, or of another format.
    /// </summary>
    public static SlaEngine Restore(ReadOnlySpan<byte> checkpoint, SlaPolicy policy, DateTimeOffset now) => Restore(checkpoint, Array.Empty<StoredHour>(), policy, now);

    /// <summary>
    /// The same with the stored hours that the checkpoint leaves out: the last 744 with their sums and sketches; with their detail at least the last 8, better 26 (without it the 10-min steps of
    /// the 1-day window are even parts of the hour). Hours the checkpoint holds itself are taken from it; hours that are in neither read as unknown.
    /// </summary>
    public static SlaEngine Restore(ReadOnlySpan<byte> checkpoint, IReadOnlyList<StoredHour> hours, SlaPolicy policy, DateTimeOffset now)
    {
        var reader = new StateReader(checkpoint, Format);
        try
        {
            return Read(reader, hours, policy, now);
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or OverflowException or IndexOutOfRangeException)
        {
            throw new FormatException("The SLA checkpoint holds values that cannot be.", e);
        }
    }

    /// <summary>The same from hours with all their detail.</summary>
    public static SlaEngine Restore(ReadOnlySpan<byte> checkpoint, IReadOnlyList<SlaHour> hours, SlaPolicy policy, DateTimeOffset now) =>
        Restore(checkpoint, [.. hours.Select(h => new StoredHour(h.Hour, PeriodSums.Of(h), h.Sketch, h))], policy, now);

    private static SlaEngine Read(StateReader reader, IReadOnlyList<StoredHour> hours, SlaPolicy policy, DateTimeOffset now)
    {
        var nowMs = now.ToUnixTimeMilliseconds();
        var monitored = reader.Flag();
        var (monthFrom, coveredFrom, coveredTo) = (Instant(reader), Instant(reader), Instant(reader));
        var uptime = policy.Terms.Uptime with { Formula = (Contracts.UptimeFormula)reader.Count(2), SliceSeconds = reader.Count(300) };
        // Enough of the old promise to see what changed; the rest of its terms no longer matters.
        var saved = policy with
        {
            Monitored = monitored, MonthFrom = monthFrom, CoveredFrom = coveredFrom, CoveredTo = coveredTo, Terms = policy.Terms with { Uptime = uptime, Episode = LoadTerms(reader) },
        };
        (Contracts.EpisodeTerms Terms, long Until)? earlier = reader.Flag() ? (LoadTerms(reader), reader.Signed()) : null;
        var engine = new SlaEngine(saved, nowMs) { _promiseFrom = reader.Signed(), _slicesFrom = reader.Signed() };
        engine.SetEarlierTerms(earlier);
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
        engine._hours.Load(reader);
        engine._ring.Load(reader);
        var table = new RangeTable();
        engine._minutes.Load(reader, table, engine._scratch);
        engine._sketches.Load(reader, table, engine._ranges, engine._scratch);
        engine._day = CalendarSums.Load(reader, table, engine._ranges, engine._scratch);
        engine._month = CalendarSums.Load(reader, table, engine._ranges, engine._scratch);
        engine._quarter = CalendarSums.Load(reader, table, engine._ranges, engine._scratch);
        engine._dayEndMs = engine.Policy.Zone.DayAt(Slots.StartOf(Math.Clamp(engine._day.First, 0, 10_000_000_000))).To.ToUnixTimeMilliseconds();
        engine.LoadFrozen(reader);
        engine._table.Load(reader, nowMs);
        foreach (var group in engine._table.Groups.Values) group.CheckpointAt = group.StoredAt = group.NewestAt;
        engine._identities.Load(reader);
        foreach (var track in engine._tracks.All) track.Load(reader);
        for (var rank = 0; rank < engine._slowSketches.Length; rank++)
        {
            engine._slowMinutes[rank] = (reader.Signed(), reader.Signed());
            engine._slowSketches[rank].Load(reader);
        }
        engine.LoadShapes(reader);
        reader.End();
        engine.TakeRows(hours);
        if (saved.Monitored != policy.Monitored || saved.MonthFrom != policy.MonthFrom || !SameCalendar(saved, policy) || saved.Terms.Episode != policy.Terms.EpisodeOrDefault) engine.Configure(policy, now);
        else engine.Policy = policy;
        return engine;
    }

    private static void SaveTerms(StateWriter writer, Contracts.EpisodeTerms terms)
    {
        writer.Count(terms.OpenBad);
        writer.Count(terms.OpenOf);
        writer.Count(terms.CloseAfter);
    }

    private static Contracts.EpisodeTerms LoadTerms(StateReader reader) => new(reader.Count(360), reader.Count(360), reader.Count(360));

    private void SaveFrozen(StateWriter writer)
    {
        writer.Count(_frozen.Count);
        foreach (var (hour, frozen) in _frozen)
        {
            writer.Signed(hour);
            writer.Flag(frozen.Monitored);
            writer.Bytes(frozen.Detail);
            writer.Bytes(frozen.Sketch.AsSpan());
        }
    }

    private void LoadFrozen(StateReader reader)
    {
        for (var n = reader.Count(MostFrozen); n > 0; n--)
        {
            var (hour, monitored) = (reader.Signed(), reader.Flag());
            var (detail, sketch) = (reader.Bytes(), reader.Bytes());
            HourDetail.Unpack(detail);
            _frozen[hour] = (detail, [.. sketch], monitored);
        }
    }

    private static DateTimeOffset Instant(StateReader reader) => DateTimeOffset.FromUnixTimeMilliseconds(reader.Signed());
}
