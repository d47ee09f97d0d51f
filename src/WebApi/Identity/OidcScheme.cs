using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Forge.WebApi.Identity;

/// <summary>Speaks OpenID Connect: authorization code with PKCE, state and nonce; tokens stay here and are forgotten. Who that is and what follows says <see cref="OidcSignIn"/>.</summary>
internal static class OidcScheme
{
    /// <summary>Name of the authentication scheme.</summary>
    public const string Name = "oidc";

    /// <summary>Where the provider sends the browser back to; register it there.</summary>
    public const string CallbackPath = "/api/auth/oidc/callback";

    /// <summary>Item of the protected state: the id of what was begun here.</summary>
    public const string FlowItem = "forge.flow";

    // Signatures of an asymmetric key only: with a symmetric one whoever knows our client secret could sign.
    private static readonly string[] Algorithms =
        [SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512, SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384];

    public static AuthenticationBuilder AddForgeOidc(this AuthenticationBuilder authentication, WebApiOptions options)
    {
        if (options.Oidc is not { } provider) return authentication;
        authentication.Services.AddScoped<OidcSignIn>();
        return authentication.AddOpenIdConnect(Name, oidc => Configure(oidc, provider, options.Https));
    }

    private static void Configure(OpenIdConnectOptions oidc, OidcOptions provider, bool https)
    {
        oidc.SignInScheme = SessionHandler.Scheme_;   // never used: OidcSignIn opens the session itself
        oidc.Authority = provider.Authority;
        oidc.MetadataAddress = provider.Authority.TrimEnd('/') + "/.well-known/openid-configuration";
        oidc.RequireHttpsMetadata = !new Uri(provider.Authority).IsLoopback;
        (oidc.ClientId, oidc.ClientSecret) = (provider.ClientId, provider.ClientSecret);
        oidc.ResponseType = OpenIdConnectResponseType.Code;
        oidc.ResponseMode = OpenIdConnectResponseMode.Query;   // comes back as a navigation, so cookies may be Lax
        oidc.UsePkce = true;
        oidc.CallbackPath = CallbackPath;
        oidc.SaveTokens = false;
        oidc.GetClaimsFromUserInfoEndpoint = false;
        oidc.MapInboundClaims = false;
        oidc.DisableTelemetry = true;
        oidc.SkipUnrecognizedRequests = false;
        oidc.RemoteAuthenticationTimeout = TimeSpan.FromMinutes(10);
        oidc.ProtocolValidator.NonceLifetime = oidc.RemoteAuthenticationTimeout;
        oidc.ClaimActions.Clear();   // the claims are read where they are judged
        oidc.Scope.Clear();
        oidc.Scope.Add("openid");   // who it is, and nothing more: roles and names are ours
#pragma warning disable RS0030 // The operator names this target, it may lie inside the network, and no answer of it is shown to anybody.
        oidc.BackchannelHttpHandler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(5) };
#pragma warning restore RS0030
        oidc.BackchannelTimeout = TimeSpan.FromSeconds(10);
        oidc.TokenValidationParameters = new TokenValidationParameters
        {
            ValidIssuer = provider.Authority,
            ValidAudience = provider.ClientId,
            ValidAlgorithms = Algorithms,
            ValidateIssuer = true,
            ValidateAudience = true,
            ValidateLifetime = true,
            RequireExpirationTime = true,
            RequireSignedTokens = true,
            ClockSkew = TimeSpan.FromMinutes(1),
            // An ID token says JWT or nothing; access and logout tokens say what they are.
            TypeValidator = (type, _, _) => type is null or "" or "JWT" or "jwt" ? type : throw new SecurityTokenInvalidTypeException("Not an ID token."),
        };
        Cookie(oidc.CorrelationCookie, https, "forge-oidc-state");
        Cookie(oidc.NonceCookie, https, "forge-oidc-nonce");
        oidc.Events = new OpenIdConnectEvents
        {
            OnRedirectToIdentityProvider = context => OidcSignIn.Of(context.HttpContext).AskAsync(context),
            OnMessageReceived = context => OidcSignIn.Of(context.HttpContext).ReceivedAsync(context),
            OnTicketReceived = context => OidcSignIn.Of(context.HttpContext).FinishAsync(context),
            OnRemoteFailure = context => OidcSignIn.Of(context.HttpContext).FailAsync(context),
        };
    }

    // They come back with a navigation that another site begins: Lax, not Strict. Their content is sealed, they live as long as the way there and back.
    private static void Cookie(Microsoft.AspNetCore.Http.CookieBuilder cookie, bool https, string name)
    {
        cookie.Name = SignIn.CookieName(https, name) + ".";
        cookie.Path = "/";
        cookie.HttpOnly = true;
        cookie.SameSite = SameSiteMode.Lax;
        cookie.SecurePolicy = https ? CookieSecurePolicy.Always : CookieSecurePolicy.None;
        cookie.IsEssential = true;
    }
}
