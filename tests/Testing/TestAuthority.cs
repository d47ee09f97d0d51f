using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Forge.Testing;

/// <summary>A private authority and certificates of it, as PEM files in a folder.</summary>
public sealed class TestAuthority : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _root;

    /// <summary>Makes an authority.</summary>
    /// <param name="name">Its name.</param>
    public TestAuthority(string name)
    {
        var request = new CertificateRequest("CN=" + name, _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _root = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(30));
    }

    /// <summary>Writes a certificate for a name with its key and this authority.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="name">Whom it is made out to.</param>
    /// <param name="days">How long it is good from yesterday on.</param>
    public (string Certificate, string Key, string Authority) Issue(string folder, string name, double days = 30)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(_root, TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(days - 1), RandomNumberGenerator.GetBytes(12));
        Directory.CreateDirectory(folder);
        var paths = (Path.Combine(folder, "cluster.crt"), Path.Combine(folder, "cluster.key"), Path.Combine(folder, "authority.crt"));
        File.WriteAllText(paths.Item1, issued.ExportCertificatePem());
        File.WriteAllText(paths.Item2, key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(paths.Item3, _root.ExportCertificatePem());
        return paths;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _root.Dispose();
        _key.Dispose();
    }
}
