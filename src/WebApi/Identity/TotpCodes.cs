using System.Security.Cryptography;
using OtpNet;

namespace Forge.WebApi.Identity;

/// <summary>Codes of authenticator apps: 160-bit seed, six digits, 30 s, one step either side. Source: security.md 3.</summary>
internal static class TotpCodes
{
    private const int SeedBytes = 20;
    private const int StepSeconds = 30;

    /// <summary>A new Base32 seed.</summary>
    public static string NewSeed() => Base32Encoding.ToString(RandomNumberGenerator.GetBytes(SeedBytes));

    /// <summary>Address for a QR code.</summary>
    public static string Uri(string seed, string email) => $"otpauth://totp/Forge:{System.Uri.EscapeDataString(email)}?secret={seed}&issuer=Forge&digits=6&period=30";

    /// <summary>The step a code belongs to: this one, the one before or after; null when it belongs to none. Whether the step was used already is the store's business.</summary>
    public static long? StepOf(string seed, string code, DateTimeOffset now)
    {
        if (code.Length != 6 || !code.All(char.IsAsciiDigit)) return null;
        var totp = new Totp(Base32Encoding.ToBytes(seed), step: StepSeconds);
        return totp.VerifyTotp(now.UtcDateTime, code, out var step, new VerificationWindow(previous: 1, future: 1)) ? step : null;
    }
}
