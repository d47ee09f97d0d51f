using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Forge.Domain.Contracts;
using Forge.EndToEnd.Tests.Harness;

namespace Forge.EndToEnd.Tests.Audit;

/// <summary>
/// Sends the attack list to every endpoint that <c>/api/openapi.json</c> names, without and with a session, to the running product on its own database: nothing fails inside, nothing of the inside is told,
/// and nobody sees data without signing in.
/// </summary>
public sealed class ProbeTests(PublishedProduct published)
{
    // What an answer would hold if it told of the inside.
    private static readonly string[] Inside =
        ["   at ", "Exception", "stack trace", "StackTrace", ".cs:line", "SQLite", "sqlite", "Npgsql", "SELECT ", "INSERT INTO", "syntax error", "Orleans.", "Forge.Grains", "Forge.Storage", "Forge.WebApi", "System.Private", "Microsoft.", "/src/", "/usr/", "root:x:", "[fonts]"];

    // Ways in, and what a page must know before it.
    private static readonly string[] Open = ["/api/session", "/api/setup", "/api/auth/", "/api/invitations/", "/api/displays/pairings", "/api/displays/self", "/api/audit/keys", "/api/ingest/"];

    private static readonly string[] Filters =
        ["limit", "cursor", "sort", "format", "search", "region", "plan", "enterprise", "status", "state", "from", "to", "organizationId", "organization", "metricType", "impact", "health", "severity", "step", "window", "mapping", "action", "actor", "subject", "chain", "at"];

    // The limits have tests of their own; here they would stand before what is probed.
    private static readonly string[] WideLimits =
        [.. ((string[])["SetupPerMinute", "SetupTriesPerMinute", "SignInPerAccountPerMinute", "SignInPerAddressPerMinute", "StepUpsPerMinute", "ExportsPerMinute", "ExportsAtOnce"]).Select(l => $"--Forge:Http:Limits:{l}=1000000"), "--Forge:Ingest:RequestsPerSecond=1000000"];

    private static readonly SemaphoreSlim Wide = new(16);

    [Fact]
    public async Task EveryEndpoint_UnderTheAttackList_NeverFailsInsideAndTellsNothing()
    {
        await using var product = await ProductProcess.StartPublishedAsync(published, demo: false, settings: WideLimits);
        var (session, email, _) = await product.SetUpAsync();
        using var ended = session;
        var organization = await session.CreateMonitoredOrganizationAsync("Probe <b>Ltd</b>", SlaTerms.Default, DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime));
        using var stranger = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = product.Url };
        using var document = JsonDocument.Parse(await session.Http.GetStringAsync(new Uri("/api/openapi.json", UriKind.Relative)));
        var operations = Operation.Of(document.RootElement);
        Assert.True(operations.Length > 25, $"Only {operations.Length} operations are described.");

        using var sender = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = product.Url };
        sender.DefaultRequestHeaders.Authorization = new("Bearer", await product.CreateKeyAsync(organization.Id));

        var report = new Report([product.Data, organization.Id, organization.Name, email]);
        foreach (var operation in operations) await StrangerAsync(operation, organization.Id, stranger, report);
        // Signing out would end the walk; what a stranger may send to it was sent above.
        foreach (var operation in operations.Where(o => o.Path != "/api/auth/sign-out"))
            await Task.WhenAll(AttacksOn(operation, organization.Id, document.RootElement).Select(a => SendAsync(operation.Path.StartsWith("/api/ingest/", StringComparison.Ordinal) ? sender : session.Http, a, report)));
        foreach (var raw in Raw) await RawAsync(product.Url, raw, report);

        using var after = await session.Http.GetAsync(new Uri("/healthz/ready", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, after.StatusCode);
        using var still = await session.Http.GetAsync(new Uri("/api/organizations/" + organization.Id, UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, still.StatusCode);   // the session lives and nothing was dropped
        var calm = report.Answers(429);
        TestContext.Current.TestOutputHelper?.WriteLine($"{operations.Length} operations, {report.Sent} requests; answers {report.Statuses}");
        Assert.True(report.Sent > 30_000, $"Only {report.Sent} requests were sent.");
        Assert.True(calm < report.Sent / 100, $"{calm} requests met a limit instead of the endpoint.");
        Assert.True(report.Faults.Count == 0, string.Join('\n', report.Faults.Distinct().Take(60)));
        Assert.DoesNotContain("Unhandled exception", product.Process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Report_OfAnswersThatFailOrTell_NamesEach()
    {
        var report = new Report(["Probe Ltd"]);
        foreach (var (status, text, sent, knows) in new[]
        {
            (500, "{}", "", true), (400, "System.NullReferenceException: x\n   at Forge.WebApi.X()", "", true), (422, "near \"DROP\": syntax error", "'; DROP", true), (200, "{\"name\":\"probe ltd\"}", "", false),
            (200, "{\"name\":\"probe ltd\"}", "", true), (403, "{\"subject\":\"user:SELECT 1\"}", "SELECT 1", true), (401, "{}", "", false),
        })
        {
            using var answer = new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(text, Encoding.UTF8, "application/json") };
            answer.Headers.Add("X-Content-Type-Options", "nosniff");
            await report.JudgeAsync(answer, status.ToString(CultureInfo.InvariantCulture), knows, sent);
        }
        using var page = new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("<html/>", Encoding.UTF8, "text/html") };
        page.Headers.Add("X-Injected", "yes");
        await report.JudgeAsync(page, "page", mayKnow: true);
        Assert.Equal(["500", "400", "422", "200", "page", "page", "page"], report.Faults.Select(f => f.Split(':')[0]));
    }

    /// <summary>Nobody who is not signed in gets anything but a refusal, whatever they claim to be.</summary>
    private static async Task StrangerAsync(Operation operation, string organizationId, HttpClient stranger, Report report)
    {
        var open = Array.Exists(Open, o => operation.Path.StartsWith(o, StringComparison.Ordinal));
        foreach (var header in (string[])["", "Cookie: forge-local=CfDJ8forged; __Host-forge=forged", "Authorization: Bearer fik_000000000000_forged", "Authorization: Basic YWRtaW46YWRtaW4=", "X-Forwarded-For: 127.0.0.1", "X-Original-URL: /api/organizations", "X-Http-Method-Override: GET", "X-Forge-Actor: system:silo"])
        {
            using var request = operation.Request(operation.Path.Replace("{id}", organizationId, StringComparison.Ordinal), operation.TakesBody ? "{}" : null);
            if (header.Split(": ") is [var name, var value]) request.Headers.TryAddWithoutValidation(name, value);
            using var answer = await stranger.SendAsync(request);
            await report.JudgeAsync(answer, $"{operation} by nobody ({header})", mayKnow: false);
            if (!open && answer.StatusCode is not (HttpStatusCode.Unauthorized or HttpStatusCode.TooManyRequests)) report.Add($"{operation} answers {(int)answer.StatusCode} to nobody ({header})");
        }
    }

    private static IEnumerable<(string Name, HttpRequestMessage Request)> AttacksOn(Operation operation, string organizationId, JsonElement document)
    {
        var known = operation.Path.Replace("{id}", organizationId, StringComparison.Ordinal);
        var example = operation.Body is { } schema ? Attacks.Example(schema, document) : null;
        var body = example?.ToJsonString();
        if (operation.Path.Contains('{', StringComparison.Ordinal))
            foreach (var segment in Attacks.Segments)
                yield return ($"{operation} at {segment[..Math.Min(40, segment.Length)]}", operation.Request(Operation.Parameter().Replace(operation.Path, segment), body));
        if (operation.Method == HttpMethod.Get)
        {
            foreach (var filter in Filters.Concat(operation.Query).Distinct())
            {
                foreach (var text in Attacks.Texts)
                    yield return ($"{operation} {filter}={text[..Math.Min(40, text.Length)]}", operation.Request($"{known}?{filter}={Uri.EscapeDataString(text)}", null));
                yield return ($"{operation} {filter} twice", operation.Request($"{known}?{filter}=1&{filter}=2&{filter}[]=3&{filter.ToUpperInvariant()}=4", null));
            }
            yield return ($"{operation} with a body", operation.Request(known, "{}"));
            yield break;
        }
        foreach (var text in Attacks.Bodies) yield return ($"{operation} body {text[..Math.Min(40, text.Length)]}", operation.Request(known, text));
        foreach (var type in (string[])["text/plain", "application/xml", "image/svg+xml", "multipart/form-data; boundary=x", "application/json; charset=utf-16", "application/x-www-form-urlencoded", "", "application/json; charset=\"", "application/problem+json", "application/vnd.api+json"])
            yield return ($"{operation} type {type}", operation.Request(known, body ?? "{}", type));
        foreach (var value in Attacks.Texts.Where(t => t.All(c => c is >= ' ' and < (char)127)))
        {
            yield return ($"{operation} key {value[..Math.Min(40, value.Length)]}", operation.Request(known, body, headers: ("Idempotency-Key", value)));
            yield return ($"{operation} version {value[..Math.Min(40, value.Length)]}", operation.Request(known, body, headers: ("If-Match", value)));
            yield return ($"{operation} step-up {value[..Math.Min(40, value.Length)]}", operation.Request(known, body, headers: ("X-Forge-Step-Up", value)));
            yield return ($"{operation} reason {value[..Math.Min(40, value.Length)]}", operation.Request(known, body, headers: ("Forge-Reason", value)));
        }
        foreach (var value in Attacks.Texts)
            yield return ($"{operation} encoded reason {value[..Math.Min(40, value.Length)]}", operation.Request(known, body, headers: ("Forge-Reason", Uri.EscapeDataString(value)[..Math.Min(Uri.EscapeDataString(value).Length, 6_000)])));
        foreach (var name in (string[])["X-Forwarded-Host", "X-Forwarded-For", "X-Forwarded-Proto", "X-Original-URL", "X-Http-Method-Override", "X-Forge-Actor", "Range", "Accept", "Accept-Encoding", "Origin", "Referer", "User-Agent", "traceparent", "X-Forge-Csrf"])
            foreach (var value in (string[])["null", "' OR '1'='1", "../../etc/passwd", "99999999999999999999", "a,b;q=9,*/*;q=x", "bytes=0-99999999999999999999,5-1", new string('%', 500)])
                yield return ($"{operation} header {name}: {value[..Math.Min(40, value.Length)]}", operation.Request(known, body, headers: (name, value)));
        if (example is null) yield break;
        foreach (var mutation in Attacks.Mutations(example)) yield return ($"{operation} body {mutation[..Math.Min(300, mutation.Length)]}", operation.Request(known, mutation));
    }

    private static async Task SendAsync(HttpClient http, (string Name, HttpRequestMessage Request) attack, Report report)
    {
        await Wide.WaitAsync();
        try
        {
            using var request = attack.Request;
            using var answer = await http.SendAsync(request);
            var sent = Uri.UnescapeDataString(request.RequestUri!.OriginalString) + (request.Content is null ? "" : await request.Content.ReadAsStringAsync());
            await report.JudgeAsync(answer, attack.Name, mayKnow: true, sent);
        }
        catch (HttpRequestException failure)
        {
            report.Add($"{attack.Name}: {failure.Message}");
        }
        finally
        {
            Wide.Release();
        }
    }

    // What no client library would write.
    private static readonly string[] Raw =
    [
        "GET /../../../../etc/passwd HTTP/1.1\r\nHost: {host}\r\n\r\n", "GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: {host}\r\n\r\n", "GET /api/../../data/forge.db HTTP/1.1\r\nHost: {host}\r\n\r\n",
        "GET /.git/config HTTP/1.1\r\nHost: {host}\r\n\r\n", "GET /appsettings.json HTTP/1.1\r\nHost: {host}\r\n\r\n", "GET /keys/ HTTP/1.1\r\nHost: {host}\r\n\r\n", "GET /forge.db HTTP/1.1\r\nHost: {host}\r\n\r\n",
        "GET http://127.0.0.1/api/organizations HTTP/1.1\r\nHost: {host}\r\n\r\n", "GET /api/organizations HTTP/1.1\r\nHost: evil.example\r\n\r\n", "GET /api/organizations HTTP/1.1\r\n\r\n",
        "POST /api/auth/password HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/organizations HTTP/1.1\r\nHost: {host}\r\n\r\n",
        "POST /api/auth/password HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}", "GET /api/session HTTP/1.1\r\nHost: {host}\r\nX: a\rInjected: b\r\n\r\n", "GET /api/session\0 HTTP/1.1\r\nHost: {host}\r\n\r\n",
        "TRACE /api/session HTTP/1.1\r\nHost: {host}\r\nCookie: a=b\r\n\r\n", "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: {host}\r\n\r\n", "FOO /api/session HTTP/1.1\r\nHost: {host}\r\n\r\n", "GET /api/session HTTP/9.9\r\nHost: {host}\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];

    private static async Task RawAsync(Uri url, string text, Report report)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(url.Host, url.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(text.Replace("{host}", url.Authority, StringComparison.Ordinal)));
        client.Client.Shutdown(SocketShutdown.Send);
        using var over = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var answer = new MemoryStream();
        try
        {
            await stream.CopyToAsync(answer, over.Token);
        }
        catch (IOException)
        {
            // Cut off: also an answer.
        }
        var said = Encoding.Latin1.GetString(answer.ToArray());
        // 505 is the server's own word for a protocol it does not speak; any other 5 is a failure inside.
        var failed = said.StartsWith("HTTP/1.1 5", StringComparison.Ordinal) && !said.StartsWith("HTTP/1.1 505 ", StringComparison.Ordinal);
        report.Judge(said, $"raw {text[..Math.Min(60, text.Length)]}", failed ? 500 : 400, mayKnow: false);
        if (text.StartsWith("TRACE", StringComparison.Ordinal) && said.Contains("a=b", StringComparison.Ordinal)) report.Add("TRACE repeats the cookie");
    }

    /// <summary>Collects what was wrong with answers.</summary>
    private sealed class Report(string[] data)
    {
        private readonly Lock _gate = new();
        private readonly SortedDictionary<int, int> _statuses = [];
        private readonly List<string> _faults = [];

        public int Sent => _statuses.Values.Sum();

        public IReadOnlyList<string> Faults => _faults;

        public string Statuses => string.Join(", ", _statuses.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Key}: {s.Value}")));

        public void Add(string fault)
        {
            lock (_gate) _faults.Add(fault);
        }

        public int Answers(int status) => _statuses.GetValueOrDefault(status);

        /// <param name="answer">The answer.</param>
        /// <param name="name">What was sent, in words.</param>
        /// <param name="mayKnow">True for who is signed in.</param>
        /// <param name="sent">What was sent: a refusal that names it tells nothing of the inside.</param>
        public async Task JudgeAsync(HttpResponseMessage answer, string name, bool mayKnow, string sent = "")
        {
            var text = await answer.Content.ReadAsStringAsync();
            // A NUL in the address: the server itself refuses it before anything of the product runs, without a word.
            if (answer.StatusCode == HttpStatusCode.BadRequest && text.Length == 0 && sent.Contains('\0', StringComparison.Ordinal)) return;
            if (answer.Headers.Contains("X-Injected")) Add($"{name}: a header was injected");
            if (answer.Content.Headers.ContentType?.MediaType == "text/html") Add($"{name}: answers a page");
            if (!answer.Headers.TryGetValues("X-Content-Type-Options", out var sniff) || !sniff.Contains("nosniff")) Add($"{name}: without nosniff");
            Judge(text, name, (int)answer.StatusCode, mayKnow, sent);
        }

        public void Judge(string text, string name, int status, bool mayKnow, string sent = "")
        {
            lock (_gate) _statuses[status] = _statuses.GetValueOrDefault(status) + 1;
            if (status >= 500) Add($"{name}: {status} {text[..Math.Min(200, text.Length)]}");
            // A body of a good answer may hold what was written into it; a refusal holds nothing of the inside.
            if (status >= 400 && Array.Find(Inside, i => text.Contains(i, StringComparison.Ordinal) && !sent.Contains(i, StringComparison.OrdinalIgnoreCase)) is { } told) Add($"{name}: {status} tells '{told}': {text[..Math.Min(300, text.Length)]}");
            if (!mayKnow && Array.Find(data, d => text.Contains(d, StringComparison.OrdinalIgnoreCase)) is { } seen) Add($"{name}: {status} shows '{seen}'");
        }
    }
}
