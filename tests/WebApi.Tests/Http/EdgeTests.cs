using System.Net;
using System.Text;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.WebApi.Http;
using Forge.WebApi.Tests.Host;
using Microsoft.AspNetCore.Builder;

namespace Forge.WebApi.Tests.Http;

public sealed class EdgeFixture : IAsyncLifetime
{
    internal TestNode Node { get; private set; } = null!;

    internal Browser Admin { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Node = await TestNode.StartAsync(map: app =>
        {
            app.MapGet("/api/ingest/unexpected", string () => throw new InvalidOperationException("secret path /var/x")).AllowAnonymous();
            app.MapGet("/api/unpoliced", () => "seen");
        });
        Admin = await Node.AdminAsync();
    }

    public ValueTask DisposeAsync() => Node.DisposeAsync();
}

public sealed class EdgeTests(EdgeFixture fixture) : IClassFixture<EdgeFixture>
{
    private const string Acme = """{"name":"Acme","region":"EU","plan":"ENTERPRISE","isEnterpriseCustomer":true,"userCount":10}""";

    [Theory]
    [InlineData("/api/session", 200)]
    [InlineData("/api/organizations", 200)]
    [InlineData("/api/nothing", 404)]
    [InlineData("/api/ingest/unexpected", 500)]
    [InlineData("/healthz/live", 200)]
    [InlineData("/nothing.css", 404)]
    public async Task EveryResponse_CarriesTheSecurityHeaders(string path, int status)
    {
        using var answer = await fixture.Admin.GetAsync(path);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("nosniff", Header(answer, "X-Content-Type-Options"));
        Assert.Equal("no-referrer", Header(answer, "Referrer-Policy"));
        Assert.Equal("same-origin", Header(answer, "Cross-Origin-Opener-Policy"));
        Assert.Equal("same-origin", Header(answer, "Cross-Origin-Resource-Policy"));
        Assert.Contains("camera=()", Header(answer, "Permissions-Policy"), StringComparison.Ordinal);
        Assert.Equal("default-src 'none'; frame-ancestors 'none'", Header(answer, "Content-Security-Policy"));
        Assert.False(answer.Headers.Contains("Server"));
        if (path.StartsWith("/api", StringComparison.Ordinal)) Assert.True(answer.Headers.CacheControl?.NoStore);
    }

    [Theory]
    [InlineData("GET", "/api/nothing", 404, "not_found")]
    [InlineData("DELETE", "/api/organizations", 405, "method_not_allowed")]
    [InlineData("GET", "/api/organizations/acme", 404, "not_found")]
    [InlineData("GET", "/api/contracts/x", 404, "not_found")]
    [InlineData("GET", "/api/organizations?limit=0", 422, "validation_failed")]
    [InlineData("GET", "/api/organizations?limit=201", 422, "validation_failed")]
    [InlineData("GET", "/api/organizations?cursor=zzz", 422, "validation_failed")]
    [InlineData("GET", "/api/organizations?region=MARS", 422, "validation_failed")]
    [InlineData("GET", "/api/organizations?region=1", 422, "validation_failed")]
    [InlineData("GET", "/api/organizations?sort=-secret", 422, "validation_failed")]
    [InlineData("GET", "/api/sla/violations?from=yesterday", 422, "validation_failed")]
    [InlineData("GET", "/api/unpoliced", 403, "forbidden")]
    public async Task Refusals_AreProblemsWithAStableCode(string method, string path, int status, string code)
    {
        using var answer = await fixture.Admin.SendAsync(new HttpMethod(method), path, null);
        var problem = await Browser.ProblemOf(answer);
        Assert.Equal((status, code), (problem.Status, problem.Code));
    }

    [Fact]
    public async Task Unexpected_TellsNothingOfTheInside()
    {
        using var answer = await fixture.Admin.GetAsync("/api/ingest/unexpected");
        var text = await answer.Content.ReadAsStringAsync();
        Assert.Contains("\"code\":\"unexpected\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret path", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClusterGone_Is503WithRetryAfter()
    {
        await using var node = await TestNode.StartAsync();
        var admin = await node.AdminAsync();
        node.Cluster.Down = true;
        using var answer = await admin.GetAsync("/api/organizations/eu-7k3m9q2v4x");
        Assert.Equal("unavailable", (await Browser.ProblemOf(answer)).Code);
        Assert.NotNull(answer.Headers.RetryAfter);
    }

    [Fact]
    public async Task NobodySignedIn_Is401()
    {
        using var answer = await fixture.Node.Open().GetAsync("/api/organizations");
        Assert.Equal("not_authenticated", (await Browser.ProblemOf(answer)).Code);
    }

    [Theory]
    [InlineData("X-Forge-Csrf", "")]
    [InlineData("X-Forge-Csrf", "forged")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    public async Task Command_NotFromOurPage_IsRefused(string header, string value)
    {
        using var answer = await fixture.Admin.SendAsync(HttpMethod.Post, "/api/organizations", Acme, (header, value), ("Idempotency-Key", "k"));
        Assert.Equal((HttpStatusCode.Forbidden, "csrf_failed"), (answer.StatusCode, (await Browser.ProblemOf(answer)).Code));
    }

    [Theory]
    [InlineData("{\"name\":", 400, "malformed")]
    [InlineData("[]", 400, "malformed")]
    [InlineData("null", 400, "malformed")]
    [InlineData("""{"name":"Acme","region":"MARS","plan":"TEAM"}""", 400, "malformed")]
    [InlineData("""{"name":"Acme","region":"EU","plan":"TEAM","admin":true}""", 400, "unknown_field")]
    [InlineData("""{"nome":"Acme","region":"EU","plan":"TEAM"}""", 400, "unknown_field")]
    [InlineData("""{"region":"EU","plan":"TEAM"}""", 422, "validation_failed")]
    [InlineData("""{"name":null,"region":"EU","plan":"TEAM"}""", 422, "validation_failed")]
    [InlineData("""{"name":"","region":"EU","plan":"TEAM"}""", 422, "validation_failed")]
    public async Task Body_ThatCannotBeTaken_SaysWhy(string json, int status, string code)
    {
        using var answer = await fixture.Admin.SendAsync(HttpMethod.Post, "/api/organizations", json, ("Idempotency-Key", "k"));
        var problem = await Browser.ProblemOf(answer);
        Assert.Equal((status, code), (problem.Status, problem.Code));
        if (status == 422) Assert.Equal("required", problem.Errors!["name"]);
    }

    [Fact]
    public async Task Body_MissingNestedRecord_IsNamedByItsPath()
    {
        using var answer = await fixture.Admin.SendAsync(HttpMethod.Post, "/api/contracts",
            """{"organizationId":"eu-7k3m9q2v4x","startDate":"2026-01-01","contractTermMonths":12,"zone":"UTC","slaTerms":{"uptime":{}}}""", ("Idempotency-Key", "k"));
        Assert.Equal("required", (await Browser.ProblemOf(answer)).Errors!["slaTerms.latency"]);
    }

    [Fact]
    public async Task Body_LargerThan256KiB_Is413()
    {
        using var answer = await fixture.Admin.SendAsync(HttpMethod.Post, "/api/organizations", "{\"name\":\"" + new string('a', 256 * 1024) + "\"}", ("Idempotency-Key", "k"));
        Assert.Equal("body_too_large", (await Browser.ProblemOf(answer)).Code);
    }

    [Theory]
    [InlineData("")]
    [InlineData("with blank")]
    [InlineData("01234567890123456789012345678901234567890123456789012345678901234")]
    public async Task Command_WithoutIdempotencyKey_Is400(string key)
    {
        using var answer = await fixture.Admin.SendAsync(HttpMethod.Post, "/api/organizations", Acme, ("Idempotency-Key", key));
        Assert.Equal("idempotency_key_required", (await Browser.ProblemOf(answer)).Code);
    }

    [Fact]
    public async Task Command_OnAnExistingThing_NeedsTheVersionItSaw()
    {
        using var created = await fixture.Admin.SendAsync(HttpMethod.Post, "/api/organizations", Acme, ("Idempotency-Key", "k1"));
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        Assert.Equal("\"1\"", created.Headers.ETag?.Tag);
        var place = created.Headers.Location!.ToString();
        using var blind = await fixture.Admin.SendAsync(HttpMethod.Patch, place, """{"name":"Acme 2"}""", ("Idempotency-Key", "k2"));
        Assert.Equal("version_required", (await Browser.ProblemOf(blind)).Code);
        using var stale = await fixture.Admin.SendAsync(HttpMethod.Patch, place, """{"name":"Acme 2"}""", ("Idempotency-Key", "k3"), ("If-Match", "\"9\""));
        Assert.Equal((HttpStatusCode.Conflict, 1L), (stale.StatusCode, (await Browser.ProblemOf(stale)).Version));
        using var good = await fixture.Admin.SendAsync(HttpMethod.Patch, place, """{"name":"Acme 2"}""", ("Idempotency-Key", "k4"), ("If-Match", "\"1\""));
        Assert.Equal("\"2\"", good.Headers.ETag?.Tag);
    }

    [Fact]
    public async Task Host_ThatIsNotOurs_IsRefused()
    {
        using var answer = await fixture.Admin.SendAsync(HttpMethod.Get, "/api/session", null, ("Host", "rebound.example"));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Csv_StreamsEveryRowAcrossPagesAndDefusesFormulas()
    {
        await using var node = await TestNode.StartAsync();
        var admin = await node.AdminAsync();
        for (var i = 0; i < 450; i++)
        {
            var id = OrganizationId.Mint(Region.EU, Guid.NewGuid().ToByteArray());
            node.Cluster.Organizations[id] = (new(id, i == 7 ? "=1+1, \"x\"" : $"Org {i:000}", $"org-{i}", null, Region.EU, Domain.Organizations.OrganizationPlan.TEAM, false, -5, Domain.Organizations.OrganizationStatus.ACTIVE, DateTimeOffset.UnixEpoch), 1);
        }
        using var answer = await admin.GetAsync("/api/organizations?format=csv&limit=10");
        var lines = (await answer.Content.ReadAsStringAsync()).Split("\r\n");
        Assert.Equal("text/csv", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("id,name,slug,externalId,region,plan,isEnterpriseCustomer,userCount,status,createdAt,health", lines[0]);
        Assert.Equal(452, lines.Length);
        Assert.Contains(lines, l => l.Contains(",\"'=1+1, \"\"x\"\"\",", StringComparison.Ordinal));
        Assert.EndsWith(",-5,ACTIVE,1970-01-01T00:00:00Z,NoSla", lines[1], StringComparison.Ordinal);
        var entries = node.Cluster.Journal.Where(j => j.Subject == "export:organizations.csv").ToList();
        Assert.Equal([JournalActions.FileIntent, JournalActions.FileResult], entries.Select(j => j.Action));
        Assert.Contains("\"entries\":450", entries[1].Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("=x", "'=x")]
    [InlineData("+x", "'+x")]
    [InlineData("-x", "'-x")]
    [InlineData("@x", "'@x")]
    [InlineData("\tx", "'\tx")]
    [InlineData("\rx", "'\rx")]
    [InlineData("x=", "x=")]
    [InlineData("", "")]
    public void CsvGuard_FormulaStarts_GetAnApostrophe(string text, string cell) => Assert.Equal(cell, CsvAnswer.Text(text));

    [Fact]
    public void IndexPage_HashesInlineScriptsOnly()
    {
        const string Html = "<head><script type=\"importmap\">{\r\n}</script><script src=\"a.js\"></script><script type=\"module\" SRC='b.js'></script></head>";
        var expected = "sha256-" + Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes("{\n}")));
        Assert.Equal([expected], IndexPage.HashesOf(Html));
    }

    private static string Header(HttpResponseMessage answer, string name) => Assert.Single(answer.Headers.GetValues(name));
}

public sealed class OpenApiTests
{
    [Fact]
    public async Task Document_NamesEveryEndpointAndIsForAdministrators()
    {
        await using var node = await TestNode.StartAsync();
        var admin = await node.AdminAsync();
        using var answer = await admin.GetAsync("/api/openapi.json");
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.OK, text);
        using var document = System.Text.Json.JsonDocument.Parse(text);
        var described = document.RootElement.GetProperty("paths").EnumerateObject().SelectMany(p => p.Value.EnumerateObject().Select(m => m.Name.ToUpperInvariant() + " " + p.Name)).ToHashSet(StringComparer.Ordinal);
        var mapped = Microsoft.Extensions.DependencyInjection.ServiceProviderServiceExtensions.GetRequiredService<Microsoft.AspNetCore.Routing.EndpointDataSource>(node.Services).Endpoints.OfType<Microsoft.AspNetCore.Routing.RouteEndpoint>()
            .Where(e => e.RoutePattern.RawText!.StartsWith("/api/", StringComparison.Ordinal) && e.RoutePattern.RawText != OpenApiDocument.Path)
            .SelectMany(e => e.Metadata.OfType<Microsoft.AspNetCore.Routing.HttpMethodMetadata>().Last().HttpMethods.Select(m => m + " " + e.RoutePattern.RawText!.TrimEnd('/'))).ToList();
        Assert.True(mapped.Count > 25, $"Only {mapped.Count} endpoints are mapped.");
        Assert.Equal([], mapped.Except(described));
        var create = document.RootElement.GetProperty("paths").GetProperty("/api/organizations").GetProperty("post");
        Assert.Contains("isEnterpriseCustomer", create.GetProperty("requestBody").GetRawText(), StringComparison.Ordinal);

        using var stranger = await node.Open().GetAsync("/api/openapi.json");
        Assert.Equal(HttpStatusCode.Unauthorized, stranger.StatusCode);
        using var auditor = await (await node.DemoAsync(Domain.Audit.Roles.Auditor)).GetAsync("/api/openapi.json");
        Assert.Equal(HttpStatusCode.Forbidden, auditor.StatusCode);
    }
}
