using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Domain.Contracts;
using Forge.Domain.Organizations;
using Forge.Testing;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Forge.Load;

/// <summary>What a person signs in with beside the e-mail.</summary>
/// <param name="Password">Password.</param>
/// <param name="Seed">Base32 seed of the authenticator app.</param>
public sealed record Credentials(string Password, string Seed);

/// <summary>A signed-in person's view of the product over its public API: cookie, CSRF token, commands, and the live hub.</summary>
public sealed class ProductSession : IDisposable
{
    private readonly CookieContainer _cookies = new();
    private readonly Uri _url;

    private ProductSession(Uri url)
    {
        _url = url;
        Http = new HttpClient(new SocketsHttpHandler { CookieContainer = _cookies, UseProxy = false }) { BaseAddress = url, Timeout = TimeSpan.FromSeconds(30) };
    }

    /// <summary>Cookies of the session.</summary>
    public CookieContainer Cookies => _cookies;

    /// <summary>Carries the cookie, and the CSRF token as a header.</summary>
    public HttpClient Http { get; }

    /// <summary>Signs in with a password and a code of the authenticator app.</summary>
    public static async Task<ProductSession> SignInAsync(Uri url, string email, Credentials credentials, CancellationToken cancellation = default)
    {
        var session = new ProductSession(url);
        await session.RefreshCsrfAsync(cancellation);
        using (var half = await session.Http.PostAsJsonAsync("/api/auth/password", new SignInRequest(email, credentials.Password), ForgeJson.Default.SignInRequest, cancellation))
        {
            var ticket = await ReadAsync(half, "sign-in", ForgeJson.Default.SignInTicket, cancellation);
            // Another process may have used the same steps: then the next one does.
            for (var tries = 3; ; tries--)
            {
                var code = await AuthenticatorApp.Of(credentials.Seed).NextAsync(null, cancellation);
                using var answer = await session.Http.PostAsJsonAsync("/api/auth/totp", new TotpSignIn(ticket.Ticket, code), ForgeJson.Default.TotpSignIn, cancellation);
                if (answer.StatusCode == HttpStatusCode.Unauthorized && tries > 0) continue;
                await EnsureAsync(answer, "sign-in", cancellation);
                break;
            }
        }
        await session.RefreshCsrfAsync(cancellation);
        return session;
    }

    /// <summary>Makes the first administrator with the token of the one-time link; the session is theirs.</summary>
    public static async Task<(ProductSession Session, Credentials Credentials)> SetUpAsync(Uri url, string token, string email, string password, CancellationToken cancellation = default)
    {
        var session = new ProductSession(url);
        await session.RefreshCsrfAsync(cancellation);
        using var half = await session.Http.PostAsJsonAsync("/api/setup/begin", new BeginEnrolment(token, email, "First administrator", FactorKind.Totp, password), ForgeJson.Default.BeginEnrolment, cancellation);
        var begun = await ReadAsync(half, "setup", ForgeJson.Default.EnrolmentBegun, cancellation);
        var code = await AuthenticatorApp.Of(begun.Secret!).NextAsync(null, cancellation);
        using var answer = await session.Http.PostAsJsonAsync("/api/setup", new CompleteEnrolment(token, begun.EnrolmentId, code, null, null), ForgeJson.Default.CompleteEnrolment, cancellation);
        await EnsureAsync(answer, "setup", cancellation);
        await session.RefreshCsrfAsync(cancellation);
        return (session, new Credentials(password, begun.Secret!));
    }

    /// <summary>Reads a document.</summary>
    public async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation = default)
    {
        using var answer = await Http.GetAsync(new Uri(path, UriKind.Relative), cancellation);
        return await ReadAsync(answer, path, type, cancellation);
    }

    /// <summary>Sends a command under a fresh idempotency key.</summary>
    public async Task<T> PostAsync<TBody, T>(string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<T> type, long? ifVersion = null, CancellationToken cancellation = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative)) { Content = JsonContent.Create(body, bodyType) };
        request.Headers.Add("Idempotency-Key", RandomNumberGenerator.GetHexString(32, lowercase: true));
        if (ifVersion is { } version) request.Headers.TryAddWithoutValidation("If-Match", $"\"{version.ToString(CultureInfo.InvariantCulture)}\"");
        using var answer = await Http.SendAsync(request, cancellation);
        return await ReadAsync(answer, path, type, cancellation);
    }

    /// <summary>At most <paramref name="count"/> organization ids, in the order of the list.</summary>
    public async Task<ImmutableArray<string>> OrganizationIdsAsync(int count, CancellationToken cancellation = default)
    {
        var ids = ImmutableArray.CreateBuilder<string>();
        for (string? cursor = null; ids.Count < count;)
        {
            var page = await GetAsync("/api/organizations?limit=200" + (cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor)), ForgeJson.Default.PageOrganization, cancellation);
            foreach (var organization in page.Items.Take(count - ids.Count)) ids.Add(organization.Id);
            if ((cursor = page.NextCursor) is null) break;
        }
        return ids.ToImmutable();
    }

    /// <summary>Makes an enterprise organization whose signed contract covers this and the previous month.</summary>
    public async Task<Organization> CreateMonitoredOrganizationAsync(string name, SlaTerms terms, DateOnly today, CancellationToken cancellation = default)
    {
        var organization = await PostAsync("/api/organizations", new CreateOrganization(name, null, null, Region.EU, OrganizationPlan.ENTERPRISE, true, 100),
            ForgeJson.Default.CreateOrganization, ForgeJson.Default.Organization, null, cancellation);
        var start = new DateOnly(today.Year, today.Month, 1).AddMonths(-1);
        var draft = await PostAsync("/api/contracts", new DraftContract(organization.Id, start, 12, "UTC", terms), ForgeJson.Default.DraftContract, ForgeJson.Default.ContractView, null, cancellation);
        await PostAsync($"/api/contracts/{draft.Contract.Id}/sign", new SignContract(start), ForgeJson.Default.SignContract, ForgeJson.Default.ContractView, draft.Version, cancellation);
        return organization;
    }

    /// <summary>Makes an ingest key for the given organizations (none = all) and returns its secret.</summary>
    public async Task<string> CreateKeyAsync(string name, ImmutableArray<string> organizationIds, CancellationToken cancellation = default) =>
        (await PostAsync("/api/ingest-keys", new CreateIngestKey(name, organizationIds, 1, organizationIds.IsEmpty), ForgeJson.Default.CreateIngestKey, ForgeJson.Default.CreatedIngestKey, null, cancellation)).Secret;

    /// <summary>A connection to the live hub, not started yet.</summary>
    public HubConnection Hub(string path) => new HubConnectionBuilder()
        .WithUrl(new Uri(_url, path), options =>
        {
            options.Cookies = _cookies;
            options.Headers["Origin"] = _url.GetLeftPart(UriPartial.Authority);
        })
        .AddJsonProtocol(options => options.PayloadSerializerOptions = new JsonSerializerOptions(ForgeJson.Default.Options))
        .Build();

    /// <inheritdoc/>
    public void Dispose() => Http.Dispose();

    private static async Task<T> ReadAsync<T>(HttpResponseMessage answer, string what, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        await EnsureAsync(answer, what, cancellation);
        return await answer.Content.ReadFromJsonAsync(type, cancellation) ?? throw new InvalidOperationException($"{what} answered nothing.");
    }

    private static async Task EnsureAsync(HttpResponseMessage answer, string what, CancellationToken cancellation)
    {
        if (answer.IsSuccessStatusCode) return;
        throw new InvalidOperationException($"{what} answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(cancellation)}");
    }

    private async Task RefreshCsrfAsync(CancellationToken cancellation)
    {
        var session = await GetAsync("/api/session", ForgeJson.Default.SessionView, cancellation);
        Http.DefaultRequestHeaders.Remove("X-Forge-Csrf");
        if (session.CsrfToken is { } token) Http.DefaultRequestHeaders.Add("X-Forge-Csrf", token);
    }
}
