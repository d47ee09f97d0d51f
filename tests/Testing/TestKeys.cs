using System.Security.Cryptography;
using Forge.Domain.Audit;
using Microsoft.Extensions.DependencyInjection;

namespace Forge.Testing;

/// <summary>Rings of keys as a key folder would give them: fixed ones, so that what one activation wrote another reads.</summary>
public static class TestKeys
{
    /// <summary>Wraps data keys.</summary>
    public static KeyRing Kek { get; } = new([Secret("1", 1)]);

    /// <summary>Signs journal seals.</summary>
    public static KeyRing Seal { get; } = new([Signing("1")]);

    /// <summary>Signs actors of grain calls.</summary>
    public static KeyRing Actor { get; } = new([Secret("1", 50)]);

    /// <summary>Adds them, keyed by their use.</summary>
    public static IServiceCollection AddTestKeys(this IServiceCollection services) => services.AddKeyedSingleton("kek", Kek).AddKeyedSingleton("seal", Seal).AddKeyedSingleton("actor", Actor);

    /// <summary>A key of 32 bytes that count on from a first one.</summary>
    public static SecretKey Secret(string id, byte first) => new(id, [.. Enumerable.Range(first, 32).Select(i => (byte)i)]);

    /// <summary>A new P-256 key.</summary>
    public static SecretKey Signing(string id)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new SecretKey(id, [.. key.ExportPkcs8PrivateKey()]);
    }
}
