using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Forge.Domain.Contracts;
using Forge.EndToEnd.Tests.Harness;

namespace Forge.EndToEnd.Tests.Audit;

/// <summary>A walk through the running product with JSON logs: what people and machines keep secret is in no line, and every line is one entry. The page's headers, over the wire.</summary>
public sealed partial class LogScanTests(PublishedProduct published)
{
    [Fact]
    public async Task Log_AfterAWalk_HoldsNoSecret()
    {
        await using var product = await ProductProcess.StartPublishedAsync(published, demo: false, settings: ["--Forge:Log:Format=json", "--Serilog:MinimumLevel:Default=Debug", "--Serilog:MinimumLevel:Override:Microsoft.AspNetCore=Debug"]);
        var setup = await product.SetupTokenAsync();
        var (session, email, credentials) = await product.SetUpAsync();
        using var ended = session;
        var organization = await session.CreateMonitoredOrganizationAsync("Walk Ltd", SlaTerms.Default, DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime));
        var key = await product.CreateKeyAsync(organization.Id);
        using var stranger = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false }) { BaseAddress = product.Url };

        // Things that end up in logs elsewhere: refused credentials, addresses with secrets, line breaks in what is said.
        const string Guess = "my-guess-at-a-password-4711";
        foreach (var (path, body, name, value) in new[]
        {
            ("/api/auth/password", $$"""{"email":"{{email}}","password":"{{Guess}}"}""", "X", "y"),
            ("/api/auth/password", "{\"email\":\"x\\r\\n2026-01-01T00:00:00Z INF forged line@example.com\",\"password\":\"" + Guess + "\"}", "User-Agent", "a Bearer " + Guess),
            ("/api/ingest/metrics?token=" + Guess, "{}", "Authorization", "Bearer " + key),
            ("/api/ingest/metrics", "{\"password\":\"" + Guess + "\"", "Authorization", "Bearer " + key),
            ("/api/ingest/metrics", "{}", "Authorization", "Bearer " + key + "x"),
            ("/api/ingest/metrics", "{}", "Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("user:" + Guess))),
            ("/api/users/invitations", "{\"email\":\"" + email + "\",\"roles\":[\"Auditor\"],\"reason\":\"" + Guess + "\"}", "Cookie", "forge-local=" + Guess),
        })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative)) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
            request.Headers.TryAddWithoutValidation(name, value);
            using var answer = await stranger.SendAsync(request);
            Assert.True(answer.StatusCode < HttpStatusCode.InternalServerError, $"{path}: {(int)answer.StatusCode}");
        }
        using (await session.Http.GetAsync(new Uri("/api/organizations/%0d%0aforged", UriKind.Relative)))
            await product.StopAsync();

        var log = product.Process.Output;
        var lines = log.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(lines.Length > 30, log);
        foreach (var line in lines)
        {
            using var entry = JsonDocument.Parse(line);   // every line is one entry, whatever was sent
            Assert.EndsWith("Z", entry.RootElement.GetProperty("@t").GetString(), StringComparison.Ordinal);
            Assert.True(entry.RootElement.TryGetProperty("@m", out _), line);
        }
        var cookies = session.Cookies.GetAllCookies().Select(c => c.Value).Where(v => v.Length > 0).ToList();
        Assert.NotEmpty(cookies);
        foreach (var secret in (string[])[credentials.Password, credentials.Seed, key.Split('_')[2], Guess, email, .. cookies, .. KeysOf(product)])
            Assert.False(log.Contains(secret, StringComparison.OrdinalIgnoreCase), $"The log holds '{secret}': {lines.FirstOrDefault(l => l.Contains(secret, StringComparison.OrdinalIgnoreCase))}");
        // The scan reads what is there: the one-time link is printed for the operator, on purpose, and it is found.
        Assert.Contains(setup, log, StringComparison.Ordinal);
        // What is stored beside the rows holds none of it either.
        foreach (var file in Directory.EnumerateFiles(product.Data))
        {
            var bytes = await File.ReadAllBytesAsync(file);
            foreach (var secret in (string[])[credentials.Password, credentials.Seed, key.Split('_')[2], .. cookies])
                Assert.True(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)) < 0, $"{Path.GetFileName(file)} holds '{secret}'");
        }
    }

    // As files hold them, in the two ways one writes bytes.
    private static IEnumerable<string> KeysOf(ProductProcess product) =>
        Directory.EnumerateFiles(product.Keys).Select(File.ReadAllBytes).Where(b => b.Length >= 32).SelectMany(b => (string[])[Convert.ToBase64String(b.AsSpan(0, 30)), Convert.ToHexString(b.AsSpan(0, 32))]);
}

/// <summary>What the dashboard's page arrives with.</summary>
public sealed partial class PageHeadersTests(PublishedProduct published)
{
    [Fact]
    public async Task Page_OverTheNetwork_CarriesThePolicyWithItsScriptHashes()
    {
        await using var product = await ProductProcess.StartPublishedAsync(published, demo: false);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = product.Url };
        foreach (var path in (string[])["/", "/sign-in", "/organizations/eu-0000000000", "/account"])
        {
            using var answer = await http.GetAsync(new Uri(path, UriKind.Relative));
            var page = await answer.Content.ReadAsStringAsync();
            Assert.Equal(("text/html", "utf-8"), (answer.Content.Headers.ContentType?.MediaType, answer.Content.Headers.ContentType?.CharSet?.ToLowerInvariant()));
            var policy = answer.Headers.GetValues("Content-Security-Policy").Single().Split("; ").Select(d => d.Split(' ', 2)).ToDictionary(d => d[0], d => d.Length > 1 ? d[1] : "");
            Assert.Equal(("'none'", "'none'", "'none'", "'self'", "'self'", "'self'"), (policy["default-src"], policy["object-src"], policy["frame-ancestors"], policy["base-uri"], policy["form-action"], policy["connect-src"]));
            Assert.DoesNotContain("'unsafe-inline'", policy["script-src"], StringComparison.Ordinal);
            Assert.DoesNotContain("'unsafe-eval'", policy["script-src"].Replace("'wasm-unsafe-eval'", "", StringComparison.Ordinal), StringComparison.Ordinal);
            // Every inline script of the page is named by its hash, and nothing else is.
            var inline = InlineScript().Matches(page).Select(m => $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(m.Groups["text"].Value)))}'").Order().ToList();
            Assert.Equal(inline, policy["script-src"].Split(' ').Where(s => s.StartsWith("'sha256-", StringComparison.Ordinal)).Order());
            Assert.DoesNotMatch(Handler(), page);
            Assert.Equal(("nosniff", "same-origin", "no-referrer"), (answer.Headers.GetValues("X-Content-Type-Options").Single(), answer.Headers.GetValues("Cross-Origin-Opener-Policy").Single(), answer.Headers.GetValues("Referrer-Policy").Single()));
        }
    }

    [GeneratedRegex(@"<script(?![^>]*\bsrc=)[^>]*>(?<text>.*?)</script>", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex InlineScript();

    [GeneratedRegex(@"<[a-z][^>]*\son[a-z]+\s*=", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Handler();
}
