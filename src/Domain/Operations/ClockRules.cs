namespace Forge.Domain.Operations;

/// <summary>What a silo does about its clock.</summary>
public enum ClockVerdict
{
    /// <summary>Nothing.</summary>
    Healthy = 0,

    /// <summary>Works on and says so: nothing is decided by so little.</summary>
    Alarm = 1,

    /// <summary>Not ready: nobody can say whose clock is wrong.</summary>
    Unready = 2,

    /// <summary>Leaves the cluster: the database and at least one other silo agree with each other and not with this one.</summary>
    Leave = 3,
}

/// <summary>Judges the distance between a silo's clock and the store's. Source: emergency-access.md 4.8; that a silo leaves when it is alone with its time is ours.</summary>
public static class ClockRules
{
    /// <summary>Above it: an alarm.</summary>
    public static readonly TimeSpan AlarmAbove = TimeSpan.FromSeconds(2);

    /// <summary>Above it: not ready.</summary>
    public static readonly TimeSpan UnreadyAbove = TimeSpan.FromSeconds(30);

    /// <summary>Judges.</summary>
    /// <param name="skew">This clock minus the store's; half of the question's round trip is taken off already.</param>
    /// <param name="others">Age of the newest sign of life of every other active silo, by its own clock against the store's: near zero when its clock is right, far off in either direction when it is wrong or dead.</param>
    public static ClockVerdict Judge(TimeSpan skew, IEnumerable<TimeSpan> others) => skew.Duration() switch
    {
        var off when off <= AlarmAbove => ClockVerdict.Healthy,
        var off when off <= UnreadyAbove => ClockVerdict.Alarm,
        _ => others.Any(o => o.Duration() <= UnreadyAbove) ? ClockVerdict.Leave : ClockVerdict.Unready,
    };
}
