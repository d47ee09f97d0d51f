using System.Net.Security;

namespace Forge.WebApi.Keys;

/// <summary>Cipher suites of every TLS port: forward secrecy and authenticated encryption only, whatever the operating system would take too. Source: OWASP ASVS 5.0, V12.1.2; BSI TR-02102-2.</summary>
public static class TlsSuites
{
    /// <summary>The suites, the strongest first; TLS 1.3, then 1.2.</summary>
    public static IReadOnlyList<TlsCipherSuite> Allowed { get; } =
    [
        TlsCipherSuite.TLS_AES_256_GCM_SHA384, TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256, TlsCipherSuite.TLS_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, TlsCipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    ];

    /// <summary>For a connection; null on Windows, where the operating system alone decides.</summary>
    public static CipherSuitesPolicy? Policy { get; } = OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? null : OnLinux();

#pragma warning disable CA1416 // called on Linux only
    private static CipherSuitesPolicy OnLinux() => new(Allowed);
#pragma warning restore CA1416
}
