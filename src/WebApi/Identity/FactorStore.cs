using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;

namespace Forge.WebApi.Identity;

/// <summary>Authenticator apps and recovery codes. Source: security.md 3.</summary>
public sealed class FactorStore(Func<IdentityStore> open, IdentitySecrets secrets, TimeProvider time)
{
    /// <summary>Recovery codes made at once.</summary>
    public const int RecoveryCodes = 10;

    private const int RecoveryCodeLength = 24;   // 5 bits a character: 120 bits
    private const string Crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    /// <summary>Accepts a six-digit code or a recovery code of a person, once: <c>otp</c>, <c>recovery</c>, or null when it is wrong or used.</summary>
    public async Task<string?> AcceptAsync(string userId, string? code, CancellationToken cancellation = default)
    {
        var text = Normal(code);
        return text.Length == RecoveryCodeLength ? await AcceptRecoveryAsync(userId, text, cancellation) ? "recovery" : null
            : await AcceptTotpAsync(userId, text, cancellation) ? "otp" : null;
    }

    /// <summary>Since when a person has an authenticator app; null without one.</summary>
    public async Task<DateTimeOffset?> TotpSinceAsync(string userId, CancellationToken cancellation = default)
    {
        await using var store = open();
        return (await store.Totps.AsNoTracking().SingleOrDefaultAsync(t => t.UserId == userId, cancellation))?.Since;
    }

    /// <summary>How many recovery codes are left.</summary>
    public async Task<int> RecoveryLeftAsync(string userId, CancellationToken cancellation = default)
    {
        await using var store = open();
        return await store.RecoveryCodes.CountAsync(c => c.UserId == userId, cancellation);
    }

    /// <summary>Sets a person's authenticator app, in place of an older one. The step of its first code counts as used.</summary>
    public async Task SetTotpAsync(string userId, string seed, long step, CancellationToken cancellation = default)
    {
        await using var store = open();
        var row = await store.Totps.SingleOrDefaultAsync(t => t.UserId == userId, cancellation);
        if (row is null) store.Totps.Add(row = new TotpRow { UserId = userId, Seed = "", Since = default, LastStep = 0 });
        (row.Seed, row.Since, row.LastStep) = (secrets.Seal(Place(userId), seed), time.GetUtcNow(), step);
        await store.SaveChangesAsync(cancellation);
    }

    /// <summary>Takes the authenticator app and the recovery codes away.</summary>
    public async Task RemoveTotpAsync(string userId, CancellationToken cancellation = default)
    {
        await using var store = open();
        await store.Totps.Where(t => t.UserId == userId).ExecuteDeleteAsync(cancellation);
        await store.RecoveryCodes.Where(c => c.UserId == userId).ExecuteDeleteAsync(cancellation);
    }

    /// <summary>Makes 10 new recovery codes; the old ones end. The answer is the only place they appear.</summary>
    public async Task<ImmutableArray<string>> NewRecoveryCodesAsync(string userId, CancellationToken cancellation = default)
    {
        ImmutableArray<string> codes = [.. Enumerable.Range(0, RecoveryCodes).Select(_ => RandomNumberGenerator.GetString(Crockford, RecoveryCodeLength))];
        await using var store = open();
        await store.RecoveryCodes.Where(c => c.UserId == userId).ExecuteDeleteAsync(cancellation);
        store.RecoveryCodes.AddRange(codes.Select(code => new RecoveryCodeRow { UserId = userId, Hash = Hash(code) }));
        await store.SaveChangesAsync(cancellation);
        return codes;
    }

    /// <summary>People with an authenticator app.</summary>
    public async Task<HashSet<string>> WithTotpAsync(CancellationToken cancellation = default)
    {
        await using var store = open();
        return [.. await store.Totps.Select(t => t.UserId).ToListAsync(cancellation)];
    }

    private async Task<bool> AcceptTotpAsync(string userId, string code, CancellationToken cancellation)
    {
        await using var store = open();
        var row = await store.Totps.AsNoTracking().SingleOrDefaultAsync(t => t.UserId == userId, cancellation);
        if (row is null || TotpCodes.StepOf(secrets.Open(Place(userId), row.Seed), code, time.GetUtcNow()) is not { } step) return false;
        // One statement, so that of two requests with the same code one wins.
        return await store.Totps.Where(t => t.UserId == userId && t.LastStep < step).ExecuteUpdateAsync(t => t.SetProperty(r => r.LastStep, step), cancellation) == 1;
    }

    private async Task<bool> AcceptRecoveryAsync(string userId, string code, CancellationToken cancellation)
    {
        var hash = Hash(code);
        await using var store = open();
        return await store.RecoveryCodes.Where(c => c.UserId == userId && c.Hash == hash).ExecuteDeleteAsync(cancellation) == 1;
    }

    // As people type them: groups, small letters, and the letters Crockford reads as digits.
    private static string Normal(string? code)
    {
        var text = new StringBuilder(RecoveryCodeLength);
        foreach (var c in code is { Length: <= 64 } ? code.ToUpperInvariant() : "")
            if (!char.IsWhiteSpace(c) && c != '-') text.Append(c switch { 'O' => '0', 'I' or 'L' => '1', _ => c });
        return text.ToString();
    }

    private static byte[] Hash(string code) => SHA256.HashData(Encoding.ASCII.GetBytes(code));

    private static string Place(string userId) => "user_totp|seed|" + userId;
}
