using Microsoft.AspNetCore.DataProtection.EntityFrameworkCore;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;

namespace Forge.WebApi.Identity;

/// <summary>A person who can sign in. What they may do is the principal's business, not this table's.</summary>
public sealed class ForgeUser : IdentityUser
{
    /// <summary>A person with a new time-ordered identifier (32 hex digits).</summary>
    public ForgeUser() => Id = Guid.CreateVersion7().ToString("N");

    /// <summary>Name shown to others, 1..120 characters.</summary>
    public string DisplayName { get; set; } = "";

    /// <summary>When the account was made.</summary>
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>Last sign-in.</summary>
    public DateTimeOffset? LastSignInAt { get; set; }
}

/// <summary>An ingest key as it is stored: the secret only as its SHA-256.</summary>
public sealed class IngestKeyRow
{
    /// <summary>12 Crockford characters.</summary>
    public required string Id { get; init; }

    /// <summary>What a person called it, 1..80 characters.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of the secret's text.</summary>
    public required byte[] SecretHash { get; set; }

    /// <summary>Organization ids separated by blanks; empty = all.</summary>
    public required string Organizations { get; init; }

    /// <summary>Uses separated by blanks.</summary>
    public required string Uses { get; init; }

    /// <summary>Journal actor who made it.</summary>
    public required string CreatedBy { get; init; }

    /// <summary>The command that made it; unique, so a repeated command never makes a second key.</summary>
    public required string IdempotencyKey { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>First instant at which it is refused.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Last use, cut to the minute.</summary>
    public DateTimeOffset? LastUsedAt { get; set; }

    /// <summary>When it was revoked.</summary>
    public DateTimeOffset? RevokedAt { get; set; }

    /// <summary>SHA-256 of the secret before the last rotation.</summary>
    public byte[]? OldSecretHash { get; set; }

    /// <summary>First instant at which the secret before is refused.</summary>
    public DateTimeOffset? OldSecretUntil { get; set; }

    /// <summary>Networks it may come from, separated by blanks; empty = anywhere.</summary>
    public string Addresses { get; init; } = "";

    /// <summary>Requests it made.</summary>
    public long UseCount { get; set; }
}

/// <summary>The web API's own store: who somebody is, machine credentials, data-protection keys. Identity's role tables are not part of it.</summary>
public abstract class IdentityStore(DbContextOptions options) : IdentityUserContext<ForgeUser>(options), IDataProtectionKeyContext
{
    /// <summary>Ingest keys.</summary>
    public DbSet<IngestKeyRow> IngestKeys => Set<IngestKeyRow>();

    /// <summary>Sessions of people.</summary>
    public DbSet<UserSessionRow> Sessions => Set<UserSessionRow>();

    /// <summary>Ceremonies in progress.</summary>
    public DbSet<ChallengeRow> Challenges => Set<ChallengeRow>();

    /// <summary>Step-ups.</summary>
    public DbSet<StepUpRow> StepUps => Set<StepUpRow>();

    /// <summary>Links that make accounts or give them new factors.</summary>
    public DbSet<InvitationRow> Invitations => Set<InvitationRow>();

    /// <summary>Authenticator apps.</summary>
    public DbSet<TotpRow> Totps => Set<TotpRow>();

    /// <summary>Unused recovery codes.</summary>
    public DbSet<RecoveryCodeRow> RecoveryCodes => Set<RecoveryCodeRow>();

    /// <summary>Paired screens.</summary>
    public DbSet<DisplayRow> Displays => Set<DisplayRow>();

    /// <summary>Screens that wait to be paired.</summary>
    public DbSet<DisplayPairingRow> DisplayPairings => Set<DisplayPairingRow>();

    /// <summary>Keys that sign cookies and antiforgery tokens.</summary>
    public DbSet<DataProtectionKey> DataProtectionKeys => Set<DataProtectionKey>();

    /// <inheritdoc />
    protected override void OnModelCreating(ModelBuilder builder)
    {
        base.OnModelCreating(builder);
        builder.Entity<ForgeUser>(user =>
        {
            user.ToTable("user_account");
            user.Property(u => u.DisplayName).HasMaxLength(120);
            user.HasIndex(u => u.NormalizedEmail).IsUnique();
        });
        builder.Entity<IdentityUserClaim<string>>().ToTable("user_claim");
        builder.Entity<IdentityUserLogin<string>>().ToTable("user_login");
        builder.Entity<IdentityUserToken<string>>().ToTable("user_token");
        builder.Entity<IdentityUserPasskey<string>>(passkey =>
        {
            passkey.ToTable("user_passkey");
            passkey.HasKey(p => p.CredentialId);
            passkey.Property(p => p.CredentialId).HasMaxLength(1024);
            passkey.OwnsOne(p => p.Data).ToJson();
            passkey.HasOne<ForgeUser>().WithMany().HasForeignKey(p => p.UserId).IsRequired();
        });
        builder.Entity<DataProtectionKey>().ToTable("data_protection_key");
        MapSignIn(builder);
        builder.Entity<DisplayRow>(display =>
        {
            display.ToTable("display");
            display.HasKey(d => d.Id);
            display.Property(d => d.Name).HasMaxLength(80);
            display.HasIndex(d => d.TokenHash).IsUnique();
            display.HasIndex(d => d.RevokedAt);
        });
        builder.Entity<DisplayPairingRow>(pairing =>
        {
            pairing.ToTable("display_pairing");
            pairing.HasKey(p => p.Id);
            pairing.HasIndex(p => p.CodeHash);
        });
        builder.Entity<IngestKeyRow>(key =>
        {
            key.ToTable("ingest_key");
            key.HasKey(k => k.Id);
            key.Property(k => k.Id).HasMaxLength(12);
            key.Property(k => k.Name).HasMaxLength(80);
            key.Property(k => k.Addresses).HasDefaultValue("");
            key.Property(k => k.CreatedBy).HasMaxLength(128);
            key.Property(k => k.IdempotencyKey).HasMaxLength(128);
            key.HasIndex(k => k.IdempotencyKey).IsUnique();
        });
    }

    private static void MapSignIn(ModelBuilder builder)
    {
        builder.Entity<UserSessionRow>(session =>
        {
            session.ToTable("user_session");
            session.HasKey(s => s.Id);
            session.HasIndex(s => s.TokenHash).IsUnique();
            session.HasIndex(s => s.PreviousHash);
            session.HasIndex(s => s.UserId);
            session.HasIndex(s => s.EndedAt);
        });
        builder.Entity<ChallengeRow>().ToTable("challenge").HasKey(c => c.Id);
        builder.Entity<StepUpRow>().ToTable("step_up").HasKey(s => s.Id);
        builder.Entity<InvitationRow>(invitation =>
        {
            invitation.ToTable("invitation");
            invitation.HasKey(i => i.Id);
            invitation.HasIndex(i => i.TokenHash).IsUnique();
            invitation.HasIndex(i => i.IdempotencyKey).IsUnique();
        });
        builder.Entity<TotpRow>().ToTable("user_totp").HasKey(t => t.UserId);
        builder.Entity<RecoveryCodeRow>().ToTable("recovery_code").HasKey(c => new { c.UserId, c.Hash });
    }
}
