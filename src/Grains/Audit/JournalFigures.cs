using Forge.Domain.Audit;

namespace Forge.Grains.Audit;

/// <summary>What the verifier last concluded, in the silo where it lives; null elsewhere.</summary>
public sealed class JournalFigures
{
    private volatile JournalStatus? _newest;

    /// <summary>The newest conclusion.</summary>
    public JournalStatus? Newest
    {
        get => _newest;
        set => _newest = value;
    }
}
