using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace Forge.WebApi.Tests.Identity;

/// <summary>A real identity provider (OpenIddict) on a loopback port that signs in whoever the test says, and whose ID tokens a test may spoil after they were made.</summary>
internal sealed class TestProvider : IAsyncDisposable
{
    public const string ClientId = "forge";
    public const string ClientSecret = "the-clients-own-secret-of-this-test";

    private readonly WebApplication _app;
    private readonly RSA _key = RSA.Create(2048);
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false });

    private TestProvider()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddOpenIddict().AddServer(server =>
        {
            server.EnableDegradedMode();   // no store of clients: there is one, and it is checked here
            server.SetAuthorizationEndpointUris("authorize").SetTokenEndpointUris("token");
            server.AllowAuthorizationCodeFlow().RequireProofKeyForCodeExchange();
            server.AddEphemeralEncryptionKey().AddSigningKey(new RsaSecurityKey(_key) { KeyId = "test" });
            server.DisableAccessTokenEncryption();
            server.UseAspNetCore().DisableTransportSecurityRequirement();
            server.AddEventHandler<ValidateAuthorizationRequestContext>(handler => handler.UseInlineHandler(context =>
            {
                if (context.ClientId != ClientId || context.Request.CodeChallengeMethod != CodeChallengeMethods.Sha256) context.Reject(Errors.InvalidRequest);
                return default;
            }));
            server.AddEventHandler<ValidateTokenRequestContext>(handler => handler.UseInlineHandler(context =>
            {
                if (context.ClientId != ClientId || context.ClientSecret != ClientSecret) context.Reject(Errors.InvalidClient);
                return default;
            }));
            server.AddEventHandler<HandleAuthorizationRequestContext>(handler => handler.UseInlineHandler(context =>
            {
                Asked.Enqueue(context.Request);
                var identity = new ClaimsIdentity("test");
                identity.SetClaim(Claims.Subject, Subject).SetClaim(Claims.Email, Email).SetClaim(Claims.AuthenticationTime, SignedInAt.ToUnixTimeSeconds());
                if (Acr is not null) identity.SetClaim(Claims.AuthenticationContextReference, Acr);
                identity.SetScopes(context.Request.GetScopes());
                identity.SetDestinations(_ => [Destinations.IdentityToken]);
                context.SignIn(new ClaimsPrincipal(identity));
                return default;
            }));
        });
        _app = builder.Build();
        _app.Use(SpoilAsync);
        _app.UseAuthentication();
        _app.MapGet("/", () => "");
    }

    /// <summary>Who signs in.</summary>
    public string Subject { get; set; } = "subject-1";

    /// <summary>What the provider says their e-mail is.</summary>
    public string Email { get; set; } = "somebody@provider.example";

    /// <summary>When they did.</summary>
    public DateTimeOffset SignedInAt { get; set; } = TimeProvider.System.GetUtcNow();

    /// <summary>How they did.</summary>
    public string? Acr { get; set; }

    /// <summary>Changes header and payload of an ID token before it is signed.</summary>
    public Action<JsonObject, JsonObject>? Spoil { get; set; }

    /// <summary>Signs spoilt tokens; the provider's own key unless a test says otherwise.</summary>
    public Func<byte[], byte[]>? Sign { get; set; }

    /// <summary>What the product asked for.</summary>
    public ConcurrentQueue<OpenIddictRequest> Asked { get; } = new();

    /// <summary>Its issuer.</summary>
    public string Issuer => _app.Urls.First() + "/";

    public static async Task<TestProvider> StartAsync()
    {
        var provider = new TestProvider();
        await provider._app.StartAsync();
        return provider;
    }

    /// <summary>What a person does there: the address that the provider sends them back to.</summary>
    public async Task<Uri> VisitAsync(string url)
    {
        using var answer = await _http.GetAsync(new Uri(url));
        Assert.True(answer.Headers.Location is not null, $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        return answer.Headers.Location;
    }

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _http.Dispose();
        _key.Dispose();
    }

    private async Task SpoilAsync(HttpContext http, RequestDelegate next)
    {
        if (Spoil is null || http.Request.Path != "/token")
        {
            await next(http);
            return;
        }
        var body = http.Response.Body;
        using var held = new MemoryStream();
        http.Response.Body = held;
        await next(http);
        http.Response.Body = body;
        var answer = JsonNode.Parse(held.ToArray())!.AsObject();
        if (answer["id_token"] is { } token) answer["id_token"] = Spoilt(token.GetValue<string>());
        var bytes = Encoding.UTF8.GetBytes(answer.ToJsonString());
        http.Response.ContentLength = bytes.Length;
        await body.WriteAsync(bytes);
    }

    private string Spoilt(string token)
    {
        var parts = token.Split('.');
        var (header, payload) = (Read(parts[0]), Read(parts[1]));
        Spoil!(header, payload);
        var text = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header.ToJsonString())) + "." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload.ToJsonString()));
        var sign = Sign ?? (signed => _key.SignData(signed, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        return text + "." + Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(text)));
    }

    private static JsonObject Read(string part) => JsonNode.Parse(Base64Url.DecodeFromChars(part))!.AsObject();
}
