using System.Buffers;
using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Forge.Domain.Audit;

/// <summary>A signed actor that was read: who, and for how long.</summary>
/// <param name="Actor">Who.</param>
/// <param name="IssuedAt">When it was signed, whole seconds.</param>
/// <param name="ExpiresAt">When it ends, before the clocks' tolerance.</param>
public sealed record SignedActor(Actor Actor, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt)
{
    /// <summary>Why it does not count at this instant, or null when it does.</summary>
    public ActorFault? FaultAt(DateTimeOffset now) =>
        now < IssuedAt - ActorToken.Tolerance ? ActorFault.NotYet
        : now >= ExpiresAt + ActorToken.Tolerance ? ActorFault.Expired
        : null;
}

/// <summary>
/// The signed form of an <see cref="Actor"/> in which it travels with a grain call: <c>base64url(payload).base64url(HMAC-SHA256(key, "forge-actor-v1." + base64url(payload)))</c>.
/// The payload is JSON with members in a fixed order; what is empty is left out. Source: security.md 6, worked example in 17.
/// </summary>
public static class ActorToken
{
    /// <summary>How long a signature counts.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromSeconds(30);

    /// <summary>How far two clocks may differ.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(5);

    /// <summary>Longest token that is looked at, in characters.</summary>
    public const int Longest = 4_096;

    private const int Version = 1;
    private const int MacBytes = 32;
    private const int MostDepth = 4;
    private const int Typical = 512;
    private static readonly byte[] Prefix = "forge-actor-v1."u8.ToArray();

    /// <summary>Signs an actor for the next 30 s.</summary>
    /// <param name="key">Current key of the ring, 32 bytes.</param>
    /// <param name="actor">Who.</param>
    /// <param name="now">When; cut to the second.</param>
    /// <exception cref="ArgumentException">The name is of no kind, or everything together is longer than <see cref="Longest"/>.</exception>
    public static string Sign(SecretKey key, Actor actor, DateTimeOffset now)
    {
        if (!Actor.IsName(actor.Name)) throw new ArgumentException($"'{actor.Name}' is not the name of an actor.", nameof(actor));
        var json = new ArrayBufferWriter<byte>(Typical);
        using (var writer = new Utf8JsonWriter(json)) Write(writer, key.Id, actor, now.ToUnixTimeSeconds());
        var payload = Base64Url.EncodeToUtf8(json.WrittenSpan);
        var token = string.Create(null, $"{Encoding.ASCII.GetString(payload)}.{Base64Url.EncodeToString(Mac(key, payload))}");
        return token.Length <= Longest ? token : throw new ArgumentException($"The actor {actor.Name} has {token.Length} characters when signed; {Longest} are read.", nameof(actor));
    }

    /// <summary>Reads what a call carried; the actor counts only when the answer has no fault.</summary>
    /// <param name="keys">Keys that may have signed it.</param>
    /// <param name="token">As it came; null when nothing did.</param>
    /// <param name="now">When.</param>
    public static (SignedActor? Signed, ActorFault? Fault) Read(KeyRing keys, string? token, DateTimeOffset now)
    {
        if (string.IsNullOrEmpty(token)) return (null, ActorFault.Missing);
        if (token.Length > Longest || !Ascii.IsValid(token)) return (null, ActorFault.Malformed);
        var dot = token.IndexOf('.', StringComparison.Ordinal);
        if (dot <= 0) return (null, ActorFault.Malformed);
        Span<byte> mac = stackalloc byte[MacBytes];
        if (Base64Url.DecodeFromChars(token.AsSpan(dot + 1), mac, out _, out var written) != OperationStatus.Done || written != MacBytes) return (null, ActorFault.Malformed);
        var payload = Encoding.ASCII.GetBytes(token, 0, dot);
        if (Parse(payload) is not var (keyId, signed)) return (null, ActorFault.Malformed);
        if (keys.Find(keyId) is not { } key) return (null, ActorFault.UnknownKey);
        if (!CryptographicOperations.FixedTimeEquals(mac, Mac(key, payload))) return (null, ActorFault.WrongMac);
        return signed.FaultAt(now) is { } fault ? (null, fault) : (signed, null);
    }

    private static byte[] Mac(SecretKey key, ReadOnlySpan<byte> payload)
    {
        Span<byte> text = stackalloc byte[Prefix.Length + Longest];
        Prefix.CopyTo(text);
        if (payload.Length > Longest) throw new ArgumentException($"A payload of {payload.Length} characters is too long.", nameof(payload));
        payload.CopyTo(text[Prefix.Length..]);
        return HMACSHA256.HashData(key.Bytes.AsSpan(), text[..(Prefix.Length + payload.Length)]);
    }

    private static void Write(Utf8JsonWriter writer, string keyId, Actor actor, long issued)
    {
        writer.WriteStartObject();
        writer.WriteNumber("v", Version);
        writer.WriteString("k", keyId);
        writer.WriteString("u", actor.Name);
        Text(writer, "s", actor.Session);
        Texts(writer, "r", actor.Roles);
        if (actor.Epoch != 0) writer.WriteNumber("e", actor.Epoch);
        if (actor.AuthAt is { } at) writer.WriteNumber("at", at.ToUnixTimeSeconds());
        Texts(writer, "amr", actor.Methods);
        if (actor.StepUp is { } stepUp)
        {
            writer.WriteStartObject("su");
            writer.WriteString("purpose", stepUp.Purpose);
            writer.WriteString("subject", stepUp.Subject);
            writer.WriteNumber("at", stepUp.At.ToUnixTimeSeconds());
            writer.WriteString("method", stepUp.Method);
            Text(writer, "credentialId", stepUp.CredentialId);
            writer.WriteString("assertionId", stepUp.AssertionId);
            writer.WriteEndObject();
        }
        Text(writer, "ip", actor.Address);
        Text(writer, "rid", actor.RequestId);
        writer.WriteNumber("iat", issued);
        writer.WriteNumber("exp", issued + (long)Life.TotalSeconds);
        writer.WriteEndObject();
    }

    private static void Text(Utf8JsonWriter writer, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value)) writer.WriteString(name, value);
    }

    private static void Texts(Utf8JsonWriter writer, string name, ImmutableArray<string> values)
    {
        if (values.IsDefaultOrEmpty) return;
        writer.WriteStartArray(name);
        foreach (var value in values) writer.WriteStringValue(value);
        writer.WriteEndArray();
    }

    /// <summary>Key id and statement of a payload, or null when it is not one. Nothing of it is believed yet. Members of later versions are passed over.</summary>
    private static (string KeyId, SignedActor Signed)? Parse(ReadOnlySpan<byte> payload)
    {
        var bytes = new byte[Base64Url.GetMaxDecodedLength(payload.Length)];
        if (Base64Url.DecodeFromUtf8(payload, bytes, out _, out var length) != OperationStatus.Done) return null;
        try
        {
            using var json = JsonDocument.Parse(bytes.AsMemory(0, length), new JsonDocumentOptions { MaxDepth = MostDepth });
            var root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object || Number(root, "v") != Version || Word(root, "k") is not { } key || Word(root, "u") is not { } name || !Actor.IsName(name)) return null;
            if (Time(root, "iat") is not { } issued || Time(root, "exp") is not { } expires || expires <= issued || expires - issued > Life) return null;
            var actor = new Actor(name)
            {
                Session = Word(root, "s"),
                Roles = Words(root, "r"),
                Epoch = Number(root, "e") ?? 0,
                AuthAt = Time(root, "at"),
                Methods = Words(root, "amr"),
                StepUp = StepUp(root),
                Address = Word(root, "ip"),
                RequestId = Word(root, "rid"),
            };
            return (key, new SignedActor(actor, issued, expires));
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException or ArgumentOutOfRangeException)
        {
            return null;   // not JSON, a text that is no UTF-8, or a time beyond every calendar
        }
    }

    private static ActorStepUp? StepUp(JsonElement root) =>
        root.TryGetProperty("su", out var su) && su.ValueKind == JsonValueKind.Object
            && Word(su, "purpose") is { } purpose && Word(su, "subject") is { } subject && Time(su, "at") is { } at && Word(su, "method") is { } method && Word(su, "assertionId") is { } assertion
            ? new ActorStepUp(purpose, subject, at, method, Word(su, "credentialId"), assertion)
            : null;

    private static string? Word(JsonElement from, string name) => from.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static long? Number(JsonElement from, string name) => from.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : null;

    private static DateTimeOffset? Time(JsonElement from, string name) => Number(from, name) is { } seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    private static ImmutableArray<string> Words(JsonElement from, string name) =>
        from.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Where(v => v.ValueKind == JsonValueKind.String).Select(v => v.GetString()!)] : [];
}
