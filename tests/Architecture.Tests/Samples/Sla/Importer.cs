namespace Forge.Architecture.Tests.Samples.Sla;

/// <summary>A capability that imports another one inside a method body only.</summary>
internal static class Importer
{
    public static int Terms() => Contracts.Imported.Months;
}
