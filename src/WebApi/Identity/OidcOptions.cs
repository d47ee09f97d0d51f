using Microsoft.Extensions.Configuration;

namespace Forge.WebApi.Identity;

/// <summary>An identity provider that people may sign in through (<c>Forge:Identity:Oidc</c>). Source: security.md 3.</summary>
public sealed record OidcOptions
{
    /// <summary>Configuration section.</summary>
    public const string Section = "Forge:Identity:Oidc";

    /// <summary>The issuer, exactly as it names itself; its document lies below it at <c>.well-known/openid-configuration</c>. https, or http on loopback.</summary>
    public required string Authority { get; init; }

    /// <summary>Our client id there.</summary>
    public required string ClientId { get; init; }

    /// <summary>Our secret there (<c>ClientSecretFile</c> or environment); null for a client without one.</summary>
    public string? ClientSecret { get; init; }

    /// <summary>Name on the button, e.g. <c>Contoso sign-in</c>.</summary>
    public string Name { get; init; } = "single sign-on";

    /// <summary>Authentication class (<c>acr</c>) that counts as a second factor there; without it nobody steps up through the provider.</summary>
    public string? Acr { get; init; }

    /// <summary>A sign-in at the provider may be this old, minutes; as long as a session of ours at most.</summary>
    public int MaxAgeMinutes { get; init; } = 12 * 60;

    /// <summary>The settings, or null when no provider is configured.</summary>
    /// <param name="configuration">All settings.</param>
    /// <param name="secret">The client secret, read and checked by the host.</param>
    /// <exception cref="ArgumentException">A setting is missing or makes no sense; the message is for the operator.</exception>
    public static OidcOptions? Read(IConfiguration configuration, string? secret)
    {
        var section = configuration.GetSection(Section);
        if (!section.Exists()) return null;
        if (section["Authority"] is not { Length: > 0 } authority || section["ClientId"] is not { Length: > 0 } client) throw new ArgumentException($"{Section} needs Authority and ClientId.", nameof(configuration));
        if (!Uri.TryCreate(authority, UriKind.Absolute, out var uri) || (uri.Scheme != Uri.UriSchemeHttps && !(uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback)))
            throw new ArgumentException($"{Section}:Authority must be an https address.", nameof(configuration));
        var options = new OidcOptions { Authority = authority, ClientId = client, ClientSecret = secret, Acr = section["Acr"] };
        if (section["Name"] is { Length: > 0 and <= 60 } name) options = options with { Name = name };
        if (int.TryParse(section["MaxAgeMinutes"], System.Globalization.CultureInfo.InvariantCulture, out var minutes)) options = options with { MaxAgeMinutes = minutes };
        return options.MaxAgeMinutes is > 0 and <= 12 * 60 ? options : throw new ArgumentException($"{Section}:MaxAgeMinutes must be 1 to 720.", nameof(configuration));
    }
}
