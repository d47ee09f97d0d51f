using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Domain.Contracts;
using Forge.Domain.Organizations;
using Forge.Domain.Sla;
using Forge.WebApi.Sla.Ingest;
using Forge.WebApi.Tests.Host;
using Microsoft.Extensions.DependencyInjection;

namespace Forge.WebApi.Tests.Sla;

/// <summary>A web node with two organizations, an administrator and an auditor.</summary>
public sealed class MappingFixture : IAsyncLifetime
{
    internal const string Organization = "eu-7k3m9q2v4x";
    internal const string Other = "eu-0000000002";

    internal TestNode Node { get; private set; } = null!;

    internal Browser Admin { get; private set; } = null!;

    internal Browser Auditor { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Node = await TestNode.StartAsync(services: s => s.AddSingleton<IngestStats>());
        Admin = await Node.AdminAsync();
        Auditor = await Node.DemoAsync(Roles.Auditor);
        foreach (var id in new[] { Organization, Other })
            Node.Cluster.Organizations[id] = (new Organization(id, id, id, null, Region.EU, OrganizationPlan.ENTERPRISE, true, 1, OrganizationStatus.ACTIVE, DateTimeOffset.UnixEpoch), 1);
    }

    public ValueTask DisposeAsync() => Node.DisposeAsync();
}

/// <summary>Signal mappings over HTTP: reading, replacing, trying out, ingest health, and every way each of them is refused.</summary>
public sealed class MappingEndpointTests : IClassFixture<MappingFixture>, IDisposable
{
    private const string Organization = MappingFixture.Organization;
    private const string Default = "/api/sla/mapping/default";
    private const string Try = "/api/sla/mapping/try";
    private const string Health = "/api/sla/ingest-health";
    private const string Exposition = "http_server_request_duration_seconds_count{http_response_status_code=\"503\"} 5\nup 1\n";

    private readonly TestNode _node;
    private readonly Browser _admin;
    private readonly Browser _auditor;

    public MappingEndpointTests(MappingFixture fixture)
    {
        (_node, _admin, _auditor) = (fixture.Node, fixture.Admin, fixture.Auditor);
        _node.Cluster.Mappings.Clear();
    }

    public void Dispose() => _node.Cluster.Down = false;

    private static string OwnOf(string organization) => $"/api/sla/organizations/{organization}/mapping";

    private static JsonObject Body(Action<JsonObject>? change = null)
    {
        var body = JsonNode.Parse("""{"organizationLabel":"tenant","histograms":["rpc.duration"],"bad":{"label":"code","from":13,"to":14},"leftOut":[{"label":"route","value":"/health"}],"counters":{"total":"all","bad":"failed"},"ratioGauge":"good","percentiles":[{"metric":"p99","percentile":99,"unit":"ms"}],"probes":["up"]}""")!.AsObject();
        change?.Invoke(body);
        return body;
    }

    private Task<HttpResponseMessage> PutAsync(string path, string body, string version = "\"0\"", string key = "k", Browser? who = null) =>
        (who ?? _admin).SendAsync(HttpMethod.Put, path, body, ("Idempotency-Key", key), ("If-Match", version));

    /// <summary>Sends a body to be tried out, with the token that the dashboard sends.</summary>
    private async Task<HttpResponseMessage> TryAsync(HttpContent content, string query = "", Browser? who = null, string? token = null)
    {
        var browser = who ?? _admin;
        using var http = new HttpClient(new SocketsHttpHandler { CookieContainer = browser.Cookies }) { BaseAddress = _node.Address };
        using var request = new HttpRequestMessage(HttpMethod.Post, Try + query) { Content = content };
        if ((token ?? browser.Token) is { } sent) request.Headers.Add("X-Forge-Csrf", sent);
        return await http.SendAsync(request);
    }

    private static StringContent Text(string text, string type = "text/plain") => new(text, Encoding.UTF8, type);

    private static async Task<SlaMappingView> ViewOf(HttpResponseMessage answer)
    {
        using (answer)
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            return (await answer.Content.ReadFromJsonAsync(ForgeJson.Default.SlaMappingView))!;
        }
    }

    private static async Task RefusedAsync(HttpResponseMessage answer, int status, string code, string? field = null, string? fieldCode = null)
    {
        using (answer)
        {
            var problem = await Browser.ProblemOf(answer);
            Assert.Equal((status, code), ((int)answer.StatusCode, problem.Code));
            if (field is not null) Assert.Equal(fieldCode, problem.Errors![field]);
        }
    }

    [Fact]
    public async Task Mapping_NobodyChanged_IsTheInitialOneWithVersionZero()
    {
        using var answer = await _admin.GetAsync(Default);
        Assert.Equal("\"0\"", answer.Headers.ETag?.Tag);
        var view = await ViewOf(answer);
        Assert.Equal((false, 0, "organization_id"), (view.Own, view.Version, view.Mapping.OrganizationLabel));
        view = await ViewOf(await _auditor.GetAsync(OwnOf(Organization)));
        Assert.Equal((false, 0), (view.Own, view.Version));
    }

    [Fact]
    public async Task Mapping_Replaced_IsReadBackWholeWithItsVersionByItsOrganizationAlone()
    {
        using var put = await PutAsync(OwnOf(Organization), Body().ToJsonString());
        Assert.Equal((HttpStatusCode.OK, "\"1\""), (put.StatusCode, put.Headers.ETag?.Tag));
        var view = await ViewOf(await _admin.GetAsync(OwnOf(Organization)));
        Assert.Equal((true, 1, "tenant", "rpc.duration", new BadRule("code", 13, 14)), (view.Own, view.Version, view.Mapping.OrganizationLabel, Assert.Single(view.Mapping.Histograms), view.Mapping.Bad));
        Assert.Equal((new LabelFilter("route", "/health"), new CounterPair("all", "failed"), "good"), (Assert.Single(view.Mapping.LeftOut), view.Mapping.Counters, view.Mapping.RatioGauge));
        Assert.Equal((new PercentileGauge("p99", 99, "ms"), "up"), (Assert.Single(view.Mapping.Percentiles), Assert.Single(view.Mapping.Probes)));
        Assert.StartsWith("user:", Assert.Single(_node.Cluster.Mappings.Changes).Actor, StringComparison.Ordinal);
        Assert.False((await ViewOf(await _admin.GetAsync(OwnOf(MappingFixture.Other)))).Own);
    }

    [Fact]
    public async Task Default_Replaced_IsWhatOrganizationsWithoutOneShow()
    {
        using var put = await PutAsync(Default, Body().ToJsonString());
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        var view = await ViewOf(await _admin.GetAsync(OwnOf(Organization)));
        Assert.Equal((false, 0, "tenant"), (view.Own, view.Version, view.Mapping.OrganizationLabel));
        Assert.Equal((true, 1), ((await ViewOf(await _admin.GetAsync(Default))).Own, 1));
    }

    [Fact]
    public async Task Put_OfWhatIsStored_KeepsTheVersion()
    {
        using var first = await PutAsync(Default, Body().ToJsonString());
        using var second = await PutAsync(Default, Body().ToJsonString(), "\"1\"", "k2");
        Assert.Equal((HttpStatusCode.OK, "\"1\""), (second.StatusCode, second.Headers.ETag?.Tag));
        Assert.Single(_node.Cluster.Mappings.Changes);
    }

    [Fact]
    public async Task Put_WithAnOldVersion_IsAConflictThatNamesTheNewest()
    {
        using var first = await PutAsync(Default, Body().ToJsonString());
        using var late = await PutAsync(Default, Body(b => b["ratioGauge"] = null).ToJsonString(), "\"0\"", "k2");
        var problem = await Browser.ProblemOf(late);
        Assert.Equal((HttpStatusCode.Conflict, "version_conflict", (long?)1), (late.StatusCode, problem.Code, problem.Version));
    }

    [Theory]
    [InlineData("blind", 400, "version_required")]
    [InlineData("keyless", 400, "idempotency_key_required")]
    [InlineData("not json", 400, "malformed")]
    [InlineData("unknown member", 400, "unknown_field")]
    [InlineData("nobody", 401, "not_authenticated")]
    [InlineData("auditor", 403, "forbidden")]
    [InlineData("foreign page", 403, "csrf_failed")]
    [InlineData("unknown organization", 404, "not_found")]
    [InlineData("no organization", 404, "not_found")]
    [InlineData("too large", 413, "body_too_large")]
    [InlineData("text", 415, "content_type_unsupported")]
    [InlineData("no counts", 422, "formula_needs_counts")]
    [InlineData("cluster down", 503, "unavailable")]
    public async Task Put_ThatCannotBe_SaysWhy(string what, int status, string code)
    {
        _node.Cluster.Mappings.Formula = UptimeFormula.RequestRatio;
        var path = OwnOf(what switch { "unknown organization" => "eu-0000000009", "no organization" => "nobody", _ => Organization });
        var who = what switch { "nobody" => _node.Open(), "auditor" => _auditor, _ => _admin };
        if (what == "nobody") await who.ReadSessionAsync();
        var body = what switch
        {
            "not json" => "{",
            "unknown member" => Body(b => b["histogram"] = "x").ToJsonString(),
            "too large" => Body(b => b["ratioGauge"] = new string('x', 256 * 1024)).ToJsonString(),
            "no counts" => Body(b => (b["histograms"], b["counters"]) = (new JsonArray(), null)).ToJsonString(),
            _ => Body().ToJsonString(),
        };
        (string, string)[] headers = [("Idempotency-Key", what == "keyless" ? "" : "k"), ("If-Match", what == "blind" ? "" : "\"0\""), .. what == "foreign page" ? [("X-Forge-Csrf", "x")] : Array.Empty<(string, string)>()];
        if (what == "cluster down") _node.Cluster.Down = true;
        if (what == "text")
        {
            using var http = new HttpClient(new SocketsHttpHandler { CookieContainer = who.Cookies }) { BaseAddress = _node.Address };
            using var request = new HttpRequestMessage(HttpMethod.Put, path) { Content = Text(body) };
            foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
            request.Headers.Add("X-Forge-Csrf", who.Token);
            await RefusedAsync(await http.SendAsync(request), status, code);
        }
        else
        {
            await RefusedAsync(await who.SendAsync(HttpMethod.Put, path, body, headers), status, code);
        }
        Assert.Empty(_node.Cluster.Mappings.Changes);
    }

    [Theory]
    [InlineData("organizationLabel", "\"\"", "organizationLabel", "required")]
    [InlineData("organizationLabel", "null", "organizationLabel", "required")]
    [InlineData("organizationLabel", "\"a\\u0007b\"", "organizationLabel", "too_long_or_control")]
    [InlineData("bad", "null", "bad", "required")]
    [InlineData("bad", """{"from":500,"to":599}""", "bad.label", "required")]
    [InlineData("bad", """{"label":"code","from":-1,"to":599}""", "bad.from", "out_of_range")]
    [InlineData("bad", """{"label":"code","from":500,"to":499}""", "bad.to", "out_of_range")]
    [InlineData("bad", """{"label":"code","from":0,"to":1000000}""", "bad.to", "out_of_range")]
    [InlineData("histograms", """["a","a"]""", "histograms[1]", "repeated")]
    [InlineData("histograms", """["a.b","a_b"]""", "histograms[1]", "repeated")]
    [InlineData("histograms", """["1","2","3","4","5","6","7","8","9","10","11","12","13","14","15","16","17","18","19","20","21"]""", "histograms", "too_many")]
    [InlineData("leftOut", """[{"label":"","value":"x"}]""", "leftOut[0].label", "required")]
    [InlineData("leftOut", """[{"label":"a","value":""}]""", "leftOut[0].value", "required")]
    [InlineData("counters", """{"total":"a","bad":"a"}""", "counters.bad", "repeated")]
    [InlineData("ratioGauge", "\"up\"", "probes[0]", "repeated")]
    [InlineData("percentiles", """[{"metric":"x","percentile":90,"unit":"s"}]""", "percentiles[0].percentile", "unknown")]
    [InlineData("percentiles", """[{"metric":"x","percentile":99,"unit":"m"}]""", "percentiles[0].unit", "unknown")]
    [InlineData("probes", """[""]""", "probes[0]", "required")]
    public async Task Put_WithAWrongField_NamesItAndKeepsTheOld(string member, string json, string field, string fieldCode)
    {
        await RefusedAsync(await PutAsync(Default, Body(b => b[member] = JsonNode.Parse(json)).ToJsonString()), 422, "validation_failed", field, fieldCode);
        Assert.Equal(0, (await ViewOf(await _admin.GetAsync(Default))).Version);
    }

    [Fact]
    public async Task Put_ThatReadsNothing_IsRefusedAndANameOf200IsTheLongest()
    {
        var nothing = """{"organizationLabel":"a","histograms":[],"bad":{"label":"code","from":1,"to":2},"leftOut":[]}""";
        await RefusedAsync(await PutAsync(Default, nothing), 422, "validation_failed", "histograms", "required");
        await RefusedAsync(await PutAsync(Default, Body(b => b["ratioGauge"] = new string('x', 201)).ToJsonString()), 422, "validation_failed", "ratioGauge", "too_long_or_control");
        await RefusedAsync(await PutAsync(Default, Body(b => b["leftOut"]![0]!["value"] = new string('x', 201)).ToJsonString()), 422, "validation_failed", "leftOut[0].value", "too_long");
        using var longest = await PutAsync(Default, Body(b => b["ratioGauge"] = new string('x', 200)).ToJsonString());
        Assert.Equal(HttpStatusCode.OK, longest.StatusCode);
    }

    [Theory]
    [InlineData("nobody", 401, "not_authenticated")]
    [InlineData("unknown organization", 404, "not_found")]
    [InlineData("no organization", 404, "not_found")]
    [InlineData("cluster down", 503, "unavailable")]
    public async Task Get_ThatCannotBe_SaysWhy(string what, int status, string code)
    {
        var who = what == "nobody" ? _node.Open() : _admin;
        if (what == "cluster down") _node.Cluster.Down = true;
        await RefusedAsync(await who.GetAsync(OwnOf(what switch { "unknown organization" => "eu-0000000009", "no organization" => "nobody", _ => Organization })), status, code);
    }

    private static async Task<SlaMappingTrial> TrialOf(HttpResponseMessage answer)
    {
        using (answer)
        {
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
            return (await answer.Content.ReadFromJsonAsync(ForgeJson.Default.SlaMappingTrial))!;
        }
    }

    [Fact]
    public async Task Try_ByStoredOrDraft_SaysHowEachSeriesIsReadAndStoresNothing()
    {
        var stored = await TrialOf(await TryAsync(Text(Exposition), "?organization=" + Organization));
        Assert.Equal([("BadRequests", true, Organization), ("not_mapped", false, Organization)], stored.Series.Select(s => (s.Reading, s.Counts, s.OrganizationId ?? "")));
        var draft = Uri.EscapeDataString(Body(b => (b["histograms"], b["probes"]) = (new JsonArray("other"), new JsonArray("up"))).ToJsonString());
        var tried = await TrialOf(await TryAsync(Text(Exposition), $"?organization={Organization}&mapping={draft}"));
        Assert.Equal(["not_mapped", "Probe"], tried.Series.Select(s => s.Reading));
        Assert.Equal((2, 1, 1), (tried.Total, tried.Readings["Probe"], tried.Turned["not_mapped"]));
        Assert.Empty(_node.Cluster.Mappings.Changes);
    }

    [Fact]
    public async Task Try_WithoutAnOrganization_UsesTheDefaultAndNamesWhatHasNone()
    {
        using var put = await PutAsync(Default, Body(b => b["probes"] = new JsonArray("up")).ToJsonString());
        var trial = await TrialOf(await TryAsync(Text(Exposition + "up{tenant=\"eu-7k3m9q2v4x\"} 1\n"), who: _auditor));
        Assert.Equal([("not_mapped", ""), ("no_organization", ""), ("Probe", Organization)], trial.Series.Select(s => (s.Reading, s.OrganizationId ?? "")));
    }

    [Theory]
    [InlineData("draft is no mapping", 400, "malformed")]
    [InlineData("draft without a rule", 400, "malformed")]
    [InlineData("broken text", 400, "malformed")]
    [InlineData("broken json", 400, "malformed")]
    [InlineData("broken snappy", 400, "malformed")]
    [InlineData("nobody", 401, "not_authenticated")]
    [InlineData("foreign page", 403, "csrf_failed")]
    [InlineData("no organization", 404, "not_found")]
    [InlineData("too large", 413, "body_too_large")]
    [InlineData("picture", 415, "content_type_unsupported")]
    [InlineData("brotli", 415, "content_type_unsupported")]
    [InlineData("wrong draft", 422, "validation_failed")]
    [InlineData("cluster down", 503, "unavailable")]
    public async Task Try_ThatCannotBe_SaysWhy(string what, int status, string code)
    {
        var query = what switch
        {
            "draft is no mapping" => "?mapping=%5B%5D",
            "draft without a rule" => "?mapping=" + Uri.EscapeDataString("""{"organizationLabel":"a","histograms":["x"]}"""),
            "wrong draft" => "?mapping=" + Uri.EscapeDataString(Body(b => b["organizationLabel"] = "").ToJsonString()),
            "no organization" => "?organization=nobody",
            _ => "",
        };
        HttpContent content = what switch
        {
            "broken text" => Text("{ 5"),
            "broken json" => Text("{", "application/json"),
            "broken snappy" => new ByteArrayContent([0xff, 0xff]) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-protobuf"), ContentEncoding = { "snappy" } } },
            "too large" => Text(new string('#', new IngestOptions().MaxBodyBytes + 1)),
            "picture" => Text(Exposition, "image/png"),
            _ => Text(Exposition),
        };
        if (what == "brotli") content.Headers.ContentEncoding.Add("br");
        var who = what == "nobody" ? _node.Open() : _admin;
        if (what == "nobody") await who.ReadSessionAsync();
        if (what == "cluster down") _node.Cluster.Down = true;
        await RefusedAsync(await TryAsync(content, query, who, what == "foreign page" ? "x" : null), status, code);
    }

    [Fact]
    public async Task IngestHealth_AfterRequests_CountsByKeyAndReason()
    {
        using var before = await _admin.GetAsync(Health);
        Assert.Empty((await before.Content.ReadFromJsonAsync(ForgeJson.Default.IngestHealth))!.Keys);
        var stats = _node.Services.GetRequiredService<IngestStats>();
        stats.Applied("aaaaaaaaaaaa", new IngestReceipt(20, [new("not_mapped", 7)], [new("future", 2)], []));
        stats.TurnedAway("aaaaaaaaaaaa", "rate_limited");
        using var after = await _auditor.GetAsync(Health);
        var key = Assert.Single((await after.Content.ReadFromJsonAsync(ForgeJson.Default.IngestHealth))!.Keys);
        Assert.Equal(("aaaaaaaaaaaa", 2, 20, 7, 2, 1), (key.KeyId, key.Requests, key.Accepted, key.Ignored["not_mapped"], key.Refused["future"], key.Faults["rate_limited"]));
        await RefusedAsync(await _node.Open().GetAsync(Health), 401, "not_authenticated");
    }
}
