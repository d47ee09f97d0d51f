using System.Net;
using System.Text.Json;
using Forge.Domain.Audit;
using Forge.WebApi.Http;
using Forge.WebApi.Identity;
using Forge.WebApi.Tests.Host;
using Microsoft.Extensions.DependencyInjection;

namespace Forge.WebApi.Tests.Http;

/// <summary>A node whose limits are out of the way, and people of three kinds: a senior, an auditor, nobody.</summary>
public sealed class WideNode : IAsyncLifetime
{
    internal TestNode Node { get; private set; } = null!;

    internal Browser Senior { get; private set; } = null!;

    internal Browser Auditor { get; private set; } = null!;

    internal string OrganizationId { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        Node = await TestNode.StartAsync(o => o.Limits = new EdgeLimits { CommandsPerMinute = 100_000, ReadsPerMinute = 100_000, SetupPerMinute = 100_000, ExportsPerMinute = 100_000 });
        Senior = await Node.AdminAsync();
        Auditor = await Node.DemoAsync(Roles.Auditor);
        using var made = await Senior.SendAsync(HttpMethod.Post, "/api/organizations", """{"name":"Acme","region":"EU","plan":"ENTERPRISE","isEnterpriseCustomer":true,"userCount":10}""", ("Idempotency-Key", "own"));
        OrganizationId = made.Headers.Location!.ToString().Split('/')[^1];
    }

    public ValueTask DisposeAsync() => Node.DisposeAsync();
}

/// <summary>What holds for each line of the policy matrix, walked one by one. Source: security.md 8.</summary>
public sealed class EveryEndpointTests(WideNode wide) : IClassFixture<WideNode>
{
    private static readonly PolicyRow[] Rows = [.. PolicyMatrix.Load().Rows.Where(r => r.Method != PolicyMatrix.Hub && !r.Route.Contains('*', StringComparison.Ordinal) && r.Csrf != "bearer")];

    private static PolicyRow[] Unsafe => [.. Rows.Where(r => r.Csrf == "cookie" && r.Route != "/api/auth/sign-out")];

    // The try-out of mappings reads telemetry bodies of every format by their own rules.
    private static PolicyRow[] WithBody => [.. Unsafe.Where(r => r.BodyLimit != "0" && r.Route != "/api/sla/mapping/try")];

    [Fact]
    public async Task Headers_OfEveryEndpoint_AreThere()
    {
        var walked = 0;
        foreach (var row in Rows.Where(r => r.Route != "/api/auth/sign-out"))
        {
            using var answer = await SendAsync(wide.Senior, row, row.BodyLimit == "0" ? null : "{}");
            string Header(string name) => answer.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : answer.Content.Headers.TryGetValues(name, out values) ? string.Join(", ", values) : "";
            Assert.Equal(
                (row.Name, "nosniff", "no-referrer", "same-origin", "same-origin", "default-src 'none'; frame-ancestors 'none'", "", "", ""),
                (row.Name, Header("X-Content-Type-Options"), Header("Referrer-Policy"), Header("Cross-Origin-Opener-Policy"), Header("Cross-Origin-Resource-Policy"), Header("Content-Security-Policy"), Header("Server"), Header("X-Powered-By"), Header("Access-Control-Allow-Origin")));
            Assert.Contains("geolocation=()", Header("Permissions-Policy"), StringComparison.Ordinal);
            if (row.Route.StartsWith("/api", StringComparison.Ordinal)) Assert.True(answer.Headers.CacheControl?.NoStore, row.Name);
            // A body says what it is, and never that it is a page; text says in which characters.
            if (answer.Content.Headers.ContentLength != 0 && await answer.Content.ReadAsStringAsync() is { Length: > 0 })
            {
                var type = answer.Content.Headers.ContentType;
                Assert.True(type?.MediaType is "application/json" or "application/problem+json" or "text/csv" or "text/plain" or "application/openmetrics-text", $"{row.Name}: {type}");
                if (type!.MediaType!.StartsWith("text/", StringComparison.Ordinal)) Assert.Equal((row.Name, "utf-8"), (row.Name, type.CharSet?.ToLowerInvariant()));
            }
            walked++;
        }
        Assert.True(walked > 60, $"Only {walked} endpoints were walked.");
    }

    [Fact]
    public async Task Unsafe_EveryRowWithoutTokenOrFromAForeignOrigin_IsRefused()
    {
        Assert.True(Unsafe.Length > 30, $"Only {Unsafe.Length} rows.");
        foreach (var row in Unsafe)
            foreach (var (name, value) in new[] { ("X-Forge-Csrf", ""), ("X-Forge-Csrf", "forged"), ("Origin", "https://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"), ("Sec-Fetch-Site", "none") })
            {
                using var answer = await SendAsync(wide.Senior, row, row.BodyLimit == "0" ? null : "{}", (name, value));
                Assert.Equal((row.Name, name, value, HttpStatusCode.Forbidden, "csrf_failed"), (row.Name, name, value, answer.StatusCode, await CodeOf(answer)));
            }
    }

    [Fact]
    public async Task Token_OfAnotherPersonOrAnotherSession_IsRefused()
    {
        foreach (var row in Unsafe.Take(5))
        {
            using var answer = await SendAsync(wide.Senior, row, row.BodyLimit == "0" ? null : "{}", ("X-Forge-Csrf", wide.Auditor.Token!));
            Assert.Equal((row.Name, "csrf_failed"), (row.Name, await CodeOf(answer)));
        }
    }

    [Fact]
    public async Task OverPosting_EveryCommand_RefusesAMemberItDoesNotKnow()
    {
        Assert.True(WithBody.Length > 20, $"Only {WithBody.Length} rows.");
        foreach (var row in WithBody)
        {
            using var answer = await SendAsync(wide.Senior, row, """{"id":"x","roles":["SeniorAdmin"],"isAdmin":true,"createdBy":"user:x","version":99,"status":"Active"}""");
            Assert.Equal((row.Name, HttpStatusCode.BadRequest, "unknown_field"), (row.Name, answer.StatusCode, await CodeOf(answer)));
        }
    }

    [Fact]
    public async Task Body_WithAMemberTwice_IsRefusedByEveryCommand()
    {
        foreach (var row in WithBody)
        {
            using var answer = await SendAsync(wide.Senior, row, """{"token":"a","token":"b","name":"a","name":"b","email":"a","email":"b","reason":"a","reason":"b"}""");
            Assert.Equal((row.Name, HttpStatusCode.BadRequest), (row.Name, answer.StatusCode));
            Assert.Contains(await CodeOf(answer), (string[])["malformed", "unknown_field"]);
        }
        using var twice = await wide.Senior.SendAsync(HttpMethod.Post, "/api/organizations", """{"name":"Acme","name":"Zeta","region":"EU","plan":"TEAM"}""", ("Idempotency-Key", "twice"));
        Assert.Equal("malformed", await CodeOf(twice));
    }

    [Theory]
    [InlineData("/api/organizations?limit=1&limit=2")]
    [InlineData("/api/organizations?cursor=bzE&cursor=bzI")]
    [InlineData("/api/organizations?sort=name&sort=-name")]
    [InlineData("/api/organizations?format=csv&format=csv")]
    [InlineData("/api/organizations?enterprise=true&enterprise=false")]
    [InlineData("/api/sla/violations?from=2026-01-01T00:00:00Z&from=2026-02-01T00:00:00Z")]
    public async Task Parameter_GivenTwice_IsRefused(string path)
    {
        using var answer = await wide.Senior.GetAsync(path);
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "validation_failed"), (answer.StatusCode, await CodeOf(answer)));
    }

    [Fact]
    public async Task Files_OfAnyKind_AreTakenNowhere()
    {
        foreach (var row in WithBody)
            foreach (var type in (string[])["image/svg+xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "text/html", "application/octet-stream", "application/zip", "application/xml", "text/plain"])
            {
                using var answer = await SendAsync(wide.Senior, row, "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>", ("Content-Type", type));
                Assert.Equal((row.Name, type, HttpStatusCode.UnsupportedMediaType), (row.Name, type, answer.StatusCode));
            }
        foreach (var type in (string[])["image/svg+xml", "multipart/form-data; boundary=x", "text/html", "application/zip", "application/xml"])
        {
            using var answer = await wide.Senior.SendAsync(HttpMethod.Post, "/api/sla/mapping/try", "<svg/>", ("Content-Type", type));
            Assert.Equal((type, HttpStatusCode.UnsupportedMediaType), (type, answer.StatusCode));
        }
    }

    [Fact]
    public async Task Method_ThatARowDoesNotName_IsRefused()
    {
        foreach (var route in Rows.Where(r => r.Route.StartsWith("/api/", StringComparison.Ordinal)).GroupBy(r => r.Route))
            foreach (var method in ((string[])["GET", "POST", "PUT", "PATCH", "DELETE"]).Where(m => !Rows.Any(r => r.Method == m && Covers(r.Route, route.Key))))
            {
                using var answer = await wide.Senior.SendAsync(new HttpMethod(method), Path(route.Key), method == "GET" ? null : "{}");
                Assert.True(answer.StatusCode is HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotFound, $"{method} {route.Key}: {(int)answer.StatusCode}");
            }
    }

    [Fact]
    public async Task Refusals_OfUnsafeCalls_AreJournaledOnceWithTheirCount()
    {
        var journal = wide.Node.Services.GetRequiredService<RefusalJournal>();
        journal.Flush();
        await Task.Yield();
        var before = Entries().Count;
        for (var i = 0; i < 3; i++) await SendAsync(wide.Auditor, Rows.Single(r => r.Name == "POST /api/organizations"), "{}");
        using (await wide.Senior.SendAsync(HttpMethod.Post, "/api/organizations", "{}", ("Origin", "https://evil.example")))
        using (await wide.Auditor.GetAsync("/api/openapi.json"))
            journal.Flush();
        var wanted = new[] { ("forbidden", 3), ("csrf_failed", 1) };
        await wide.Node.Cluster.JournaledAsync(RefusalJournal.Action, before + wanted.Length);
        var entries = Entries().Skip(before).Select(j => (j.Actor, Body: JsonDocument.Parse(j.Body).RootElement)).ToList();
        Assert.Equal(wanted.Order(), entries.Select(e => (e.Body.GetProperty("code").GetString()!, e.Body.GetProperty("count").GetInt32())).Order());
        Assert.All(entries, e => Assert.StartsWith("user:", e.Actor, StringComparison.Ordinal));
        Assert.All(entries, e => Assert.Equal("api/organizations", e.Body.GetProperty("route").GetString()!.Trim('/')));

        List<(string Actor, string Action, string Subject, string Body)> Entries() => [.. wide.Node.Cluster.Journal.Where(j => j.Action == RefusalJournal.Action)];
    }

    private Task<HttpResponseMessage> SendAsync(Browser browser, PolicyRow row, string? body, params (string Name, string Value)[] headers) =>
        browser.SendAsync(new HttpMethod(row.Method), Path(row.Route), body, [("Idempotency-Key", Guid.NewGuid().ToString("N")), ("If-Match", "\"1\""), .. headers]);

    private string Path(string route) => route.Replace("{id}", wide.OrganizationId, StringComparison.Ordinal).Replace("{session}", "0", StringComparison.Ordinal);

    // True when the addresses of one pattern hold those of another: /a/{id} holds /a/b.
    private static bool Covers(string pattern, string route)
    {
        var (wide, narrow) = (pattern.Split('/'), route.Split('/'));
        return wide.Length == narrow.Length && !wide.Where((part, i) => !part.StartsWith('{') && part != narrow[i]).Any();
    }

    private static async Task<string> CodeOf(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        return text.StartsWith('{') && JsonDocument.Parse(text).RootElement.TryGetProperty("code", out var code) ? code.GetString()! : $"{(int)answer.StatusCode} {text}";
    }
}
