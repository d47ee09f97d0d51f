using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Forge.Domain.Sla;

namespace Forge.Domain.Live;

/// <summary>The content of a live delta: the whole newest state of one thing.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(TileChanged), "sla.tile")]
[JsonDerivedType(typeof(ViolationChanged), "sla.violation")]
[JsonDerivedType(typeof(AlertChanged), "sla.alert")]
[GenerateSerializer, Immutable, Alias("forge.LiveContent")]
public abstract record LiveContent
{
    private LiveContent()
    {
    }

    /// <summary>True for the last word about a thing.</summary>
    [JsonIgnore]
    public bool IsOver => this is ViolationChanged { Violation.State: not ViolationState.OPEN } or AlertChanged { Alert.State: AlertState.RESOLVED };

    /// <summary>Organization it is about; null for what no board shows. A viewer of some organizations gets only theirs.</summary>
    [JsonIgnore]
    public string? OrganizationId => this switch
    {
        TileChanged c => c.Tile.OrganizationId,
        ViolationChanged c => c.Violation.OrganizationId,
        AlertChanged c => c.Alert.OrganizationId,
        _ => null,
    };

    /// <summary>A tile has this content now.</summary>
    [GenerateSerializer, Immutable, Alias("forge.LiveContent.TileChanged")]
    public sealed record TileChanged(SlaTile Tile) : LiveContent;

    /// <summary>A violation was opened, escalated, revised, closed or withdrawn and has this content now.</summary>
    [GenerateSerializer, Immutable, Alias("forge.LiveContent.ViolationChanged")]
    public sealed record ViolationChanged(string Change, SlaViolation Violation, string OrganizationName) : LiveContent;

    /// <summary>An alert fired, was acknowledged or resolved and has this content now.</summary>
    [GenerateSerializer, Immutable, Alias("forge.LiveContent.AlertChanged")]
    public sealed record AlertChanged(string Change, SlaAlert Alert, string OrganizationName) : LiveContent;

    /// <summary>What a person may do has changed. For web nodes only: it has no form in JSON, so it cannot reach a browser.</summary>
    [GenerateSerializer, Immutable, Alias("forge.LiveContent.PrincipalChanged")]
    public sealed record PrincipalChanged(string UserId, long Epoch, bool Enabled) : LiveContent;
}

/// <summary>
/// The newest state of one thing. (<paramref name="Epoch"/>, <paramref name="Sequence"/>) orders the deltas of one thing: the epoch is the activation of the grain that published it, the sequence counts inside it.
/// </summary>
/// <param name="Thing">Key of the thing, e.g. <c>sla.tile/eu-7k3m9q2v4x</c>.</param>
/// <param name="Epoch">Start of the publishing activation, Unix milliseconds.</param>
/// <param name="Sequence">1, 2, 3 … within the epoch.</param>
/// <param name="Content">Newest content.</param>
/// <param name="Trace">W3C trace parent of what led to it; null when it was not traced.</param>
[GenerateSerializer, Immutable, Alias("forge.LiveDelta")]
public sealed record LiveDelta(string Thing, long Epoch, long Sequence, LiveContent Content, string? Trace = null)
{
    /// <summary>True when this delta is newer than <paramref name="other"/> of the same thing.</summary>
    public bool IsNewerThan(LiveDelta? other) => other is null || (Epoch, Sequence).CompareTo((other.Epoch, other.Sequence)) > 0;

    /// <summary>Id of the trace, 32 hex digits; null without one.</summary>
    [JsonIgnore]
    public string? TraceId => Trace is { Length: 55 } trace ? trace[3..35] : null;

    /// <summary>Key of an organization's tile.</summary>
    public static string TileOf(string organizationId) => "sla.tile/" + organizationId;

    /// <summary>Key of a violation.</summary>
    public static string ViolationOf(string violationId) => "sla.violation/" + violationId;

    /// <summary>Key of an alert.</summary>
    public static string AlertOf(string alertId) => "sla.alert/" + alertId;

    /// <summary>The news of a person's rights; the principal's own epoch orders it, whichever silo tells it.</summary>
    public static LiveDelta OfRights(string userId, long epoch, bool enabled) => new("principal/" + userId, epoch, 0, new LiveContent.PrincipalChanged(userId, epoch, enabled));
}

/// <summary>Everything a browser needs to start: the board and the number of the last delta in it.</summary>
/// <param name="NodeEpoch">Identifies this run of the web node; numbers of another run mean nothing.</param>
/// <param name="Sequence">Number of the last delta inside.</param>
/// <param name="ServerTime">The node's clock when it was taken: ages count from it.</param>
/// <param name="Things">Newest delta of each thing.</param>
[GenerateSerializer, Immutable, Alias("forge.LiveSnapshot")]
public sealed record LiveSnapshot(string NodeEpoch, long Sequence, DateTimeOffset ServerTime, ImmutableArray<LiveDelta> Things);

/// <summary>Deltas <paramref name="From"/>..<paramref name="To"/> of a node, without gaps.</summary>
[GenerateSerializer, Immutable, Alias("forge.LiveFrame")]
public sealed record LiveFrame(string NodeEpoch, long From, long To, DateTimeOffset ServerTime, ImmutableArray<LiveDelta> Deltas);

/// <summary>Sent every few seconds: the connection lives, this is the newest number, and the silos were heard <paramref name="FeedAgeMs"/> ago.</summary>
[GenerateSerializer, Immutable, Alias("forge.LiveHeartbeat")]
public sealed record LiveHeartbeat(string NodeEpoch, long Sequence, DateTimeOffset ServerTime, int FeedAgeMs, string Version);

/// <summary>Answer to a (re)subscription: exactly one of the two is set.</summary>
[GenerateSerializer, Immutable, Alias("forge.LiveStart")]
public sealed record LiveStart(LiveSnapshot? Snapshot, LiveFrame? Resume);
