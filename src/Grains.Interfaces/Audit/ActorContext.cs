using Forge.Domain.Audit;

namespace Forge.Grains.Interfaces.Audit;

/// <summary>How the signed actor of a call travels. Source: security.md 6.</summary>
public static class ActorContext
{
    /// <summary>Name in Orleans' request context; the value is the text that <see cref="ActorToken"/> makes. Proves nothing without its signature.</summary>
    public const string Key = "forge.actor";

    /// <summary>Use of the key that signs actors, in the key folder of silos and nodes.</summary>
    public const string KeyUse = "actor";
}

/// <summary>A grain did not take a call, because the one who stands behind it did not prove it. Says nothing more to the caller.</summary>
[GenerateSerializer, Alias("forge.ActorRefusedException")]
public sealed class ActorRefusedException : Exception
{
    /// <summary>Stable code.</summary>
    public const string Code = "actor_required";

    /// <summary>A refusal.</summary>
    public ActorRefusedException()
        : base(Code)
    {
    }
}
