using System.Net;
using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Grains.Interfaces.Audit;
using Forge.WebApi.Identity;
using Forge.WebApi.Tests.Host;
using Microsoft.Extensions.DependencyInjection;

namespace Forge.WebApi.Tests.Audit;

/// <summary>A node with a journal of five entries, and a person of each role that a test asks for.</summary>
public sealed class JournalNode : IAsyncLifetime
{
    internal TestNode Node { get; private set; } = null!;

    internal FakeJournal Journal { get; } = new();

    internal Browser Person { get; private set; } = null!;

    internal string UserId { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        Node = await TestNode.StartAsync(o => o.Limits = new() { ExportsPerMinute = 1_000, ReadsPerMinute = 10_000, CommandsPerMinute = 10_000 });
        Node.Cluster.Brought[typeof(IJournalQueryGrain)] = _ => Journal;
        Person = await Node.AdminAsync();
        UserId = (await Person.ReadSessionAsync()).UserId!;
        Add("platform", 1, "user:other", "session.signed_in", "session:1", """{"address":"203.0.113.7"}""");
        Add("platform", 2, "user:" + UserId, "session.signed_in", "session:2", "{}");
        Add("platform", 3, "user:other", "organization.created", "organization:eu-7k3m9q2v4x", """{"name":"Acme"}""");
        Add("eu-7k3m9q2v4x", 1, "user:other", "contract.signed", "=HYPERLINK(\"http://evil\")", "@SUM(1)");
        Add("eu-7k3m9q2v4x", 2, "address:203.0.113.9", "session.sign_in_failed", "session", """{"address":"203.0.113.9"}""");
    }

    /// <summary>The person holds this role alone from now on.</summary>
    internal void As(string role)
    {
        Node.Cluster.Principals[UserId] = new Principal(UserId, true, [role], 2);
        Node.Services.GetRequiredService<PrincipalCache>().Forget(UserId);
    }

    public ValueTask DisposeAsync() => Node.DisposeAsync();

    private void Add(string chain, long seq, string actor, string action, string subject, string body) => Journal.Entries.Add(
        new JournalEntryView(chain, seq, DateTimeOffset.UnixEpoch.AddMinutes(Journal.Entries.Count), actor, action, subject, body, "c0ffee", new string('a', 64), new string('b', 64), new string('c', 64)));
}

public sealed class AuditEndpointTests(JournalNode journal) : IClassFixture<JournalNode>
{
    private static readonly string[] Reads =
        ["/api/audit/journal", "/api/audit/journal/export", "/api/audit/journal/platform/3", "/api/audit/chains", "/api/audit/chains/platform", "/api/audit/verification", "/api/audit/seals"];

    [Theory]
    [InlineData(Roles.PlatformAdmin, true)]
    [InlineData(Roles.SeniorAdmin, true)]
    [InlineData(Roles.Auditor, true)]
    [InlineData(Roles.CustomerSuccess, false)]
    [InlineData(Roles.Responder, false)]
    public async Task Reading_OfEachRole_IsWhatTheMatrixSays(string role, bool may)
    {
        journal.As(role);
        foreach (var path in Reads)
        {
            using var answer = await journal.Person.GetAsync(path);
            Assert.Equal((path, may ? HttpStatusCode.OK : HttpStatusCode.Forbidden), (path, answer.StatusCode));
            using var nobody = await journal.Node.Open().GetAsync(path);
            Assert.Equal((path, HttpStatusCode.Unauthorized), (path, nobody.StatusCode));
        }
    }

    [Theory]
    [InlineData(Roles.SeniorAdmin, 5)]
    [InlineData(Roles.Auditor, 5)]
    [InlineData(Roles.PlatformAdmin, 3)]
    public async Task Search_OfAPlatformAdmin_LeavesOutHowOthersSignIn(string role, int entries)
    {
        journal.As(role);
        var page = await Browser.ReadAsync(await journal.Person.GetAsync("/api/audit/journal"), ForgeJson.Default.JournalPage);
        Assert.Equal(entries, page.Items.Length);
        var text = await (await journal.Person.GetAsync("/api/audit/journal/export?format=json")).Content.ReadAsStringAsync();
        Assert.Equal(entries, JsonSerializer.Deserialize(text, ForgeJson.Default.JournalEntryViewArray)!.Length);
        Assert.Equal(entries == 5, text.Contains("203.0.113.7", StringComparison.Ordinal));
        using var others = await journal.Person.GetAsync("/api/audit/journal/platform/1");
        Assert.Equal(entries == 5 ? HttpStatusCode.OK : HttpStatusCode.NotFound, others.StatusCode);
        using var own = await journal.Person.GetAsync("/api/audit/journal/platform/2");
        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
    }

    [Fact]
    public async Task Search_PagedByCursor_ShowsEveryEntryOnceAndAsksForWhatTheAddressSays()
    {
        journal.As(Roles.Auditor);
        var seen = new List<JournalEntryView>();
        string? cursor = null;
        do
        {
            var page = await Browser.ReadAsync(await journal.Person.GetAsync("/api/audit/journal?limit=2&cursor=" + cursor), ForgeJson.Default.JournalPage);
            Assert.True(page.Items.Length <= 2);
            seen.AddRange(page.Items);
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        Assert.Equal(journal.Journal.Entries.AsEnumerable().Reverse(), seen);

        using var filtered = await journal.Person.GetAsync("/api/audit/journal?chain=eu-7k3m9q2v4x&actor=user:&action=contract.&subject=contract:1&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00%2B01:00");
        var from = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        Assert.Equal(new JournalFilter("eu-7k3m9q2v4x", "user:", "contract.", "contract:1", from, from.AddDays(31).AddHours(-1)), journal.Journal.Asked[^1]);
    }

    [Theory]
    [InlineData("chain=../../etc", "chain")]
    [InlineData("chain=platform&chain=platform", "chain")]
    [InlineData("from=yesterday", "from")]
    [InlineData("from=2026-01-02T00:00:00Z&to=2026-01-02T00:00:00Z", "to")]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=201", "limit")]
    [InlineData("cursor=bzE", "cursor")]
    [InlineData("cursor=!!", "cursor")]
    public async Task Search_WithAWrongValue_NamesIt(string query, string field)
    {
        journal.As(Roles.Auditor);
        foreach (var path in (string[])["/api/audit/journal?", "/api/audit/journal/export?"])
        {
            using var answer = await journal.Person.GetAsync(path + query);
            var problem = await Browser.ProblemOf(answer);
            Assert.Equal((path, "validation_failed", field), (path, problem.Code, Assert.Single(problem.Errors!).Key));
        }
    }

    [Fact]
    public async Task Export_AsCsv_HoldsEveryEntryWithoutFormulasBetweenIntentAndResult()
    {
        journal.As(Roles.Auditor);
        journal.Node.Cluster.Journal.Clear();
        using var answer = await journal.Person.GetAsync("/api/audit/journal/export?format=csv");
        Assert.Equal("text/csv", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal("journal.csv", answer.Content.Headers.ContentDisposition!.FileName);
        var lines = (await answer.Content.ReadAsStringAsync()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("chain,seq,at,actor,action,subject,body,correlationId,bodyCommit,prevHash,hash", lines[0]);
        Assert.Equal(6, lines.Length);
        Assert.Contains(lines, l => l.Contains(",\"'=HYPERLINK(\"\"http://evil\"\")\",'@SUM(1),", StringComparison.Ordinal));

        await journal.Node.Cluster.JournaledAsync(JournalActions.ExportResult, 1);
        var entries = journal.Node.Cluster.Journal.ToArray();
        Assert.Equal([JournalActions.ExportIntent, JournalActions.ExportResult], entries.Select(e => e.Action));
        Assert.All(entries, e => Assert.Equal("user:" + journal.UserId, e.Actor));
        using var result = JsonDocument.Parse(entries[1].Body);
        Assert.Equal(("ok", 5), (result.RootElement.GetProperty("outcome").GetString(), result.RootElement.GetProperty("entries").GetInt32()));
    }

    [Fact]
    public async Task Export_WithoutItsJournalEntry_LetsNothingOut()
    {
        await using var node = await TestNode.StartAsync(services: s => s.AddSingleton<PlatformJournal>((actor, action, _, _, _) =>
            action == JournalActions.ExportIntent ? throw new TimeoutException("no journal") : Task.CompletedTask));
        node.Cluster.Brought[typeof(IJournalQueryGrain)] = _ => journal.Journal;
        var senior = await node.AdminAsync();
        using var answer = await senior.GetAsync("/api/audit/journal/export");
        Assert.Equal("journal_unavailable", (await Browser.ProblemOf(answer)).Code);
    }

    [Fact]
    public async Task Export_TakesTheRateOfExports()
    {
        await using var node = await TestNode.StartAsync(o => o.Limits = new() { ExportsPerMinute = 1 });
        node.Cluster.Brought[typeof(IJournalQueryGrain)] = _ => journal.Journal;
        var senior = await node.AdminAsync();
        using var first = await senior.GetAsync("/api/audit/journal/export");
        using var second = await senior.GetAsync("/api/audit/journal/export");
        using var other = await senior.GetAsync("/api/audit/journal");
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.TooManyRequests, HttpStatusCode.OK), (first.StatusCode, second.StatusCode, other.StatusCode));
    }

    [Fact]
    public async Task Verification_StartedByAnAuditor_IsJournaledAndShowsItsProgress()
    {
        journal.As(Roles.Auditor);
        journal.Node.Cluster.Journal.Clear();
        using var started = await journal.Person.SendAsync(HttpMethod.Post, "/api/audit/verification", null, ("Idempotency-Key", "now"));
        Assert.Equal(HttpStatusCode.Accepted, started.StatusCode);
        Assert.Equal(("user:" + journal.UserId, JournalActions.VerifyRequested), journal.Node.Cluster.Journal.Select(e => (e.Actor, e.Action)).Single());
        var view = await Browser.ReadAsync(await journal.Person.GetAsync("/api/audit/verification"), ForgeJson.Default.VerificationView);
        Assert.Equal(5, view.Status.Running!.Of);
    }

    [Theory]
    [InlineData(Roles.SeniorAdmin, true)]
    [InlineData(Roles.PlatformAdmin, false)]
    [InlineData(Roles.Auditor, false)]
    public async Task Incident_IsRecordedByASeniorAlone(string role, bool may)
    {
        journal.As(role);
        journal.Journal.Known = JournalStatus.Unknown with { Healthy = false, CompleteAt = DateTimeOffset.UnixEpoch, Findings = [new JournalFinding("platform", 1841, 1902, JournalFault.SealedButMissing)] };
        using var blank = await journal.Person.SendAsync(HttpMethod.Post, "/api/audit/incidents", """{"text":" "}""", ("Idempotency-Key", "blank"));
        Assert.Equal(may ? HttpStatusCode.UnprocessableEntity : HttpStatusCode.Forbidden, blank.StatusCode);
        using var answer = await journal.Person.SendAsync(HttpMethod.Post, "/api/audit/incidents", """{"text":"The backup of 09:00 was restored."}""", ("Idempotency-Key", "why"));
        if (!may)
        {
            Assert.Equal("forbidden", (await Browser.ProblemOf(answer)).Code);
            return;
        }
        var view = await Browser.ReadAsync(answer, ForgeJson.Default.VerificationView);
        Assert.True(view.Status.Healthy);
        Assert.Equal("The journal does not agree with itself: platform 1841..1902 sealed but missing. It is recorded as an incident.", view.Words);
    }

    [Fact]
    public async Task Keys_AreForAnybody_AndSealsArePaged()
    {
        var keys = await Browser.ReadAsync(await journal.Node.Open().GetAsync("/api/audit/keys"), ForgeJson.Default.PublicKeySet);
        Assert.Equal("seal-1", Assert.Single(keys.Keys).Kid);
        journal.As(Roles.Auditor);
        var first = await Browser.ReadAsync(await journal.Person.GetAsync("/api/audit/seals?limit=2"), ForgeJson.Default.PageSealView);
        Assert.Equal("3 2 -> 2", $"{string.Join(' ', first.Items.Select(s => s.Seq))} -> {first.NextCursor}");
        var last = await Browser.ReadAsync(await journal.Person.GetAsync("/api/audit/seals?limit=2&before=2"), ForgeJson.Default.PageSealView);
        Assert.Equal((1, null), (Assert.Single(last.Items).Seq, last.NextCursor));
        using var wrong = await journal.Person.GetAsync("/api/audit/seals?before=x");
        Assert.Equal("before", Assert.Single((await Browser.ProblemOf(wrong)).Errors!).Key);
    }

    [Fact]
    public async Task Entry_ThatIsNotThere_IsNotFound()
    {
        journal.As(Roles.Auditor);
        foreach (var path in (string[])["platform/99", "platform/0x1", "platform/-1", "..%2F/1", "eu-0000000000/1"])
        {
            using var answer = await journal.Person.GetAsync("/api/audit/journal/" + path);
            Assert.Equal((path, HttpStatusCode.NotFound), (path, answer.StatusCode));
        }
        var entry = await Browser.ReadAsync(await journal.Person.GetAsync("/api/audit/journal/platform/3"), ForgeJson.Default.JournalEntryView);
        Assert.Equal((new string('c', 64), "c0ffee"), (entry.Hash, entry.CorrelationId));
    }
}
