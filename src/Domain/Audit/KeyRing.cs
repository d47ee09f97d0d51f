using System.Collections.Immutable;

namespace Forge.Domain.Audit;

/// <summary>A secret key with the id that whatever it protects names. Never logged: its text is the id.</summary>
/// <param name="Id">1..32 characters of <c>[A-Za-z0-9]</c>; the part after the dash of its file's name.</param>
/// <param name="Bytes">32 bytes, or a PKCS#8 document for signing keys.</param>
public sealed record SecretKey(string Id, ImmutableArray<byte> Bytes)
{
    /// <inheritdoc/>
    public override string ToString() => Id;
}

/// <summary>Keys of one use while they rotate: the newest one protects, all of them still open. Source: security.md 10.</summary>
public sealed class KeyRing
{
    private readonly ImmutableDictionary<string, SecretKey> _keys;

    /// <summary>A ring of these keys; the current one has the longest id, among equally long ones the greatest (1, 2, … 10; or dates).</summary>
    /// <exception cref="ArgumentException">No key was given.</exception>
    public KeyRing(IEnumerable<SecretKey> keys)
    {
        _keys = keys.ToImmutableDictionary(k => k.Id, StringComparer.Ordinal);
        if (_keys.IsEmpty) throw new ArgumentException("A ring needs at least one key.", nameof(keys));
        Current = _keys.Values.OrderBy(k => k.Id.Length).ThenBy(k => k.Id, StringComparer.Ordinal).Last();
    }

    /// <summary>The key that protects what is written now.</summary>
    public SecretKey Current { get; }

    /// <summary>Every key of the ring, by id.</summary>
    public IEnumerable<SecretKey> Keys => _keys.Values.OrderBy(k => k.Id, StringComparer.Ordinal);

    /// <summary>The key of this id, or null when it is not (or no longer) here.</summary>
    public SecretKey? Find(string id) => _keys.GetValueOrDefault(id);
}
