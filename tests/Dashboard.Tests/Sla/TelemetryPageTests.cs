using Bunit;
using Forge.Dashboard.Identity;
using Forge.Dashboard.Sla;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Forge.Dashboard.Tests.Sla;

public sealed class TelemetryPageTests
{
    private const string DefaultPath = "/api/sla/mapping/default";
    private const string OwnPath = "/api/sla/organizations/eu-acme000000/mapping";
    private const string HealthPath = "/api/sla/ingest-health";
    private const string TryPath = "/api/sla/mapping/try";
    private const string Mapping = """{"id":"default","organizationLabel":"organization_id","histograms":["http.server.request.duration"],"bad":{"label":"code","from":500,"to":599},"leftOut":[],"percentiles":[],"probes":[]}""";
    private const string Silence = """{"at":"2026-01-01T00:00:00Z","keys":[]}""";
    private const string Busy = """{"at":"2026-01-01T00:00:00Z","keys":[{"keyId":"aaaaaaaaaaaa","requests":12,"accepted":3456,"ignored":{"not_mapped":7},"refused":{"future":2},"faults":{"rate_limited":1},"lastAt":"2025-12-31T23:59:55Z"},{"keyId":"bbbbbbbbbbbb","requests":1,"accepted":24,"ignored":{},"refused":{},"faults":{},"lastAt":"2025-12-31T23:00:00Z"}]}""";
    private const string Admin = """{"authenticated":true,"userId":"ana","roles":["PlatformAdmin"],"setupRequired":false,"demo":false,"version":"1"}""";

    private static (PageContext Page, IRenderedComponent<TelemetryPage> View) Open(string address = "sla/telemetry", string health = Silence, bool admin = true, string? common = $$"""{"mapping":{{Mapping}},"own":false,"version":0}""")
    {
        var page = new PageContext(A.Tile("Acme"));
        page.Answers.Json[HealthPath] = health;
        if (common is not null) page.Answers.Json[DefaultPath] = common;
        page.Answers.Json[OwnPath] = $$"""{"mapping":{{Mapping}},"own":false,"version":0}""";
        page.Answers.Json["/api/ingest-keys"] = """{"items":[{"id":"aaaaaaaaaaaa","name":"Prometheus eu-1","organizationIds":[],"uses":["telemetry"],"createdAt":"2026-01-01T00:00:00Z","expiresAt":"2027-01-01T00:00:00Z","createdBy":"user:ana"}]}""";
        page.Answers.Json["/api/session"] = admin ? Admin : Admin.Replace("PlatformAdmin", "Auditor", StringComparison.Ordinal);
        page.Services.GetRequiredService<SessionState>().LoadAsync().GetAwaiter().GetResult();
        page.Services.GetRequiredService<NavigationManager>().NavigateTo(address);
        return (page, page.Render<TelemetryPage>());
    }

    private static string Words(AngleSharp.Dom.IElement element) => string.Join(' ', element.TextContent.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static IRenderedComponent<MappingPanel> Editing(IRenderedComponent<TelemetryPage> view)
    {
        var panel = view.FindComponent<MappingPanel>();
        panel.WaitForElement("header button").Click();
        return panel;
    }

    [Fact]
    public void Silence_OfAllKeys_SaysHowToSendTheFirstBatch()
    {
        var (page, view) = Open();
        using var _ = page;
        view.WaitForElement(".empty");
        Assert.Contains("No telemetry has arrived since this server started.", view.Markup, StringComparison.Ordinal);
        Assert.Contains("url: http://localhost/api/ingest/prometheus/write", view.Find("pre").TextContent, StringComparison.Ordinal);
        view.FindAll(".tabs button")[1].Click();
        Assert.Contains("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://localhost/api/ingest/otlp/v1/metrics", view.Find("pre").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Health_OfEachKey_SaysReasonsInWordsAndIsReadAgain()
    {
        var (page, view) = Open(health: Busy);
        using var _ = page;
        view.WaitForAssertion(() => Assert.Equal(
            ["Some refusedPrometheus eu-15 s ago", "5 s ago", "12", "3,456", "7 No meaning in the mapping", "2 More than 2 min ahead", "1 Too fast"], view.Find("tbody tr").Children.Select(Words)));
        Assert.StartsWith("Silent", Words(view.FindAll("tbody tr")[1].Children[0]), StringComparison.Ordinal);
        Assert.Contains("2 keys have sent telemetry since this server started; 1 key had something refused.", view.Markup, StringComparison.Ordinal);
        page.Answers.Json[HealthPath] = Busy.Replace("3456", "4000", StringComparison.Ordinal);
        for (var i = 0; i < 5; i++) page.Clock.Advance(TimeSpan.FromSeconds(1));
        view.WaitForAssertion(() => Assert.Equal("4,000", Words(view.Find("tbody tr").Children[3])));
    }

    [Fact]
    public void Health_ThatCannotBeReadAgain_TurnsStaleAndSaysWhy()
    {
        var (page, view) = Open(health: Busy);
        using var _ = page;
        view.WaitForElement("tbody tr");
        page.Answers.Json.Remove(HealthPath);
        for (var i = 0; i < 16; i++) page.Clock.Advance(TimeSpan.FromSeconds(1));
        view.WaitForAssertion(() => Assert.Contains("old", view.Find("section[aria-label='Ingest health']").ClassList));
        Assert.Contains("stale", view.Find("section[aria-label='Ingest health'] header").TextContent, StringComparison.Ordinal);
        Assert.Contains("http_404", view.Find("section[aria-label='Ingest health'] [role=alert]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Mapping_ThatCannotBeRead_IsAProblemWithoutAForm()
    {
        var (page, view) = Open(common: null);
        using var _ = page;
        Assert.Contains("http_404", view.WaitForElement("section[aria-label='Signal mapping'] [role=alert]").TextContent, StringComparison.Ordinal);
        Assert.Empty(view.FindAll("section[aria-label='Signal mapping'] form"));
    }

    [Fact]
    public void Auditor_ReadsAndTries_ButCannotChange()
    {
        var (page, view) = Open(admin: false);
        using var _ = page;
        view.WaitForElement("dl.facts");
        Assert.Empty(view.FindComponent<MappingPanel>().FindAll("button"));
        Assert.NotEmpty(view.FindAll("#y-text"));
    }

    [Fact]
    public void Change_OfAnOrganizationThatFollowsTheDefault_IsSaidAndSentWithVersionZero()
    {
        var (page, view) = Open("sla/telemetry?organizationId=eu-acme000000");
        using var _ = page;
        var panel = Editing(view);
        Assert.Contains("Acme gets a mapping of its own and no longer follows the default.", panel.Find(".changes").TextContent, StringComparison.Ordinal);
        panel.Find("#m-probes").Input("probe_success");
        Assert.Equal("probe_success is read as a probe: 0 is down.", panel.Find(".changes li").TextContent);
        page.Answers.Json[OwnPath] = Mapping.Replace("\"probes\":[]", "\"probes\":[\"probe_success\"]", StringComparison.Ordinal);
        Assert.Equal("Save for Acme", panel.Find("button[type=submit]").TextContent);
        panel.Find("form").Submit();
        panel.WaitForAssertion(() => Assert.Empty(panel.FindAll("form")));
        var (body, ifMatch) = page.Answers.Sent[^1];
        Assert.Equal("""{"organizationLabel":"organization_id","histograms":["http.server.request.duration"],"bad":{"label":"code","from":500,"to":599},"leftOut":[],"percentiles":[],"probes":["probe_success"]}""", body);
        Assert.Equal("\"0\"", ifMatch);
        Assert.Contains("version 1", panel.Find("header").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Default_Unchanged_CannotBeSaved()
    {
        var (page, view) = Open();
        using var _ = page;
        var panel = Editing(view);
        Assert.True(panel.Find("button[type=submit]").HasAttribute("disabled"));
        panel.Find("#m-label").Input("tenant");
        Assert.False(panel.Find("button[type=submit]").HasAttribute("disabled"));
    }

    [Theory]
    [InlineData("""{"code":"validation_failed","title":"T","detail":"D","type":"x","status":422,"errors":{"histograms[0]":"repeated"}}""", "#m-histograms", "Line 1: This is there twice.")]
    [InlineData("""{"code":"validation_failed","title":"T","detail":"D","type":"x","status":422,"errors":{"organizationLabel":"required"}}""", "#m-label", "This is needed.")]
    [InlineData("""{"code":"formula_needs_counts","title":"T","detail":"D","type":"x","status":422}""", "#m-histograms", "The contract promises a ratio of requests: map a histogram or a pair of counters.")]
    public void Refusal_OfTheServer_StandsAtItsField(string problem, string field, string sentence)
    {
        var (page, view) = Open();
        using var _ = page;
        var panel = Editing(view);
        panel.Find("#m-ratio").Input("share");
        page.Answers.Problems[DefaultPath] = problem;
        panel.Find("form").Submit();
        panel.WaitForElement(".field .wrong");
        Assert.Equal(sentence, panel.Find(field).ParentElement!.QuerySelector(".wrong")!.TextContent);
        Assert.Equal("share", panel.Find("#m-ratio").GetAttribute("value"));
    }

    [Fact]
    public void NumberThatIsNone_IsFoundBeforeSending()
    {
        var (page, view) = Open();
        using var _ = page;
        var panel = Editing(view);
        panel.Find("input[aria-label='First bad value']").Input("many");
        panel.Find("form").Submit();
        panel.WaitForElement(".field .wrong");
        Assert.Empty(page.Answers.Sent);
    }

    [Fact]
    public void Conflict_OffersWhatIsStoredNow()
    {
        var (page, view) = Open();
        using var _ = page;
        var panel = Editing(view);
        panel.Find("#m-label").Input("tenant");
        page.Answers.Problems[DefaultPath] = """{"code":"version_conflict","title":"Conflict","detail":"D","type":"x","status":409,"version":4}""";
        panel.Find("form").Submit();
        var again = panel.WaitForElement(".again button");
        page.Answers.Problems.Remove(DefaultPath);
        page.Answers.Json[DefaultPath] = $$"""{"mapping":{{Mapping}},"own":true,"version":4}""";
        again.Click();
        panel.WaitForAssertion(() => Assert.Contains("version 4", panel.Find("header").TextContent, StringComparison.Ordinal));
        Assert.Empty(panel.FindAll("form"));
    }

    [Fact]
    public void TryOut_UsesWhatIsTypedAndShowsEachSeriesWithCounts()
    {
        var (page, view) = Open("sla/telemetry?organizationId=eu-acme000000");
        using var _ = page;
        page.Answers.Json[TryPath] = """{"series":[{"series":"up{}","organizationId":"eu-acme000000","reading":"Probe","counts":true},{"series":"x_bucket{le=\"0.1\"}","reading":"LatencyBucket","counts":true,"boundMs":100},{"series":"go_gc{}","reading":"not_mapped","counts":false}],"total":300,"readings":{"Probe":1,"LatencyBucket":1,"not_mapped":298},"turned":{"not_mapped":298}}""";
        Editing(view).Find("#m-probes").Input("up");
        var trial = view.FindComponent<MappingTrialPanel>();
        Assert.True(trial.Find("button[type=submit]").HasAttribute("disabled"));
        trial.Find("#y-text").Input("up 1");
        trial.Find("form").Submit();
        trial.WaitForElement("tbody tr");
        Assert.Equal(["YesProbe, 0 is downup{}Acme", "YesLatency bucket, up to 100 msx_bucket{le=\"0.1\"}—", "NoNo meaning in the mappinggo_gc{}—"], trial.FindAll("tbody tr").Select(r => string.Concat(r.Children.Select(Words))));
        Assert.Contains("2 of 300 series count.", trial.Find(".outcome").TextContent, StringComparison.Ordinal);
        Assert.Equal(["No meaning in the mapping 298", "Latency bucket 1", "Probe, 0 is down 1"], trial.FindAll(".chips li").Select(Words));
        Assert.Equal("up 1\n", page.Answers.Sent[^1].Body);
        Assert.Contains("The first 3 of 300 series", trial.Markup, StringComparison.Ordinal);
        Assert.StartsWith(TryPath + "?organization=eu-acme000000&mapping=%7B%22organizationLabel%22", page.Answers.Asked[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void TryOut_Refused_SaysWhyAndKeepsTheText()
    {
        var (page, view) = Open();
        using var _ = page;
        page.Answers.Problems[TryPath] = """{"code":"malformed","title":"The request cannot be read","detail":"Line 1 is no sample of the Prometheus text format.","type":"x","status":400}""";
        var trial = view.FindComponent<MappingTrialPanel>();
        trial.Find("#y-text").Input("{ 5");
        trial.Find("form").Submit();
        Assert.Contains("Line 1 is no sample", trial.WaitForElement("[role=alert]").TextContent, StringComparison.Ordinal);
        Assert.Equal(TryPath, page.Answers.Asked[^1]);
    }

    [Fact]
    public void TryOut_OfAnUploadedBody_SendsItsBytes()
    {
        var (page, view) = Open();
        using var _ = page;
        page.Answers.Json[TryPath] = """{"series":[],"total":0,"readings":{},"turned":{}}""";
        var trial = view.FindComponent<MappingTrialPanel>();
        trial.FindComponent<Microsoft.AspNetCore.Components.Forms.InputFile>().UploadFiles(InputFileContent.CreateFromText("""{"resourceMetrics":[]}""", "body.json"));
        trial.WaitForAssertion(() => Assert.Contains("body.json, 22 bytes", trial.Markup, StringComparison.Ordinal));
        trial.Find("form").Submit();
        trial.WaitForAssertion(() => Assert.Contains("There is no series in it.", trial.Markup, StringComparison.Ordinal));
        Assert.Equal("""{"resourceMetrics":[]}""", page.Answers.Sent[^1].Body);
    }

    [Fact]
    public void Choice_OfACustomer_IsWrittenToTheAddress()
    {
        var (page, view) = Open();
        using var _ = page;
        view.Find("#t-org").Change("eu-acme000000");
        Assert.EndsWith("sla/telemetry?organizationId=eu-acme000000", page.Services.GetRequiredService<NavigationManager>().Uri, StringComparison.Ordinal);
        view.WaitForAssertion(() => Assert.Contains(OwnPath, page.Answers.Asked));
    }
}
