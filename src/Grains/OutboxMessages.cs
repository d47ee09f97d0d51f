using Forge.Grains.Interfaces;

namespace Forge.Grains;

/// <summary>Types of messages that grains send one another through the outbox.</summary>
public static class OutboxMessages
{
    /// <summary>To an SLA grain: name, flags or terms changed.</summary>
    public const string SlaProfile = "sla.profile";

    /// <summary>To an organization and its SLA grain: an enterprise contract was signed.</summary>
    public const string ContractSigned = "contract.signed";

    /// <summary>Something was committed: deliver now rather than at the next sweep. Never fails the caller: the sweep is the guarantee.</summary>
    public static Task Nudge(IGrainFactory grains) => grains.GetGrain<IOutboxGrain>(0).Nudge();
}
