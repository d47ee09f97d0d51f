using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using Forge.Domain.Audit;
using Forge.WebApi.Identity;
using Forge.WebApi.Sla.Ingest;
using Forge.WebApi.Tests.Host;
using Forge.WebApi.Tests.Sla;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Forge.WebApi.Tests.Identity;

/// <summary>The table of rights against the running node: every endpoint, every role, an organization that is there, one that is not, and an id that cannot be.</summary>
public sealed class PolicyMatrixTests
{
    private const string Nobody = "nobody";
    private static readonly PolicyMatrix Matrix = PolicyMatrix.Load();

    [Fact]
    public async Task Matrix_AndEndpoints_Agree()
    {
        await using var node = await StartAsync(Matrix, out var endpoints);
        // The dashboard's page is not served by test nodes; the product itself refuses to start when anything differs.
        Assert.Equal(["GET /{*path:page} has no endpoint."], Matrix.Differences(await endpoints));
    }

    [Fact]
    public async Task Matrix_EndpointWithoutRowAndRowWithoutEndpoint_AreNamed()
    {
        await using var node = await StartAsync(Matrix, out var endpoints, app =>
        {
            app.MapGet("/api/forgotten", () => "seen").RequireAuthorization(Policies.SlaRead);
        });
        Assert.Contains("GET /api/forgotten has no row.", Matrix.Differences(await endpoints));
        var less = PolicyMatrix.Parse(Text(r => r.Name != "GET /api/sla/overview"));
        Assert.Contains("GET /api/sla/overview has no row.", less.Differences(await endpoints));
        var hubless = PolicyMatrix.Parse(Text(r => r.Name != "HUB /hubs/live Start"));
        Assert.Contains(hubless.Differences(await endpoints), d => d.EndsWith("/hubs/live has no row.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("organization.write,y,y,-,-,-", "contract.write,y,y,-,-,-", "POST /api/organizations: the endpoint names organization.write.")]
    [InlineData("GET,/api/session,-,-,-,-,-,-,-,-,-,y,own,none", "GET,/api/session,session.read,y,y,-,-,-,-,-,-,-,own,none", "GET /api/session: the endpoint asks for no policy.")]
    [InlineData("DELETE,/api/ingest-keys/{id},ingest-key.manage,y,y,-,-,-,-,-,-,-,platform,none", "DELETE,/api/ingest-keys/{id},ingest-key.manage,y,y,-,-,-,-,-,-,-,platform,bound", "DELETE /api/ingest-keys/{id}: the step-up is another one.")]
    [InlineData("POST,/api/sla/alerts/{id}/ack,alert.write,y,y,y,y,-,-", "POST,/api/sla/alerts/{id}/ack,alert.write,y,y,y,y,-,y", "POST /api/sla/alerts/{id}/ack: the policy sla.read of its group is narrower.")]
    public async Task Matrix_ThatSaysSomethingElse_IsNamed(string cells, string others, string expected)
    {
        await using var node = await StartAsync(Matrix, out var endpoints);
        var other = PolicyMatrix.Parse(Text(_ => true).Replace(cells, others, StringComparison.Ordinal));
        Assert.Contains(expected, other.Differences(await endpoints));
    }

    [Theory]
    [InlineData("GET,/api/x,x.read,y,-,-,-,-,-,-,-,-,platform,none,-,read,0,", "SeniorAdmin")]
    [InlineData("GET,/api/x,x.read,-,-,-,-,-,-,-,-,-,platform,none,-,read,0,", "nobody passes")]
    [InlineData("GET,/api/x,x.peek,y,y,-,-,-,-,-,-,-,platform,none,-,read,0,", "{thing}.{verb}")]
    [InlineData("GET,/api/x,x.read,y,y,-,-,-,-,-,-,y,platform,none,-,read,0,", "no policy")]
    [InlineData("GET,/api/x,x.read,y,y,-,-,-,-,-,-,-,planet,none,-,read,0,", "scope")]
    [InlineData("GET,/api/x,sla.read,y,y,-,-,-,-,-,-,-,platform,none,-,read,0,", "to others than")]
    [InlineData("GET,/api/session,-,-,-,-,-,-,-,-,-,y,own,none,-,read,0,", "two rows")]
    [InlineData("GET,/api/x,x.read", "cells")]
    public void Parse_ContradictoryLine_IsRefused(string line, string says) =>
        Assert.Contains(says, Assert.Throws<FormatException>(() => PolicyMatrix.Parse(Text(_ => true) + line)).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Walk_EveryEndpointAndRole_AnswersAsTheMatrixSays()
    {
        var observed = await WalkAsync(Matrix);
        Assert.Empty(Differences(Matrix, observed));
        // The walk can fail: each right of the table, turned round, is noticed.
        foreach (var row in Walked(Matrix))
            foreach (var role in Roles.All)
                Assert.NotEmpty(Differences([row with { Callers = row.Callers.Contains(role) ? row.Callers.Except([role]).ToFrozenSet() : row.Callers.Append(role).ToFrozenSet() }], observed));
    }

    [Fact]
    public async Task Walk_ProductWithOnePolicyWidened_IsNoticed()
    {
        var wider = PolicyMatrix.Parse(Text(_ => true).Replace("contract.write,y,y,-,-,-", "contract.write,y,y,-,-,y", StringComparison.Ordinal));
        Assert.All(Differences(Matrix, await WalkAsync(wider)), d => Assert.Contains("Auditor", d, StringComparison.Ordinal));
        Assert.NotEmpty(Differences(Matrix, await WalkAsync(wider)));
    }

    private static IEnumerable<PolicyRow> Walked(PolicyMatrix matrix) => matrix.Rows.Where(r => r is { Anonymous: false, Policy: not "ingest", Method: not PolicyMatrix.Hub });

    private static ImmutableArray<string> Differences(PolicyMatrix matrix, IReadOnlyDictionary<(string Row, string Role, string Id), HttpStatusCode> observed) => Differences(Walked(matrix), observed);

    /// <summary>Nobody is asked to sign in, who has no right is refused, and everybody else gets past: to the thing, to 404, or to what is wrong with the body.</summary>
    private static ImmutableArray<string> Differences(IEnumerable<PolicyRow> rows, IReadOnlyDictionary<(string Row, string Role, string Id), HttpStatusCode> observed)
    {
        var found = ImmutableArray.CreateBuilder<string>();
        foreach (var row in rows)
            foreach (var ((_, role, id), status) in observed.Where(o => o.Key.Row == row.Name))
            {
                var right = role == Nobody ? status == HttpStatusCode.Unauthorized
                    : row.Callers.Contains(role) ? status is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
                    : status == HttpStatusCode.Forbidden;
                if (!right) found.Add($"{row.Name} as {role} with {id}: {(int)status}");
            }
        return found.ToImmutable();
    }

    private static async Task<IReadOnlyDictionary<(string Row, string Role, string Id), HttpStatusCode>> WalkAsync(PolicyMatrix rights)
    {
        await using var node = await StartAsync(rights, out _);
        var admin = await node.AdminAsync();
        using var made = await admin.SendAsync(HttpMethod.Post, "/api/organizations", """{"name":"Acme","region":"EU","plan":"ENTERPRISE","isEnterpriseCustomer":true,"userCount":10}""", ("Idempotency-Key", "own"));
        var own = made.Headers.Location!.ToString().Split('/')[^1];
        var callers = new Dictionary<string, Browser> { [Nobody] = node.Open() };
        await callers[Nobody].ReadSessionAsync();
        foreach (var role in Roles.All) callers[role] = await node.DemoAsync(role);
        var observed = new Dictionary<(string, string, string), HttpStatusCode>();
        foreach (var row in Walked(Matrix))
            foreach (var (role, browser) in callers)
                foreach (var id in row.Route.Contains("{id}", StringComparison.Ordinal) ? [own, "eu-0000000000", "nothing"] : new[] { "" })
                {
                    var path = row.Route.Replace("{id}", id, StringComparison.Ordinal);
                    var body = row.BodyLimit == "0" ? null : "{}";
                    using var answer = await browser.SendAsync(new HttpMethod(row.Method), path, body, ("Idempotency-Key", Guid.NewGuid().ToString("N")), ("If-Match", "\"1\""));
                    observed[(row.Name, role, id)] = answer.StatusCode;
                }
        return observed;
    }

    private static Task<TestNode> StartAsync(PolicyMatrix rights, out Task<IReadOnlyList<Microsoft.AspNetCore.Http.Endpoint>> endpoints, Action<WebApplication>? map = null)
    {
        var mapped = new TaskCompletionSource<IReadOnlyList<Microsoft.AspNetCore.Http.Endpoint>>(TaskCreationOptions.RunContinuationsAsynchronously);
        endpoints = mapped.Task;
        var target = new RecordingTarget(Decode.Eu);
        return TestNode.StartAsync(
            o => o.Matrix = rights,
            map: app =>
            {
                app.MapForgeIngest();
                map?.Invoke(app);
                mapped.SetResult([.. ((IEndpointRouteBuilder)app).DataSources.SelectMany(d => d.Endpoints)]);
            },
            services: services =>
            {
                services.AddSingleton<IIngestTarget>(target).AddSingleton<IMappingSource>(target).AddSingleton<IRefusalTarget>(target);
                services.AddForgeIngest(new ConfigurationBuilder().AddInMemoryCollection([new("Forge:Ingest:GrpcPort", "0")]).Build());
            });
    }

    /// <summary>The table as text, without the rows that are left out.</summary>
    private static string Text(Func<PolicyRow, bool> keep)
    {
        using var stream = typeof(PolicyMatrix).Assembly.GetManifestResourceStream("policy-matrix.csv")!;
        using var reader = new StreamReader(stream);
        var lines = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return string.Concat(lines.Where((l, i) => i == 0 || keep(Matrix.Rows[i - 1])).Select(l => l + "\n"));
    }
}
