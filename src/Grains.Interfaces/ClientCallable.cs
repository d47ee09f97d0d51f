namespace Forge.Grains.Interfaces;

/// <summary>
/// A web node may call this interface from outside the cluster; calls of clients to any other are refused. That keeps order and is no wall: a hand-made client can write any source into its
/// messages. The walls are the actor's signature, TLS and the network. Source: security.md 6.
/// </summary>
[AttributeUsage(AttributeTargets.Interface)]
public sealed class ClientCallableAttribute : Attribute;

/// <summary>This argument names the journal actor on whose behalf the call is made: it must be one that the signed actor may speak for.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class StatesActorAttribute : Attribute;
