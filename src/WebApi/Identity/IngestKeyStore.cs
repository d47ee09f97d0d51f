using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Audit;
using Microsoft.EntityFrameworkCore;

namespace Forge.WebApi.Identity;

/// <summary>Makes, lists and revokes ingest keys. No transaction spans store and journal: intent is journaled first, then the change, then the result.</summary>
public sealed class IngestKeyStore(Func<IdentityStore> open, PlatformJournal journal, IngestKeyCache cache, TimeProvider time)
{
    /// <summary>Prefix of every key on the wire.</summary>
    public const string Prefix = "fik_";

    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    private static readonly ImmutableArray<string> Uses = ["telemetry"];

    /// <summary>Makes a key; the answer is the only place its secret ever appears. A repeated <paramref name="idempotencyKey"/> is refused, because the secret cannot be shown again.</summary>
    public async Task<Outcome<CreatedIngestKey>> CreateAsync(CreateIngestKey command, string actor, string? idempotencyKey = null, CancellationToken cancellation = default)
    {
        var organizations = command.OrganizationIds.IsDefault ? [] : command.OrganizationIds.Distinct(StringComparer.Ordinal).ToImmutableArray();
        var name = command.Name?.Trim() ?? "";
        var errors = Validate(name, organizations, command.ExpiresInDays);
        if (errors.Length > 0) return Outcome<CreatedIngestKey>.No(Refusal.Validation(errors));

        var now = time.GetUtcNow();
        var secret = Base64Url(RandomNumberGenerator.GetBytes(32));
        var row = new IngestKeyRow
        {
            Id = RandomNumberGenerator.GetString(Alphabet, 12),
            Name = name,
            SecretHash = Hash(secret),
            Organizations = string.Join(' ', organizations),
            Uses = string.Join(' ', Uses),
            CreatedBy = actor,
            IdempotencyKey = idempotencyKey is null ? Guid.CreateVersion7().ToString("N") : actor + "/" + idempotencyKey,
            CreatedAt = now,
            ExpiresAt = now.AddDays(command.ExpiresInDays ?? 365),
        };
        await using var store = open();
        if (await store.IngestKeys.AnyAsync(k => k.IdempotencyKey == row.IdempotencyKey, cancellation)) return Repeated();
        var body = JsonSerializer.Serialize(new { row.Name, Organizations = organizations, row.ExpiresAt }, JournalJson);
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

    private static string Base64Url(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    private static IngestKeyView View(IngestKeyRow row) =>
        new(row.Id, row.Name, Words(row.Organizations), Words(row.Uses), row.CreatedAt, row.ExpiresAt, row.LastUsedAt, row.RevokedAt, row.CreatedBy);

    private static ImmutableArray<FieldError> Validate(string name, ImmutableArray<string> organizations, int? days)
    {
        var errors = ImmutableArray.CreateBuilder<FieldError>();
        if (name.Length == 0) errors.Add(new("name", "required"));
        else if (name.Length > 80 || name.Any(char.IsControl)) errors.Add(new("name", "too_long_or_control"));
        if (organizations.Length > 1_000) errors.Add(new("organizationIds", "too_many"));
        else if (organizations.Any(id => !OrganizationId.IsValid(id))) errors.Add(new("organizationIds", "organization_format"));
        if (days is < 1 or > 3650) errors.Add(new("expiresInDays", "out_of_range"));
        return errors.ToImmutable();
    }
}
