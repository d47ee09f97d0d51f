using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Audit;
using Microsoft.EntityFrameworkCore;

namespace Forge.WebApi.Identity;

/// <summary>Makes, lists, rotates and revokes ingest keys. No transaction spans store and journal: intent is journaled first, then the change, then the result.</summary>
public sealed class IngestKeyStore(Func<IdentityStore> open, PlatformJournal journal, IngestKeyCache cache, KnownOrganizations known, TimeProvider time)
{
    /// <summary>Prefix of every key on the wire.</summary>
    public const string Prefix = "fik_";

    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    /// <summary>After a rotation the secret before it works this long beside the new one.</summary>
    public static readonly TimeSpan BothSecrets = TimeSpan.FromHours(24);

    private const int MostAddresses = 20;

    /// <summary>Makes a key; the answer is the only place its secret ever appears. A repeated <paramref name="idempotencyKey"/> is refused, because the secret cannot be shown again.</summary>
    public async Task<Outcome<CreatedIngestKey>> CreateAsync(CreateIngestKey command, string actor, string? idempotencyKey = null, CancellationToken cancellation = default)
    {
        var organizations = command.OrganizationIds.IsDefault ? [] : command.OrganizationIds.Distinct(StringComparer.Ordinal).ToImmutableArray();
        var name = command.Name?.Trim() ?? "";
        var uses = (command.Uses is { IsDefaultOrEmpty: false } asked ? asked : [IngestUses.Telemetry]).Distinct(StringComparer.Ordinal).ToImmutableArray();
        var addresses = command.Addresses is { IsDefault: false } some ? some : [];
        var errors = Validate(name, new CredentialScope(command.AllOrganizations, organizations).Fault((await known(cancellation)).ToHashSet(StringComparer.Ordinal)), uses, addresses, command.ExpiresInDays);
        if (errors.Length > 0) return Outcome<CreatedIngestKey>.No(Refusal.Validation(errors));

        var now = time.GetUtcNow();
        var secret = Base64Url(RandomNumberGenerator.GetBytes(32));
        var row = new IngestKeyRow
        {
            Id = RandomNumberGenerator.GetString(Alphabet, 12),
            Name = name,
            SecretHash = Hash(secret),
            Organizations = string.Join(' ', organizations),
            Uses = string.Join(' ', uses),
            Addresses = string.Join(' ', addresses.Select(a => Network(a)!.Value.ToString()).Distinct(StringComparer.Ordinal)),
            CreatedBy = actor,
            IdempotencyKey = idempotencyKey is null ? Guid.CreateVersion7().ToString("N") : actor + "/" + idempotencyKey,
            CreatedAt = now,
            ExpiresAt = now.AddDays(command.ExpiresInDays ?? 365),
        };
        await using var store = open();
        if (await store.IngestKeys.AnyAsync(k => k.IdempotencyKey == row.IdempotencyKey, cancellation)) return Repeated();
        var body = JsonSerializer.Serialize(new { row.Name, command.AllOrganizations, Organizations = organizations, row.Uses, row.Addresses, row.ExpiresAt }, JournalJson);
        await journal(actor, "ingest_key.create.intent", "ingest_key:" + row.Id, body, cancellation);
        store.IngestKeys.Add(row);
        try
        {
            await store.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException) when (!cancellation.IsCancellationRequested)
        {
            await using var again = open();
            if (!await again.IngestKeys.AnyAsync(k => k.IdempotencyKey == row.IdempotencyKey, cancellation)) throw;
            return Repeated();
        }
        await journal(actor, "ingest_key.create.result", "ingest_key:" + row.Id, """{"outcome":"ok"}""", cancellation);
        return Outcome<CreatedIngestKey>.Of(new CreatedIngestKey(View(row), $"{Prefix}{row.Id}_{secret}"), 1);
    }

    /// <summary>Every key, newest first; never a secret.</summary>
    public async Task<ImmutableArray<IngestKeyView>> ListAsync(CancellationToken cancellation = default)
    {
        await using var store = open();
        var rows = await store.IngestKeys.AsNoTracking().ToListAsync(cancellation);
        return [.. rows.OrderByDescending(k => k.CreatedAt).ThenBy(k => k.Id, StringComparer.Ordinal).Select(View)];
    }

    /// <summary>Gives a key a second secret, shown only in the answer; the first goes on for 24 h. While two are valid there is no third: nobody could say which senders it would cut off.</summary>
    public async Task<Outcome<CreatedIngestKey>> RotateAsync(string id, string actor, CancellationToken cancellation = default)
    {
        var now = time.GetUtcNow();
        await using var store = open();
        if (await store.IngestKeys.AsNoTracking().SingleOrDefaultAsync(k => k.Id == id, cancellation) is not { } row) return Outcome<CreatedIngestKey>.No(Refusal.NotFound("ingest key"));
        if (row.RevokedAt is not null || now >= row.ExpiresAt) return Outcome<CreatedIngestKey>.No(Refusal.Conflict("ingest_key_ended", "The key is revoked or expired. Make a new one."));
        if (now < row.OldSecretUntil) return Outcome<CreatedIngestKey>.No(Rotating(row.OldSecretUntil.Value));
        var secret = Base64Url(RandomNumberGenerator.GetBytes(32));
        var (before, hash, until) = (row.SecretHash, Hash(secret), now + BothSecrets);
        await journal(actor, "ingest_key.rotate.intent", "ingest_key:" + id, "{}", cancellation);
        // Of two rotations at once only one finds the secret it read.
        var done = await store.IngestKeys.Where(k => k.Id == id && k.SecretHash == before && k.RevokedAt == null)
            .ExecuteUpdateAsync(k => k.SetProperty(r => r.SecretHash, hash).SetProperty(r => r.OldSecretHash, before).SetProperty(r => r.OldSecretUntil, until), cancellation);
        cache.Forget(id);
        await journal(actor, "ingest_key.rotate.result", "ingest_key:" + id, done == 1 ? """{"outcome":"ok"}""" : """{"outcome":"changed_meanwhile"}""", cancellation);
        if (done == 0) return Outcome<CreatedIngestKey>.No(Rotating(until));
        (row.SecretHash, row.OldSecretHash, row.OldSecretUntil) = (hash, before, until);
        return Outcome<CreatedIngestKey>.Of(new CreatedIngestKey(View(row), $"{Prefix}{id}_{secret}"), 2);
    }

    /// <summary>Revokes a key; this node refuses it at once, every other within 2 s. Revoking again changes nothing.</summary>
    public async Task<Outcome<IngestKeyView>> RevokeAsync(string id, string actor, CancellationToken cancellation = default)
    {
        await using var store = open();
        if (await store.IngestKeys.FindAsync([id], cancellation) is not { } row) return Outcome<IngestKeyView>.No(Refusal.NotFound("ingest key"));
        if (row.RevokedAt is not null) return Outcome<IngestKeyView>.Of(View(row), 2);
        await journal(actor, "ingest_key.revoke.intent", "ingest_key:" + id, "{}", cancellation);
        row.RevokedAt = time.GetUtcNow();
        await store.SaveChangesAsync(cancellation);
        cache.Forget(id);
        await journal(actor, "ingest_key.revoke.result", "ingest_key:" + id, """{"outcome":"ok"}""", cancellation);
        return Outcome<IngestKeyView>.Of(View(row), 2);
    }

    /// <summary>SHA-256 of a secret's text: with 256 random bits inside, no slow hash is needed.</summary>
    internal static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    internal static ImmutableArray<string> Words(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries)];

    private static readonly JsonSerializerOptions JournalJson = new(JsonSerializerDefaults.Web);

    private static Outcome<CreatedIngestKey> Repeated() =>
        Outcome<CreatedIngestKey>.No(Refusal.Conflict("ingest_key_exists", "This command made a key already and its secret is shown only once. Revoke that key and make another."));

    private static Refusal Rotating(DateTimeOffset until) =>
        Refusal.Conflict("rotation_running", string.Create(System.Globalization.CultureInfo.InvariantCulture, $"Two secrets are valid until {until:yyyy-MM-dd HH:mm} UTC. Rotate again after that, or make a new key."));

    private static IPNetwork? Network(string text)
    {
        if (text.Contains('/', StringComparison.Ordinal)) return IPNetwork.TryParse(text, out var network) ? network : null;
        return IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 32 : 128) : null;
    }

    private static string Base64Url(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    private static IngestKeyView View(IngestKeyRow row) =>
        new(row.Id, row.Name, Words(row.Organizations), Words(row.Uses), row.CreatedAt, row.ExpiresAt, row.LastUsedAt, row.RevokedAt, row.CreatedBy, row.OldSecretUntil, row.UseCount, Words(row.Addresses));

    private static ImmutableArray<FieldError> Validate(string name, string? scope, ImmutableArray<string> uses, ImmutableArray<string> addresses, int? days)
    {
        var errors = ImmutableArray.CreateBuilder<FieldError>();
        if (name.Length == 0) errors.Add(new("name", "required"));
        else if (name.Length > 80 || name.Any(char.IsControl)) errors.Add(new("name", "too_long_or_control"));
        if (scope is not null) errors.Add(new("organizationIds", scope));
        if (!uses.All(IngestUses.All.Contains)) errors.Add(new("uses", "use_unknown"));
        if (addresses.Length > MostAddresses) errors.Add(new("addresses", "too_many"));
        else if (addresses.Any(a => Network(a) is null)) errors.Add(new("addresses", "network_format"));
        if (days is < 1 or > 3650) errors.Add(new("expiresInDays", "out_of_range"));
        return errors.ToImmutable();
    }
}
