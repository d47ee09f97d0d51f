namespace Forge.Domain.Sla;

/// <summary>What was refused of what came in the last 10 min, by started minute: the current one and the ten before it.</summary>
public sealed class RefusalWindow
{
    private const int Minutes = 11;
    private readonly (long Minute, long Refused, long Total, long Misnamed)[] _cells = new (long, long, long, long)[Minutes];
    private readonly Dictionary<string, (long Count, long Minute)> _reasons = new(StringComparer.Ordinal);
    private long _newestRefusal = long.MinValue;

    /// <summary>Takes a receipt in.</summary>
    public void Add(IngestReceipt receipt, DateTimeOffset now)
    {
        var minute = MinuteOf(now);
        ref var cell = ref _cells[(int)(minute % Minutes)];
        if (cell.Minute != minute) cell = (minute, 0, 0, 0);
        cell.Total += receipt.Accepted;
        foreach (var ignored in receipt.Ignored) cell.Total += ignored.Count;
        if (receipt.Refused.IsDefaultOrEmpty) return;
        _newestRefusal = minute;
        foreach (var refused in receipt.Refused)
        {
            cell.Total += refused.Count;
            cell.Refused += refused.Count;
            if (refused.Reason is IngestReason.OrganizationUnknown or IngestReason.OrganizationNotAllowed) cell.Misnamed += refused.Count;
            var known = _reasons.GetValueOrDefault(refused.Reason);
            _reasons[refused.Reason] = (known.Minute > minute - Minutes ? known.Count + refused.Count : refused.Count, minute);
        }
    }

    /// <summary>The counts at an instant.</summary>
    public RefusalCounts Sum(DateTimeOffset now)
    {
        var minute = MinuteOf(now);
        if (_newestRefusal <= minute - Minutes) return default;   // nothing was refused: nobody asks how much came
        var (refused, total, misnamed) = (0L, 0L, 0L);
        foreach (var cell in _cells)
        {
            if (cell.Minute <= minute - Minutes || cell.Minute > minute) continue;
            refused += cell.Refused;
            total += cell.Total;
            misnamed += cell.Misnamed;
        }
        return new RefusalCounts(refused, total, refused == 0 ? null : _reasons.Where(r => r.Value.Minute > minute - Minutes).MaxBy(r => r.Value.Count).Key, misnamed);
    }

    private static long MinuteOf(DateTimeOffset at) => at.ToUnixTimeSeconds() / 60;
}
