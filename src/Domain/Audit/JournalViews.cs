using System.Buffers.Text;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Forge.Domain.Audit;

/// <summary>An entry as people read it; hashes are lower-case hex.</summary>
/// <param name="Chain">Organization id or <c>platform</c>.</param>
/// <param name="Seq">Number in its chain, from 1.</param>
/// <param name="At">When, by the store's clock; microseconds.</param>
/// <param name="Actor">Who, e.g. <c>user:…</c>, <c>key:…</c>, <c>system:…</c>, <c>cli:…</c>.</param>
/// <param name="Action">Dotted action.</param>
/// <param name="Subject">What it was done to, e.g. <c>contract:…</c>.</param>
/// <param name="Body">JSON: what changed and why; null when its data key was destroyed or is not here.</param>
/// <param name="CorrelationId">Ties the entry to its request and log lines; empty where there was no request. Not part of the hash.</param>
/// <param name="BodyCommit">Commitment to the body.</param>
/// <param name="PrevHash">Hash of the entry before it.</param>
/// <param name="Hash">Hash of this entry.</param>
[GenerateSerializer, Immutable, Alias("forge.JournalEntryView")]
public sealed record JournalEntryView(
    string Chain, long Seq, DateTimeOffset At, string Actor, string Action, string Subject, string? Body, string CorrelationId, string BodyCommit, string PrevHash, string Hash);

/// <summary>
/// Which entries to show; null = any. Actor, action and subject are compared exactly, or as a beginning when they end in <c>.</c> or <c>:</c> (<c>access.</c>, <c>user:</c>).
/// </summary>
/// <param name="Chain">Organization id or <c>platform</c>.</param>
/// <param name="Actor">Who.</param>
/// <param name="Action">What was done.</param>
/// <param name="Subject">To what.</param>
/// <param name="From">First instant.</param>
/// <param name="To">End, exclusive.</param>
/// <param name="SignInsOnlyOf">An actor text: of the entries about signing in and sessions only this actor's own are shown (what a PlatformAdmin may see); null = everybody's.</param>
[GenerateSerializer, Immutable, Alias("forge.JournalFilter")]
public sealed record JournalFilter(
    string? Chain = null, string? Actor = null, string? Action = null, string? Subject = null, DateTimeOffset? From = null, DateTimeOffset? To = null, string? SignInsOnlyOf = null)
{
    /// <summary>Beginnings of the actions that tell how and when somebody signed in.</summary>
    public static ImmutableArray<string> SignInActions { get; } = ["session.", "sign_in.", "step_up."];

    /// <summary>True unless the entry tells of somebody else's signing in and only the own ones are to be seen.</summary>
    public bool Shows(JournalEntryView entry) =>
        SignInsOnlyOf is null || entry.Actor == SignInsOnlyOf || !SignInActions.Any(a => entry.Action.StartsWith(a, StringComparison.Ordinal));
}

/// <summary>Where a page of the journal ended; the next one begins behind it. Newest first: by time, then chain, then sequence.</summary>
[GenerateSerializer, Immutable, Alias("forge.JournalCursor")]
public sealed record JournalCursor(DateTimeOffset At, string Chain, long Seq)
{
    /// <summary>The opaque text of a cursor.</summary>
    public string ToText() => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"j{At.UtcTicks}|{Seq}|{Chain}")));

    /// <summary>Reads what <see cref="ToText"/> wrote; null when it is something else.</summary>
    public static JournalCursor? Parse(string text)
    {
        if (!Base64Url.IsValid(text)) return null;
        var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split('|', 3);
        return parts is [['j', .. var ticksText], var seqText, var chain]
            && long.TryParse(ticksText, NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) && ticks <= DateTimeOffset.MaxValue.UtcTicks
            && long.TryParse(seqText, NumberStyles.None, CultureInfo.InvariantCulture, out var seq)
            ? new JournalCursor(new DateTimeOffset(ticks, TimeSpan.Zero), chain, seq)
            : null;
    }
}

/// <summary>Some entries, newest first.</summary>
/// <param name="Items">Entries.</param>
/// <param name="NextCursor">Text of the cursor of the next page; null at the end.</param>
[GenerateSerializer, Immutable, Alias("forge.JournalPage")]
public sealed record JournalPage(ImmutableArray<JournalEntryView> Items, string? NextCursor);

/// <summary>A journal seal as it is published; see <see cref="JournalSeal"/>.</summary>
/// <param name="Installation">Id of the installation.</param>
/// <param name="Seq">Number of the sealed entry of the platform chain.</param>
/// <param name="Hash">Its hash, base64.</param>
/// <param name="At">When it was signed.</param>
/// <param name="KeyId">Key of the signature.</param>
/// <param name="Signature">ES256 over the text, base64.</param>
[GenerateSerializer, Immutable, Alias("forge.SealView")]
public sealed record SealView(string Installation, long Seq, string Hash, DateTimeOffset At, string KeyId, string Signature);

/// <summary>Public part of a signing key, as a JSON Web Key of curve P-256.</summary>
/// <param name="Kty"><c>EC</c>.</param>
/// <param name="Crv"><c>P-256</c>.</param>
/// <param name="Kid">Key id.</param>
/// <param name="Use"><c>sig</c>.</param>
/// <param name="Alg"><c>ES256</c>.</param>
/// <param name="X">Base64url, 32 bytes.</param>
/// <param name="Y">Base64url, 32 bytes.</param>
[GenerateSerializer, Immutable, Alias("forge.PublicKeyView")]
public sealed record PublicKeyView(string Kty, string Crv, string Kid, string Use, string Alg, string X, string Y);

/// <summary>Every key that signs or ever signed journal seals; the content of <c>keys.json</c>.</summary>
[GenerateSerializer, Immutable, Alias("forge.PublicKeySet")]
public sealed record PublicKeySet(ImmutableArray<PublicKeyView> Keys);

/// <summary>What keeps the application itself from changing the journal.</summary>
[GenerateSerializer, Alias("forge.JournalProtection")]
public enum JournalProtection
{
    /// <summary>Single database account, append-only by triggers only.</summary>
    Triggers = 0,

    /// <summary>Triggers, and the application's database account may not change or remove entries.</summary>
    TriggersAndPrivileges = 1,
}

/// <summary>What the background verifier knows.</summary>
/// <param name="Healthy">False after a disagreement, until a complete check agrees again or every finding was recorded as an incident.</param>
/// <param name="CheckedAt">End of the newest check of new entries; null before the first.</param>
/// <param name="CompleteAt">End of the newest check of everything; null before the first.</param>
/// <param name="Chains">Chains that were checked.</param>
/// <param name="Entries">Entries checked by the newest complete check and since.</param>
/// <param name="VerifiedThrough">Last entry of the platform chain that was checked.</param>
/// <param name="LastSealAt">When the newest seal was signed.</param>
/// <param name="LastSealSeq">Which entry it seals.</param>
/// <param name="Findings">What disagrees; at most 200.</param>
/// <param name="Problem">Why the newest check could not be finished, or null.</param>
/// <param name="Protection">What keeps the application from changing entries.</param>
/// <param name="Recorded">Which of the findings somebody recorded as an incident: known, and no longer a reason to be red.</param>
/// <param name="Running">The check of everything that is under way or asked for, or null.</param>
[GenerateSerializer, Immutable, Alias("forge.JournalStatus")]
public sealed record JournalStatus(
    bool Healthy, DateTimeOffset? CheckedAt, DateTimeOffset? CompleteAt, int Chains, long Entries, long VerifiedThrough, DateTimeOffset? LastSealAt, long? LastSealSeq,
    ImmutableArray<JournalFinding> Findings, string? Problem, JournalProtection Protection, ImmutableArray<JournalFinding> Recorded, JournalProgress? Running = null)
{
    /// <summary>Before the first check.</summary>
    public static JournalStatus Unknown { get; } = new(true, null, null, 0, 0, 0, null, null, [], null, JournalProtection.Triggers, []);
}

/// <summary>Findings that a person has seen and explained; body of the entry <c>journal.incident</c>.</summary>
/// <param name="Text">What happened, in their words.</param>
/// <param name="Findings">Which findings that explains.</param>
public sealed record JournalIncident(string Text, ImmutableArray<JournalFinding> Findings)
{
    /// <summary>Action of the entries.</summary>
    public const string Action = "journal.incident";

    /// <summary>Findings of one entry: its body has at most 16 KiB.</summary>
    public const int MostFindings = 50;

    /// <summary>Longest text in characters.</summary>
    public const int LongestText = 2_000;
}

/// <summary>How far one chain was checked: the line "verified through …".</summary>
/// <param name="Chain">Organization id or <c>platform</c>.</param>
/// <param name="VerifiedThrough">Last entry that the background verifier checked; 0 = none yet.</param>
/// <param name="Head">Last entry there is.</param>
/// <param name="Findings">What disagrees in this chain.</param>
[GenerateSerializer, Immutable, Alias("forge.ChainStatus")]
public sealed record ChainStatus(string Chain, long VerifiedThrough, long Head, ImmutableArray<JournalFinding> Findings);
