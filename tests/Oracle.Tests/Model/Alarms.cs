using Forge.Domain.Contracts;
using Forge.Domain.Sla;

namespace Forge.Oracle.Tests.Model;

/// <summary>The alerts of one organization by the table of sla.md 7, asked at instants that somebody else chooses.</summary>
internal sealed class Alarms(Reference model)
{
    private static readonly (AlertRule Rule, string Long, string Short, long Seconds, int PartPpm)[] Burns =
    [
        (AlertRule.BURN_1H, "1h", "5m", 3_600, 20_000), (AlertRule.BURN_6H, "6h", "30m", 21_600, 50_000),
        (AlertRule.BURN_1D, "1d", "2h", 86_400, 100_000), (AlertRule.BURN_3D, "3d", "6h", 259_200, 100_000),
    ];

    private readonly Dictionary<AlertRule, Life> _lives = Enum.GetValues<AlertRule>().ToDictionary(r => r, _ => new Life());

    private sealed class Life
    {
        public bool Open { get; set; }
        public DateTimeOffset? QuietSince { get; set; }
        public DateTimeOffset? ResolvedAt { get; set; }
    }

    public bool IsOpen(AlertRule rule) => _lives[rule].Open;

    /// <summary>A process that has just started does not know how long a condition has been over.</summary>
    public void Restarted()
    {
        foreach (var life in _lives.Values) life.QuietSince = null;
    }

    /// <summary>What happens at an instant. <paramref name="withMonth"/>: the rules about the month to date are judged too.</summary>
    public List<string> At(DateTimeOffset now, DateTimeOffset watchedFrom, bool withMonth)
    {
        var (term, happened) = (model.Term, new List<string>());
        if (!term.Monitored || now < term.CoveredFrom || now >= term.CoveredTo)
        {
            foreach (var rule in _lives.Keys)
                if (_lives[rule].Open) Say(rule, holds: false, over: true);
            return happened;
        }
        var month = (long)(term.MonthTo - term.MonthFrom).TotalSeconds;
        var missing = 1_000_000 - term.Terms.Uptime.TargetPpm;
        foreach (var (rule, l, s, seconds, part) in Burns)
        {
            var (whole, least) = (model.Burn(l, now), term.Terms.Uptime.Formula == UptimeFormula.TimeSlices ? 3 : 10);
            var reached = whole.Evidence >= least && Reaches(whole, 10);
            if (!reached && !IsOpen(rule)) continue;
            var recent = model.Burn(s, now);
            Say(rule, reached && Reaches(recent, 10), !Reaches(recent, 8) && !(reached && Reaches(recent, 10)));

            // burn = e / (1 - T) >= tenths/10 * p * P / L; without a share nothing burns.
            bool Reaches(Burning e, int tenths) =>
                e is { Whole: > 0, Bad: > 0 } && (Int128)e.Bad * 1_000_000 * 1_000_000 * seconds * 10 >= (Int128)part * month * missing * e.Whole * tenths;
        }
        var (allowed, bad, ppm, exhausted) = model.Used(now);
        Say(AlertRule.BUDGET_EXHAUSTED, exhausted, !exhausted);
        var patience = TimeSpan.FromMilliseconds(Math.Max(120_000, 3 * model.IntervalMs));
        var (data, since) = (model.DataAt, watchedFrom > term.CoveredFrom ? watchedFrom : term.CoveredFrom);
        var fresh = data is { } at && now - at < patience;
        var silentFrom = data is { } last && last > since ? last : since;
        Say(AlertRule.TELEMETRY_STALE, !fresh && now - silentFrom >= patience, fresh);
        if (!withMonth) return happened;
        // A budget of no slots has nothing to forecast: one bad slot exhausts it.
        var (used, of) = allowed is { } slots ? (bad, slots) : (ppm ?? 0, 1_000_000);
        var day = model.Burn("1d", now);
        var left = (Int128)Math.Max(0, of - used) * missing * month * day.Whole;
        var ends = day is { Bad: > 0, Whole: > 0 } && left < (Int128)day.Bad * (long)(term.MonthTo - now).TotalSeconds * of * 1_000_000;
        var forecast = ends && (of > 0 ? used * 4 >= of : used > 0);
        Say(AlertRule.BUDGET_FORECAST, forecast, !forecast);
        var (measured, all) = model.MonthCoverage(now);
        Say(AlertRule.LOW_COVERAGE, now - term.CoveredFrom >= TimeSpan.FromDays(1) && all > 0 && measured * 100 < all * 99, all > 0 && measured * 1_000 >= all * 995);
        return happened;

        void Say(AlertRule rule, bool holds, bool over)
        {
            var life = _lives[rule];
            if (!life.Open)
            {
                if (!holds) return;
                happened.Add($"{rule} {(life.ResolvedAt is { } end && now - end <= TimeSpan.FromMinutes(10) ? "Reopened" : "Fired")}");
                (life.Open, life.QuietSince) = (true, null);
                return;
            }
            life.QuietSince = over ? life.QuietSince ?? now : null;
            var wait = rule <= AlertRule.BURN_3D && term.Monitored ? TimeSpan.FromMinutes(2) : TimeSpan.Zero;
            if (life.QuietSince is not { } quiet || now - quiet < wait) return;
            (life.Open, life.QuietSince, life.ResolvedAt) = (false, null, now);
            happened.Add($"{rule} Resolved");
        }
    }
}
