using System.Collections.Immutable;

namespace Forge.Domain.Sla;

/// <summary>The detail of a stored hour as bytes: 60 minute cells as varints, 360 slot states by runs. About 1 KiB of an hour with traffic, 30 bytes of an empty one.</summary>
public static class HourDetail
{
    /// <summary>Minute cells of an hour.</summary>
    public const int MinuteCount = 60;

    private const byte Format = 1;

    /// <summary>Packs cells and states. Throws <see cref="ArgumentException"/> unless there are 60 and 360.</summary>
    public static byte[] Pack(SlaHour hour)
    {
        if (hour.Minutes.Length != MinuteCount || hour.Slots.Length != Slots.PerHour) throw new ArgumentException("An hour has 60 minute cells and 360 slots.", nameof(hour));
        var writer = new StateWriter();
        writer.Byte(Format);
        foreach (var minute in hour.Minutes)
        {
            writer.Flag(minute != default);
            if (minute == default) continue;
            ReadOnlySpan<long> counts = [minute.Total60, minute.Bad60, minute.Latency60, minute.Slow50, minute.Slow95, minute.Slow99];
            foreach (var count in counts) writer.Sixtieths((ulong)count);
        }
        for (var first = 0; first < Slots.PerHour;)
        {
            var end = first + 1;
            while (end < Slots.PerHour && hour.Slots[end] == hour.Slots[first]) end++;
            writer.Count(end - first);
            writer.Byte(hour.Slots[first]);
            first = end;
        }
        return writer.Finish();
    }

    /// <summary>Cells and states back. Throws <see cref="FormatException"/> on torn bytes or another format.</summary>
    public static (ImmutableArray<SlaMinute> Minutes, ImmutableArray<byte> Slots) Unpack(ReadOnlySpan<byte> packed)
    {
        var reader = new StateReader(packed, Format);
        var minutes = ImmutableArray.CreateBuilder<SlaMinute>(MinuteCount);
        for (var i = 0; i < MinuteCount; i++)
            minutes.Add(reader.Flag() ? new SlaMinute(Count(), Count(), Count(), Count(), Count(), Count()) : default);
        var slots = new byte[Sla.Slots.PerHour];
        for (var at = 0; at < slots.Length;)
        {
            var run = reader.Count(slots.Length - at);
            if (run == 0) throw new FormatException("A stored hour has an empty run of slots.");
            slots.AsSpan(at, run).Fill(reader.Byte());
            at += run;
        }
        reader.End();
        return (minutes.MoveToImmutable(), [.. slots]);

        long Count() => (long)reader.LongSixtieths();
    }
}
