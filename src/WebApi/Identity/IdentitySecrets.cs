using System.Security.Cryptography;
using System.Xml.Linq;
using Forge.Domain.Audit;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.Extensions.Options;

namespace Forge.WebApi.Identity;

/// <summary>Seals what the identity store must be able to read again (seeds, ceremonies, web keys) with the <c>identity</c> keys.</summary>
public sealed class IdentitySecrets(KeyRing keys)
{
    /// <summary>Seals a text for its place: table, column and row id separated by bars.</summary>
    public string Seal(string place, string text) => Envelope.Seal(keys.Current, RandomNumberGenerator.GetBytes(Envelope.NonceBytes), place, text);

    /// <summary>The text sealed for this place.</summary>
    /// <exception cref="CryptographicException">The key is not here, or it was sealed for another place.</exception>
    public string Open(string place, string sealedText) =>
        Envelope.KeyIdOf(sealedText) is { } id && keys.Find(id) is { } key && Envelope.Open(key, place, sealedText) is { } text
            ? text
            : throw new CryptographicException($"What is stored at {place} cannot be opened with the identity keys of this node.");
}

/// <summary>Keeps the keys of web state (antiforgery tokens) sealed in the store.</summary>
internal sealed class WebKeySealer(IdentitySecrets secrets) : IXmlEncryptor, IConfigureOptions<KeyManagementOptions>
{
    internal const string Place = "data_protection_key|xml|key";

    public void Configure(KeyManagementOptions options) => options.XmlEncryptor = this;

    public EncryptedXmlInfo Encrypt(XElement plaintextElement) =>
        new(new XElement("sealed", secrets.Seal(Place, plaintextElement.ToString(SaveOptions.DisableFormatting))), typeof(WebKeyOpener));
}

/// <summary>Opens what <see cref="WebKeySealer"/> sealed; the framework makes it by name, which is stored.</summary>
internal sealed class WebKeyOpener(IServiceProvider services) : IXmlDecryptor
{
    public XElement Decrypt(XElement encryptedElement) => XElement.Parse(services.GetRequiredService<IdentitySecrets>().Open(WebKeySealer.Place, encryptedElement.Value));
}
