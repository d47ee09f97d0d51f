using System.Collections.Immutable;

namespace Forge.Domain.Operations;

/// <summary>The arithmetic of platform analytics: sums over facts, nothing estimated.</summary>
public static class AnalyticsMath
{
    /// <summary>Days of violations that are shown, today included.</summary>
    public const int Days = 90;

    /// <summary>Judged months that are shown.</summary>
    public const int Months = 12;

    private static readonly ImmutableArray<int> Ahead = [30, 60, 90];

    /// <summary>First instant whose violations can matter at <paramref name="now"/>.</summary>
    public static DateTimeOffset ViolationsFrom(DateTimeOffset now) => new(DateOnly.FromDateTime(now.UtcDateTime).AddDays(1 - Days), default, TimeSpan.Zero);

    /// <summary>First start of a month that can be shown; a day earlier, because a month of a zone east of Greenwich begins before the one of UTC.</summary>
    public static DateTimeOffset MonthsFrom(DateTimeOffset now) => new DateTimeOffset(now.UtcDateTime.Year, now.UtcDateTime.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(-Months).AddDays(-1);

    /// <summary>The calendar month, in its own zone, that begins at this instant: no zone is farther than 14 h from UTC, so its middle lies in the same month everywhere.</summary>
    public static DateOnly MonthOf(DateTimeOffset start)
    {
        var middle = start.UtcDateTime.AddDays(14);
        return new DateOnly(middle.Year, middle.Month, 1);
    }

    /// <summary>Everything, at an instant.</summary>
    public static PlatformAnalytics Of(AnalyticsFacts facts, DateTimeOffset now)
    {
        var inForce = facts.Contracts.Where(c => c.InForce).ToArray();
        return new PlatformAnalytics(
            now,
            facts.Customers.Length,
            facts.Customers.Count(c => c.Enterprise),
            [.. Enum.GetValues<Region>().Select(r => Group(r.ToString(), facts.Customers.Where(c => c.Region == r)))],
            [.. facts.Customers.GroupBy(c => c.Plan, StringComparer.Ordinal).Select(g => Group(g.Key, g)).OrderByDescending(g => g.Customers).ThenBy(g => g.Name, StringComparer.Ordinal)],
            inForce.Length,
            [.. Ahead.Select(days => new ExpiringContracts(days, inForce.Count(c => c.TermEnd.DayNumber - c.Today.DayNumber <= days)))],
            facts.Violations.Count(v => v.End is null),
            DaysOf(facts.Violations, DateOnly.FromDateTime(now.UtcDateTime)),
            MonthsOf(facts.Months),
            [.. inForce.Where(c => c is { AnnualValueCents: not null, Currency: not null }).GroupBy(c => c.Currency!, StringComparer.Ordinal)
                .Select(g => new RecurringRevenue(g.Key, g.Sum(c => c.AnnualValueCents!.Value), g.Count())).OrderBy(r => r.Currency, StringComparer.Ordinal)],
            inForce.Count(c => c.AnnualValueCents is null || c.Currency is null),
            false);
    }

    private static CustomerGroup Group(string name, IEnumerable<CustomerFact> customers)
    {
        var all = customers.ToArray();
        return new CustomerGroup(name, all.Length, all.Count(c => c.Enterprise));
    }

    /// <summary>An end is exclusive: what ended at midnight was not open on the day that begins there.</summary>
    private static ImmutableArray<ViolationDay> DaysOf(ImmutableArray<ViolationFact> violations, DateOnly today)
    {
        var first = today.DayNumber + 1 - Days;
        var (opened, change) = (new int[Days], new int[Days + 1]);
        foreach (var violation in violations)
        {
            var start = DayNumber(violation.Start);
            var last = violation.End is not { } end ? today.DayNumber : Math.Max(start, DayNumber(end.AddTicks(-1)));
            if (start >= first && start < first + Days) opened[start - first]++;
            if (last < first || start >= first + Days) continue;
            change[Math.Max(start, first) - first]++;
            change[Math.Min(last, today.DayNumber) - first + 1]--;
        }
        var days = ImmutableArray.CreateBuilder<ViolationDay>(Days);
        var open = 0;
        for (var i = 0; i < Days; i++) days.Add(new ViolationDay(DateOnly.FromDayNumber(first + i), opened[i], open += change[i]));
        return days.MoveToImmutable();
    }

    private static ImmutableArray<JudgedMonth> MonthsOf(ImmutableArray<MonthFact> facts) =>
    [
        .. facts.GroupBy(f => f.Month).OrderByDescending(m => m.Key).Take(Months).Reverse().Select(m =>
        {
            var worst = m.GroupBy(f => f.OrganizationId, StringComparer.Ordinal).Select(o => o.Max(f => f.Outcome)).ToArray();
            return new JudgedMonth(m.Key, worst.Count(o => o == MonthOutcome.Kept), worst.Count(o => o == MonthOutcome.Unproven), worst.Count(o => o == MonthOutcome.Broken));
        }),
    ];

    private static int DayNumber(DateTimeOffset at) => DateOnly.FromDateTime(at.UtcDateTime).DayNumber;
}
