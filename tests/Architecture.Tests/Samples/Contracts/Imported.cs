namespace Forge.Architecture.Tests.Samples.Contracts;

/// <summary>A capability that imports nobody.</summary>
internal static class Imported
{
    public static int Months => int.Parse("12", System.Globalization.CultureInfo.InvariantCulture);
}
