using System.Collections.Immutable;

namespace Forge.Domain.Sla;

/// <summary>A violation in a list, with its organization's name and its version.</summary>
[GenerateSerializer, Immutable, Alias("forge.ViolationRow")]
public sealed record ViolationRow(SlaViolation Violation, string OrganizationName, long Version);

/// <summary>One entry of a violation's history, from the journal.</summary>
/// <param name="At">When it was committed.</param>
/// <param name="Actor">Who.</param>
/// <param name="Event">What.</param>
[GenerateSerializer, Immutable, Alias("forge.ViolationMoment")]
public sealed record ViolationMoment(DateTimeOffset At, string Actor, ViolationEvent Event);

/// <summary>A violation with everything that happened to it, oldest first.</summary>
[GenerateSerializer, Immutable, Alias("forge.ViolationDetail")]
public sealed record ViolationDetail(SlaViolation Violation, string OrganizationName, long Version, ImmutableArray<ViolationMoment> Events);
