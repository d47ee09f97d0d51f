using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Audit;
using Microsoft.EntityFrameworkCore;

namespace Forge.WebApi.Identity;

/// <summary>Every organization that exists: scopes of machine credentials name no other.</summary>
public delegate Task<ImmutableArray<string>> KnownOrganizations(CancellationToken cancellation);

/// <summary>A screen that shows its code and waits.</summary>
public sealed class DisplayPairingRow
{
    /// <summary>32 hex digits.</summary>
    public required string Id { get; init; }

    /// <summary>SHA-256 of the code.</summary>
    public required byte[] CodeHash { get; init; }

    /// <summary>SHA-256 of the screen's own secret; it becomes the screen's credential when somebody approves.</summary>
    public required byte[] SecretHash { get; init; }

    /// <summary>First instant at which the code is refused.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The screen it became; a code is taken once.</summary>
    public string? DisplayId { get; set; }
}

/// <summary>A paired screen.</summary>
public sealed class DisplayRow
{
    /// <summary>32 hex digits.</summary>
    public required string Id { get; init; }

    /// <summary>What a person called it.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of its cookie.</summary>
    public required byte[] TokenHash { get; init; }

    /// <summary>Organization ids separated by blanks; empty = all.</summary>
    public required string Organizations { get; init; }

    /// <summary>Whether sums of money may be on it.</summary>
    public required bool ShowCredits { get; init; }

    /// <summary>Journal actor who paired it.</summary>
    public required string PairedBy { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset PairedAt { get; init; }

    /// <summary>Last connection or report.</summary>
    public required DateTimeOffset LastSeenAt { get; set; }

    /// <summary>Number of the last delta it reported.</summary>
    public long? Sequence { get; set; }

    /// <summary>Age of its board as it reported, milliseconds.</summary>
    public long? DataAgeMs { get; set; }

    /// <summary>When it was revoked.</summary>
    public DateTimeOffset? RevokedAt { get; set; }
}

/// <summary>
/// Screens in the identity store. The screen gets its 256-bit secret as a cookie when it asks; approving the code it shows makes that cookie its credential, so nothing secret is handed over later
/// and an answer that is lost does no harm. Source: security.md 7, sla.md 11.
/// </summary>
public sealed class DisplayStore(Func<IdentityStore> open, PlatformJournal journal, KnownOrganizations organizations, TimeProvider time)
{
    private static readonly TimeSpan KeepCodes = TimeSpan.FromHours(1);
    private static readonly JsonSerializerOptions JournalJson = new(JsonSerializerDefaults.Web);
    private readonly ConcurrentDictionary<string, (DateTimeOffset At, long Sequence, long DataAgeMs)> _reports = new(StringComparer.Ordinal);

    /// <summary>Begins a pairing; the cookie's value is told to the screen and never again to anybody.</summary>
    public async Task<(PairingStarted Started, string Cookie)> BeginAsync(CancellationToken cancellation = default)
    {
        var now = time.GetUtcNow();
        var (old, secret, code) = (now - KeepCodes, System.Buffers.Text.Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)), RandomNumberGenerator.GetString(Displays.Alphabet, Displays.CodeLength));
        var row = new DisplayPairingRow { Id = Guid.CreateVersion7(now).ToString("N"), CodeHash = IngestKeyStore.Hash(code), SecretHash = IngestKeyStore.Hash(secret), ExpiresAt = now + Displays.CodeLife };
        await using var store = open();
        await store.DisplayPairings.Where(p => p.ExpiresAt < old).ExecuteDeleteAsync(cancellation);
        store.DisplayPairings.Add(row);
        await store.SaveChangesAsync(cancellation);
        return (new PairingStarted(row.Id, code, row.ExpiresAt, now), secret);
    }

    /// <summary>How far a pairing is, for the screen that began it; null for anybody else.</summary>
    public async Task<PairingView?> PairingAsync(string id, string cookie, CancellationToken cancellation = default)
    {
        await using var store = open();
        if (await store.DisplayPairings.AsNoTracking().SingleOrDefaultAsync(p => p.Id == id, cancellation) is not { } row) return null;
        if (!CryptographicOperations.FixedTimeEquals(row.SecretHash, IngestKeyStore.Hash(cookie))) return null;
        return new PairingView(id, Displays.StateOfCode(row.DisplayId is not null, row.ExpiresAt, time.GetUtcNow()), row.ExpiresAt);
    }

    /// <summary>Pairs the screen that shows a code. Of several at once, one pairs it.</summary>
    public async Task<Outcome<DisplayView>> ApproveAsync(ApproveDisplay command, string actor, CancellationToken cancellation = default)
    {
        var errors = ImmutableArray.CreateBuilder<FieldError>();
        var name = command.Name.Trim();
        if (name.Length == 0) errors.Add(new("name", "required"));
        else if (name.Length > 80 || name.Any(char.IsControl)) errors.Add(new("name", "too_long_or_control"));
        if (command.Scope.Fault((await organizations(cancellation)).ToHashSet(StringComparer.Ordinal)) is { } fault) errors.Add(new("scope", fault));
        if (errors.Count > 0) return Outcome<DisplayView>.No(Refusal.Validation(errors.ToImmutable()));

        var now = time.GetUtcNow();
        await using var store = open();
        var hash = IngestKeyStore.Hash(Displays.Normalize(command.Code) ?? "");
        var pairing = await store.DisplayPairings.AsNoTracking().Where(p => p.CodeHash == hash).OrderByDescending(p => p.ExpiresAt).FirstOrDefaultAsync(cancellation);
        var state = pairing is null ? (DisplayState?)null : Displays.StateOfCode(pairing.DisplayId is not null, pairing.ExpiresAt, now);
        // The answer was lost and the administrator asks again: it is done, and the same is answered.
        if (pairing?.DisplayId is { } paired && await store.Displays.AsNoTracking().SingleOrDefaultAsync(d => d.Id == paired, cancellation) is { RevokedAt: null } done && done.PairedBy == actor && done.Name == name
            && done.Organizations == Scope(command) && done.ShowCredits == command.ShowCredits && pairing.ExpiresAt > now) return Outcome<DisplayView>.Of(View(done, now), 1);
        if (Displays.MayApprove(state) is { } refusal) return Outcome<DisplayView>.No(refusal);

        var row = new DisplayRow
        {
            Id = Guid.CreateVersion7(now).ToString("N"),
            Name = name,
            TokenHash = pairing!.SecretHash,
            Organizations = Scope(command),
            ShowCredits = command.ShowCredits,
            PairedBy = actor,
            PairedAt = now,
            LastSeenAt = now,
        };
        await journal(actor, "display.pair.intent", "display:" + row.Id, JsonSerializer.Serialize(new { row.Name, command.Scope, row.ShowCredits }, JournalJson), cancellation);
        await using var transaction = await store.Database.BeginTransactionAsync(cancellation);
        var taken = await store.DisplayPairings.Where(p => p.Id == pairing.Id && p.DisplayId == null).ExecuteUpdateAsync(p => p.SetProperty(r => r.DisplayId, row.Id), cancellation);
        if (taken == 1)
        {
            store.Displays.Add(row);
            await store.SaveChangesAsync(cancellation);
        }
        await transaction.CommitAsync(cancellation);
        await journal(actor, "display.pair.result", "display:" + row.Id, taken == 1 ? """{"outcome":"ok"}""" : """{"outcome":"taken"}""", cancellation);
        return taken == 1 ? Outcome<DisplayView>.Of(View(row, now), 1) : Outcome<DisplayView>.No(Displays.MayApprove(null)!);
    }

    private static string Scope(ApproveDisplay command) => command.Scope.All ? "" : string.Join(' ', command.Scope.OrganizationIds.Distinct(StringComparer.Ordinal));

    /// <summary>Every screen that was paired, those that live first.</summary>
    public async Task<ImmutableArray<DisplayView>> ListAsync(CancellationToken cancellation = default)
    {
        var now = time.GetUtcNow();
        await using var store = open();
        var rows = await store.Displays.AsNoTracking().ToListAsync(cancellation);
        return [.. rows.Select(r => View(r, now)).OrderBy(d => d.State).ThenBy(d => d.Name, StringComparer.OrdinalIgnoreCase).ThenBy(d => d.Id, StringComparer.Ordinal)];
    }

    /// <summary>Takes the board away from a screen; every node cuts it within 2 s. Revoking again changes nothing.</summary>
    public async Task<Outcome<DisplayView>> RevokeAsync(string id, string actor, CancellationToken cancellation = default)
    {
        await using var store = open();
        if (await store.Displays.FindAsync([id], cancellation) is not { } row) return Outcome<DisplayView>.No(Refusal.NotFound("display"));
        if (row.RevokedAt is null)
        {
            await journal(actor, "display.revoke.intent", "display:" + id, "{}", cancellation);
            row.RevokedAt = time.GetUtcNow();
            await store.SaveChangesAsync(cancellation);
            await journal(actor, "display.revoke.result", "display:" + id, """{"outcome":"ok"}""", cancellation);
        }
        return Outcome<DisplayView>.Of(View(row, time.GetUtcNow()), 2);
    }

    /// <summary>The screen behind a cookie, whatever its state; null when there is none.</summary>
    public async Task<DisplayView?> FindAsync(string cookie, CancellationToken cancellation = default)
    {
        if (cookie.Length != 43) return null;
        var (hash, now) = (IngestKeyStore.Hash(cookie), time.GetUtcNow());
        await using var store = open();
        return await store.Displays.AsNoTracking().SingleOrDefaultAsync(d => d.TokenHash == hash, cancellation) is { } row ? View(row, now) : null;
    }

    /// <summary>The screen connected: it was seen now.</summary>
    public async Task SeenAsync(string id, CancellationToken cancellation = default)
    {
        var now = time.GetUtcNow();
        await using var store = open();
        await store.Displays.Where(d => d.Id == id).ExecuteUpdateAsync(d => d.SetProperty(r => r.LastSeenAt, now), cancellation);
    }

    /// <summary>What a screen says about itself; written with the next <see cref="FlushAsync"/>.</summary>
    public void Report(string id, long sequence, long dataAgeMs) => _reports[id] = (time.GetUtcNow(), Math.Max(0, sequence), Math.Clamp(dataAgeMs, 0, 86_400_000));

    /// <summary>Writes the newest report of each screen.</summary>
    public async Task FlushAsync(CancellationToken cancellation = default)
    {
        if (_reports.IsEmpty) return;
        await using var store = open();
        foreach (var (id, report) in _reports.ToArray())
        {
            await store.Displays.Where(d => d.Id == id && d.LastSeenAt <= report.At)
                .ExecuteUpdateAsync(d => d.SetProperty(r => r.LastSeenAt, report.At).SetProperty(r => r.Sequence, report.Sequence).SetProperty(r => r.DataAgeMs, report.DataAgeMs), cancellation);
            _reports.TryRemove(new(id, report));
        }
    }

    /// <summary>The <see cref="EndedSource"/> of screens. One that was not seen for 30 days holds no connection: it is refused when it comes.</summary>
    public async Task<ImmutableArray<EndedCredential>> EndedAsync(DateTimeOffset after, CancellationToken cancellation)
    {
        await using var store = open();
        var rows = await store.Displays.AsNoTracking().Where(d => d.RevokedAt > after).Select(d => new { d.Id, d.RevokedAt }).ToListAsync(cancellation);
        return [.. rows.Select(d => new EndedCredential(CredentialKind.Display, d.Id, d.RevokedAt!.Value))];
    }

    private static DisplayView View(DisplayRow row, DateTimeOffset now)
    {
        var ids = IngestKeyStore.Words(row.Organizations);
        return new(row.Id, row.Name, Displays.StateOf(row.LastSeenAt, row.RevokedAt, now), new CredentialScope(ids.IsEmpty, ids), row.ShowCredits, row.PairedAt, row.PairedBy, row.LastSeenAt, row.Sequence, row.DataAgeMs, row.RevokedAt);
    }
}
