using System.Diagnostics;
using Forge.Domain;
using Forge.Grains.Interfaces.Audit;
using Orleans.Runtime;

namespace Forge.WebApi.Identity;

/// <summary>Appends one entry to the platform chain; faults when it cannot be written, and then the effect must not happen.</summary>
/// <param name="actor">Who, e.g. <c>user:…</c> or <c>cli:…</c>.</param>
/// <param name="action">Dotted action.</param>
/// <param name="subject">What it is done to.</param>
/// <param name="bodyJson">Details as JSON, at most 16 KiB.</param>
/// <param name="cancellation">Gives up waiting.</param>
public delegate Task PlatformJournal(string actor, string action, string subject, string bodyJson, CancellationToken cancellation);

internal static class GrainJournal
{
    /// <summary>The journal behind grains: what a running node uses.</summary>
    public static PlatformJournal Of(IGrainFactory grains, NodeActors actors) => async (actor, action, subject, body, cancellation) =>
    {
        if (Activity.Current is { } request) RequestContext.Set(JournalCorrelation.Key, request.TraceId.ToHexString());   // within this call: it does not flow back to the caller
        actors.SpeakFor(actor);
        await grains.GetGrain<IJournalGrain>(OrganizationId.PlatformChain).Append(actor, action, subject, body).WaitAsync(cancellation);
    };
}
