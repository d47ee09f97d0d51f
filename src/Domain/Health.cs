namespace Forge.Domain;

/// <summary>The one ordered health enum of the product, worst first.</summary>
[GenerateSerializer, Alias("forge.Health")]
public enum Health
{
    /// <summary>A promise is broken badly: open MAJOR or CRITICAL violation, budget exhausted, a page firing.</summary>
    Critical = 0,

    /// <summary>The data is too old to say anything.</summary>
    Stale = 1,

    /// <summary>Open MINOR violation, a ticket firing, or 75 % of the error budget used.</summary>
    Warning = 2,

    /// <summary>Announced maintenance runs.</summary>
    Maintenance = 3,

    /// <summary>Every promise is kept.</summary>
    Good = 4,

    /// <summary>Nothing was promised: no SLA terms in force.</summary>
    NoSla = 5,
}

/// <summary>The worst-of rule.</summary>
public static class HealthRules
{
    /// <summary>The worse of two levels.</summary>
    public static Health Worst(Health a, Health b) => a < b ? a : b;
}
