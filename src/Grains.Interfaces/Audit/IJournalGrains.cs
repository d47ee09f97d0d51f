using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Audit;
using Orleans.Concurrency;

namespace Forge.Grains.Interfaces.Audit;

/// <summary>Reads the journal for people; stateless worker, key 0.</summary>
[Alias("forge.IJournalQueryGrain"), ClientCallable]
public interface IJournalQueryGrain : IGrainWithIntegerKey
{
    /// <summary>At most <paramref name="take"/> (1..1,000) entries behind a cursor (null = from the newest), newest first.</summary>
    [Alias("Search"), ReadOnly]
    Task<JournalPage> Search(JournalFilter filter, JournalCursor? after, int take);

    /// <summary>One entry, or null.</summary>
    [Alias("Entry"), ReadOnly]
    Task<JournalEntryView?> Entry(string chain, long seq);

    /// <summary>Every chain with an entry, by name.</summary>
    [Alias("Chains"), ReadOnly]
    Task<ImmutableArray<string>> Chains();

    /// <summary>What the background verifier knows.</summary>
    [Alias("Status"), ReadOnly]
    Task<JournalStatus> Status();

    /// <summary>How far one chain was checked.</summary>
    [Alias("ChainStatus"), ReadOnly]
    Task<ChainStatus> ChainStatus(string chain);

    /// <summary>Checks one chain now, from its first entry: the button "verify". Takes about a second for 50,000 entries.</summary>
    [Alias("Verify")]
    Task<JournalReport> Verify(string chain);

    /// <summary>At most <paramref name="take"/> (1..1,000) seals before an entry of the platform chain (null = the newest), newest first.</summary>
    [Alias("Seals"), ReadOnly]
    Task<ImmutableArray<SealView>> Seals(long? before, int take);

    /// <summary>Public parts of every key that signs or signed seals.</summary>
    [Alias("Keys"), ReadOnly]
    Task<PublicKeySet> Keys();
}

/// <summary>Seals the journal; key <c>platform</c>, one in the cluster.</summary>
[Alias("forge.IJournalSealGrain")]
public interface IJournalSealGrain : IGrainWithStringKey
{
    /// <summary>Seals when it is time: every 60 s when a chain moved, else every 10 min. Called by the sweeps of every silo.</summary>
    [Alias("Tick")]
    Task Tick();

    /// <summary>Seals at once, for what must not wait (the end of a break-glass grant); answers the entry that was sealed.</summary>
    [Alias("Seal")]
    Task<long> Seal();
}

/// <summary>Checks the journal in the background; key <c>platform</c>, one in the cluster. A disagreement is told and journaled; it stops nothing.</summary>
[Alias("forge.IJournalVerifierGrain")]
public interface IJournalVerifierGrain : IGrainWithStringKey
{
    /// <summary>Starts what is due (new entries every 60 s, everything at the start and once a day) and returns at once. Called by the sweeps of every silo.</summary>
    [Alias("Tick"), AlwaysInterleave]
    Task Tick();

    /// <summary>Checks everything now and answers what it found. Waits for a check that is under way.</summary>
    [Alias("CheckAll"), AlwaysInterleave]
    Task<JournalStatus> CheckAll();

    /// <summary>What is known.</summary>
    [Alias("Status"), AlwaysInterleave, ReadOnly]
    Task<JournalStatus> Status();

    /// <summary>
    /// Records what was found as an incident (a SeniorAdmin does; the caller checks that): it is journaled, stays in every report, and makes health red no longer.
    /// Text: 1..2,000 characters, else <c>validation_failed</c>.
    /// </summary>
    [Alias("RecordIncident")]
    Task<Outcome<JournalStatus>> RecordIncident(string text, [StatesActor] string actor, string correlationId);

    /// <summary>How far one chain was checked.</summary>
    [Alias("ChainStatus"), AlwaysInterleave, ReadOnly]
    Task<ChainStatus> ChainStatus(string chain);
}
