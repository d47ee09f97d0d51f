using Orleans.Concurrency;

namespace Forge.Grains.Interfaces;

/// <summary>A grain that has deadlines: the sweep calls it for rows whose instant has passed.</summary>
[Alias("forge.IDeadlineTarget")]
public interface IDeadlineTarget : IGrainWithStringKey
{
    /// <summary>The named deadline's instant may have passed: the grain looks at its own timestamps and acts. Idempotent.</summary>
    [Alias("DeadlineDue")]
    Task DeadlineDue(string name);
}

/// <summary>Finds deadlines that nobody acted on; singleton, key 0. Called at silo start and every 5 s.</summary>
[Alias("forge.IDeadlineSweepGrain")]
public interface IDeadlineSweepGrain : IGrainWithIntegerKey
{
    /// <summary>Calls every grain with an overdue deadline; answers how many.</summary>
    [Alias("Sweep")]
    Task<int> Sweep();
}

/// <summary>Delivers what commands committed for others; singleton, key 0. At least once, in order per (target, ordering key).</summary>
[Alias("forge.IOutboxGrain")]
public interface IOutboxGrain : IGrainWithIntegerKey
{
    /// <summary>Delivers everything that is due; answers how many messages went out.</summary>
    [Alias("Sweep"), AlwaysInterleave]
    Task<int> Sweep();

    /// <summary>Something was committed: starts a sweep and answers nobody.</summary>
    [Alias("Nudge"), OneWay, AlwaysInterleave]
    Task Nudge();
}
