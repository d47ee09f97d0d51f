using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Forge.Testing;

/// <summary>
/// What an authenticator app shows, computed from RFC 6238 on its own. The product accepts each 30 s step once and one step either side, so codes are given out in
/// ascending steps: three at once (the step before, this one, the next), then one every 30 s.
/// </summary>
public sealed class AuthenticatorApp
{
    private const int StepSeconds = 30;
    private static readonly ConcurrentDictionary<string, AuthenticatorApp> Apps = new(StringComparer.Ordinal);

    private readonly byte[] _key;
    private readonly SemaphoreSlim _oneAtATime = new(1, 1);
    private long _used;

    private AuthenticatorApp(string seed) => _key = FromBase32(seed);

    /// <summary>The app of a Base32 seed; the same one for the same seed, so that no step is used twice in this process.</summary>
    public static AuthenticatorApp Of(string seed) => Apps.GetOrAdd(seed, s => new AuthenticatorApp(s));

    /// <summary>The next code that the product has not seen; waits for its step when it is too far ahead.</summary>
    public async Task<string> NextAsync(TimeProvider? time = null, CancellationToken cancellation = default)
    {
        time ??= TimeProvider.System;
        await _oneAtATime.WaitAsync(cancellation);
        try
        {
            while (true)
            {
                var now = time.GetUtcNow();
                var step = now.ToUnixTimeSeconds() / StepSeconds;
                var next = Math.Max(_used + 1, step - 1);
                // A step about to leave the window may have left it when the code arrives.
                if (next == step - 1 && now.ToUnixTimeSeconds() % StepSeconds > StepSeconds - 5) next = step;
                if (next <= step + 1)
                {
                    _used = next;
                    return Code(next);
                }
                await Task.Delay(DateTimeOffset.FromUnixTimeSeconds((next - 1) * StepSeconds) - now, time, cancellation);
            }
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <summary>The code of an instant, used or not.</summary>
    public string CodeAt(DateTimeOffset at) => Code(at.ToUnixTimeSeconds() / StepSeconds);

    private string Code(long step)
    {
        Span<byte> counter = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
#pragma warning disable CA5350 // RFC 6238 as authenticator apps do it
        var mac = HMACSHA1.HashData(_key, counter);
#pragma warning restore CA5350
        var number = BinaryPrimitives.ReadInt32BigEndian(mac.AsSpan(mac[^1] & 0xf, 4)) & int.MaxValue;
        return (number % 1_000_000).ToString("D6", System.Globalization.CultureInfo.InvariantCulture);
    }

    private static byte[] FromBase32(string text)
    {
        var bytes = new List<byte>();
        var (bits, held) = (0, 0);
        foreach (var c in text.TrimEnd('='))
        {
            bits = ((bits << 5) | "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(c, StringComparison.Ordinal)) & 0xfff;
            if ((held += 5) < 8) continue;
            held -= 8;
            bytes.Add((byte)(bits >> held));
        }
        return [.. bytes];
    }
}
