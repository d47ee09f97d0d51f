using Forge.Dashboard.Format;
using Forge.Domain.Sla;

namespace Forge.Dashboard.Sla;

/// <summary>One cell of an uptime strip.</summary>
/// <param name="From">Start.</param>
/// <param name="To">End.</param>
/// <param name="Ground">What most of it is: Good, Unknown or Excluded; Bad only when nothing else was measured.</param>
/// <param name="BadSeconds">Bad time in it.</param>
/// <param name="BadHeight">Height of the bad part, 0 to 100: by the square root of its share, so that one bad slot of a day is seen.</param>
/// <param name="Words">When, how much, and why.</param>
public sealed record StripCell(DateTimeOffset From, DateTimeOffset To, SlotVerdict Ground, long BadSeconds, int BadHeight, string Words);

/// <summary>Turns history points into the cells of a strip: every day or hour has one, also those that nobody measured.</summary>
public static class StripCells
{
    private const int SlotSeconds = 10;

    /// <summary>The last <paramref name="count"/> local days, the one of <paramref name="now"/> included.</summary>
    public static IReadOnlyList<StripCell> Days(SlaHistory? history, ZoneClock clock, DateTimeOffset now, int count)
    {
        var today = clock.Day(now);
        var cells = new List<StripCell>(count);
        for (var back = count - 1; back >= 0; back--)
        {
            var (from, to) = (clock.Start(today.AddDays(-back)), clock.Start(today.AddDays(1 - back)));
            cells.Add(Cell(history, from, to, now, Say.Date(today.AddDays(-back))));
        }
        return cells;
    }

    /// <summary>The hours of a local day (23 to 25 of them) that have begun.</summary>
    public static IReadOnlyList<StripCell> Hours(SlaHistory? history, ZoneClock clock, DateOnly day, DateTimeOffset now)
    {
        var cells = new List<StripCell>(25);
        var end = clock.Start(day.AddDays(1));
        for (var from = clock.Start(day); from < end && from <= now; from = from.AddHours(1))
        {
            var to = from.AddHours(1) < end ? from.AddHours(1) : end;
            cells.Add(Cell(history, from, to, now, $"{clock.Minute(from)} to {clock.Minute(to)}"));
        }
        return cells;
    }

    private static StripCell Cell(SlaHistory? history, DateTimeOffset from, DateTimeOffset to, DateTimeOffset now, string when)
    {
        long slots = 0, bad = 0, unknown = 0, excluded = 0, requests = 0, failed = 0;
        var (slow, errors) = (false, false);
        if (history is { Points.IsDefault: false })
            foreach (var point in history.Points)
            {
                if (point.At < from || point.At >= to) continue;
                slots += point.Slots;
                bad += point.BadSlots;
                unknown += point.UnknownSlots;
                excluded += point.ExcludedSlots;
                requests += point.Requests;
                failed += point.BadRequests;
                slow |= point.Slow;
                errors |= point.Errors;
            }
        var past = Math.Max(1, (long)((now < to ? now : to) - from).TotalSeconds / SlotSeconds);
        // What no point speaks about was not measured; the part of a running day that lies ahead does not count.
        unknown = Math.Min(past, unknown + Math.Max(0, past - slots));
        var good = Math.Max(0, past - bad - unknown - excluded);
        var ground = good > 0 && good >= unknown + excluded ? SlotVerdict.Good
            : unknown >= excluded && unknown > 0 ? SlotVerdict.Unknown
            : excluded > 0 ? SlotVerdict.Excluded
            : bad > 0 ? SlotVerdict.Bad : SlotVerdict.Good;
        var height = bad == 0 ? 0 : (int)Math.Clamp(Math.Ceiling(100 * Math.Sqrt((double)bad / past)), 18, 100);
        return new StripCell(from, to, ground, bad * SlotSeconds, height, $"{when}: {Words(bad, unknown, excluded, past, requests, failed, slow, errors)}");
    }

    private static string Words(long bad, long unknown, long excluded, long past, long requests, long failed, bool slow, bool errors)
    {
        if (unknown >= past) return "not measured";
        var parts = new List<string> { bad == 0 ? "kept" : $"{Say.Seconds(bad * SlotSeconds)} of bad time" };
        if (requests > 0) parts.Add($"{Say.Count(failed)} of {Say.Many(requests, "request", "requests")} failed");
        if (slow) parts.Add("slower than promised at times");
        if (errors && bad == 0) parts.Add("more errors than promised at times");
        if (excluded > 0) parts.Add($"{Say.Seconds(excluded * SlotSeconds)} excluded");
        if (unknown > 0) parts.Add($"{Say.Seconds(unknown * SlotSeconds)} not measured");
        return string.Join(", ", parts);
    }
}
