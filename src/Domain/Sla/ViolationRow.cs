namespace Forge.Domain.Sla;

/// <summary>A violation in a list, with its organization's name and its version.</summary>
[GenerateSerializer, Immutable, Alias("forge.ViolationRow")]
public sealed record ViolationRow(SlaViolation Violation, string OrganizationName, long Version);
