namespace Forge.Grains.Interfaces;

/// <summary>
/// The store did not do what a grain asked of it: nothing was done, try again. Stands for the database's own exceptions, which cannot leave their process; what exactly happened is in the silo's log.
/// </summary>
[GenerateSerializer, Alias("forge.StoreUnavailableException")]
public sealed class StoreUnavailableException : Exception
{
    /// <summary>Stable code.</summary>
    public const string Code = "unavailable";

    /// <summary>An unavailable store.</summary>
    public StoreUnavailableException()
        : base(Code)
    {
    }
}
