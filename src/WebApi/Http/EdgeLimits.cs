namespace Forge.WebApi.Http;

/// <summary>How much a node takes (<c>Forge:Http:Limits</c>). Source: the table of security.md 8.</summary>
public sealed record EdgeLimits
{
    /// <summary>Configuration section.</summary>
    public const string Section = "Forge:Http:Limits";

    /// <summary>Reads per session, a minute.</summary>
    public int ReadsPerMinute { get; init; } = 600;

    /// <summary>Commands per session, a minute.</summary>
    public int CommandsPerMinute { get; init; } = 120;

    /// <summary>Sign-ins, codes and proofs per account, a minute.</summary>
    public int SignInPerAccountPerMinute { get; init; } = 5;

    /// <summary>Sign-ins, codes and proofs per address (IPv6 by its /64), a minute.</summary>
    public int SignInPerAddressPerMinute { get; init; } = 20;

    /// <summary>Step-ups begun per person, a minute.</summary>
    public int StepUpsPerMinute { get; init; } = 30;

    /// <summary>Tries of the setup link a minute, whoever tries.</summary>
    public int SetupTriesPerMinute { get; init; } = 5;

    /// <summary>Setup, pairing and invitations per address, a minute.</summary>
    public int SetupPerMinute { get; init; } = 10;

    /// <summary>Exports and reports per session, a minute.</summary>
    public int ExportsPerMinute { get; init; } = 5;

    /// <summary>Exports and reports of one session at once.</summary>
    public int ExportsAtOnce { get; init; } = 2;

    /// <summary>Requests for the public status per address, a minute.</summary>
    public int PublicPerMinute { get; init; } = 120;

    /// <summary>Calls of a hub's methods per connection, in 10 s.</summary>
    public int InvocationsPer10Seconds { get; init; } = 30;

    /// <summary>Requests in work on this node; live connections do not count.</summary>
    public int InFlight { get; init; } = 1_000;

    /// <summary>Largest form, bytes.</summary>
    public int FormBytes { get; init; } = 16 * 1024;

    /// <summary>All headers of a request together, bytes.</summary>
    public int HeaderBytes { get; init; } = 32 * 1024;

    /// <summary>Path and query together, bytes.</summary>
    public int UrlBytes { get; init; } = 8 * 1024;
}

/// <summary>On an endpoint: the largest body it takes, and whether only JSON is read. Readers of bodies count themselves what comes in chunks.</summary>
/// <param name="Bytes">Largest body.</param>
/// <param name="AnyType">True where the endpoint itself judges the content type.</param>
internal sealed record BodyLimit(long Bytes, bool AnyType = false);
