using System.Collections.Immutable;
using System.Net;

namespace Forge.WebApi.Identity;

/// <summary>A machine credential that may write telemetry; form on the wire <c>fik_{id}_{secret}</c>.</summary>
/// <param name="Id">12 Crockford characters.</param>
/// <param name="Name">What a person called it.</param>
/// <param name="OrganizationIds">Organizations it may write for; empty = all.</param>
/// <param name="Uses">Allowed uses, e.g. <c>telemetry</c>.</param>
/// <param name="Networks">Networks it may come from; none or default = anywhere.</param>
public sealed record IngestKey(string Id, string Name, ImmutableArray<string> OrganizationIds, ImmutableArray<string> Uses, ImmutableArray<IPNetwork> Networks = default)
{
    /// <summary>True when it may come from this address.</summary>
    public bool AllowsFrom(IPAddress? address)
    {
        if (Networks.IsDefaultOrEmpty) return true;
        if (address is null) return false;
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return Networks.Any(n => n.Contains(plain));
    }

    /// <summary>True when it may write for this organization.</summary>
    public bool Allows(string organizationId) => OrganizationIds.IsEmpty || OrganizationIds.Contains(organizationId);
}

/// <summary>Finds the key behind a presented credential: not null only when it exists, the secret matches (constant time), and it is neither revoked nor expired. Registered by Identity, used by ingest.</summary>
public delegate ValueTask<IngestKey?> IngestKeyAuthenticator(string keyId, string secret, CancellationToken cancellation);
