using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Reflection;
using Forge.Domain.Audit;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.SignalR;

namespace Forge.WebApi.Identity;

/// <summary>Who may call one endpoint or hub method; a line of <c>policy-matrix.csv</c>. Source: security.md 4.</summary>
/// <param name="Method">HTTP method, or <c>HUB</c>.</param>
/// <param name="Route">Route pattern; of a hub method the hub's path, a blank and the method's name.</param>
/// <param name="Policy"><c>{thing}.{verb}</c>, <c>ingest</c>, or null for what nobody has to sign in for.</param>
/// <param name="Callers">Roles of people, and the machine roles of <see cref="PolicyMatrix"/>, that pass.</param>
/// <param name="Anonymous">True when nobody has to sign in.</param>
/// <param name="Scope"><c>platform</c>, <c>organization</c>, <c>assigned</c>, <c>own</c> or <c>grant</c>.</param>
/// <param name="StepUp">How recently the person must have proved who they are.</param>
/// <param name="Csrf"><c>cookie</c>, <c>origin</c>, <c>bearer</c>, or <c>-</c> where nothing changes.</param>
/// <param name="Rate">Name of the rate limit.</param>
/// <param name="BodyLimit">Largest body: <c>0</c>, <c>256K</c>, <c>4M</c> …</param>
/// <param name="Hidden">Field groups left out per role, e.g. <c>RE:money</c>.</param>
public sealed record PolicyRow(
    string Method, string Route, string? Policy, FrozenSet<string> Callers, bool Anonymous, string Scope, StepUpKind StepUp, string Csrf, string Rate, string BodyLimit, ImmutableArray<string> Hidden)
{
    /// <summary>Method and route, as messages name it.</summary>
    public string Name => $"{Method} {Route}";
}

/// <summary>
/// The one table of rights: every endpoint and hub method has a row, every policy gets its roles from it, and the host does not start when code and table differ.
/// </summary>
public sealed class PolicyMatrix
{
    /// <summary>A paired screen.</summary>
    public const string Wallboard = "Wallboard";

    /// <summary>A sender of telemetry with its key.</summary>
    public const string IngestKey = "IngestKey";

    /// <summary>Another service.</summary>
    public const string Service = "Service";

    /// <summary>Method of rows about hubs.</summary>
    public const string Hub = "HUB";

    // A build that was not published answers for files made since; it names no policy, so the fallback denies it.
    private const string NewFiles = "/{**path:file}";

    private const string Header = "method,route,policy,PA,SA,CS,RE,AU,WB,IK,SV,anonymous,scope,stepUp,csrf,rate,bodyLimit,hidden";

    private static readonly ImmutableArray<string> Callers =
        [Roles.PlatformAdmin, Roles.SeniorAdmin, Roles.CustomerSuccess, Roles.Responder, Roles.Auditor, Wallboard, IngestKey, Service];

    private static readonly ImmutableArray<string> Scopes = ["platform", "organization", "assigned", "own", "grant"];
    private static readonly ImmutableArray<string> Verbs = ["read", "write", "approve", "use", "manage"];

    private PolicyMatrix(ImmutableArray<PolicyRow> rows)
    {
        Rows = rows;
        ByPolicy = rows.Where(r => r.Policy is not null).GroupBy(r => r.Policy!, StringComparer.Ordinal).ToFrozenDictionary(g => g.Key, g => g.First().Callers, StringComparer.Ordinal);
    }

    /// <summary>Every row, in the file's order.</summary>
    public ImmutableArray<PolicyRow> Rows { get; }

    /// <summary>Who passes each policy; a policy that is not here does not exist.</summary>
    public IReadOnlyDictionary<string, FrozenSet<string>> ByPolicy { get; }

    /// <summary>The table of this build.</summary>
    public static PolicyMatrix Load()
    {
        using var stream = typeof(PolicyMatrix).Assembly.GetManifestResourceStream("policy-matrix.csv")!;
        using var reader = new StreamReader(stream);
        return Parse(reader.ReadToEnd());
    }

    /// <summary>Reads a table.</summary>
    /// <exception cref="FormatException">A line cannot be read, or the table contradicts itself; the message names the line.</exception>
    public static PolicyMatrix Parse(string text)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length == 0 || lines[0] != Header) throw new FormatException("The policy matrix begins with another header than " + Header);
        var rows = lines.Skip(1).Select(Row).ToImmutableArray();
        if (rows.GroupBy(r => r.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice) throw new FormatException($"{twice.Key} has two rows.");
        foreach (var policy in rows.Where(r => r.Policy is not null).GroupBy(r => r.Policy!, StringComparer.Ordinal))
            if (policy.FirstOrDefault(r => !r.Callers.SetEquals(policy.First().Callers)) is { } other) throw new FormatException($"{other.Name} gives the policy {policy.Key} to others than {policy.First().Name} does.");
        return new PolicyMatrix(rows);
    }

    /// <summary>What differs between these endpoints and the table; empty when they agree.</summary>
    public ImmutableArray<string> Differences(IEnumerable<Endpoint> endpoints)
    {
        var found = ImmutableArray.CreateBuilder<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var endpoint in endpoints.OfType<RouteEndpoint>())
        {
            if (endpoint.Metadata.GetMetadata<DashboardFile>() is not null || Path(endpoint) == NewFiles) continue;
            var rows = RowsOf(endpoint);
            if (rows.Length == 0) found.Add($"{Describe(endpoint)} has no row.");
            foreach (var row in rows)
            {
                seen.Add(row.Name);
                if (Disagreement(row, endpoint) is { } why) found.Add($"{row.Name}: {why}");
            }
        }
        found.AddRange(Rows.Where(r => !seen.Contains(r.Name)).Select(r => $"{r.Name} has no endpoint."));
        return found.ToImmutable();
    }

    /// <summary>True when an endpoint's answer shows a field group to somebody with these roles.</summary>
    internal bool Shows(RouteEndpoint endpoint, string method, IEnumerable<string> roles, string group)
    {
        var path = Path(endpoint);
        var verb = HttpMethods.IsHead(method) ? HttpMethods.Get : method;
        return Rows.FirstOrDefault(r => r.Method == verb && r.Route == path) is { } row && roles.Any(role => row.Callers.Contains(role) && !row.Hidden.Contains($"{Code(role)}:{group}"));
    }

    private static string Code(string role) => Header.Split(',')[3 + Callers.IndexOf(role)];

    private static PolicyRow Row(string line)
    {
        var cells = line.Split(',');
        if (cells.Length != Header.Split(',').Length) throw new FormatException($"'{line}' has {cells.Length} cells.");
        for (var i = 3; i <= 11; i++)
            if (cells[i] is not ("y" or "-")) throw new FormatException($"'{line}': rights are y or -.");
        var callers = Callers.Where((_, i) => cells[3 + i] == "y").ToFrozenSet(StringComparer.Ordinal);
        var anonymous = cells[11] == "y";
        var policy = cells[2] == "-" ? null : cells[2];
        if (anonymous != (policy is null)) throw new FormatException($"'{line}': what needs no sign-in has no policy, and the other way round.");
        if (anonymous && callers.Count > 0) throw new FormatException($"'{line}': anybody passes, so no role is named.");
        if (!anonymous && callers.Count == 0) throw new FormatException($"'{line}': nobody passes.");
        if (callers.Contains(Roles.PlatformAdmin) && !callers.Contains(Roles.SeniorAdmin)) throw new FormatException($"'{line}': a SeniorAdmin has every right of a PlatformAdmin.");
        if (policy is not (null or "ingest" or "platform.runtime") && !(policy.Split('.') is [{ Length: > 0 }, var verb] && Verbs.Contains(verb))) throw new FormatException($"'{line}': the policy is not {{thing}}.{{verb}}.");
        if (!Scopes.Contains(cells[12])) throw new FormatException($"'{line}': the scope is unknown.");
        if (!Enum.TryParse<StepUpKind>(cells[13], ignoreCase: true, out var stepUp)) throw new FormatException($"'{line}': the step-up is unknown.");
        var hidden = cells[17].Split(';', StringSplitOptions.RemoveEmptyEntries);
        if (hidden.FirstOrDefault(h => !(h.Split(':') is [var code, var group] && callers.Any(c => Code(c) == code) && FieldGroups.All.Contains(group))) is { } wrong) throw new FormatException($"'{line}': {wrong} is not a role that passes and a field group.");
        return new PolicyRow(cells[0], cells[1], policy, callers, anonymous, cells[12], stepUp, cells[14], cells[15], cells[16], [.. hidden]);
    }

    private ImmutableArray<PolicyRow> RowsOf(RouteEndpoint endpoint)
    {
        if (endpoint.Metadata.GetMetadata<HubMetadata>() is { } hub)
        {
            var path = Path(endpoint).Replace("/negotiate", "", StringComparison.Ordinal);
            var methods = hub.HubType.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly).Where(m => !m.IsSpecialName && m.GetBaseDefinition().DeclaringType == hub.HubType);
            string[] names = [path, .. methods.Select(m => path + " " + m.Name)];
            var rows = Rows.Where(r => r.Method == Hub && names.Contains(r.Route)).ToImmutableArray();
            return rows.Length == names.Length ? rows : [];
        }
        var verbs = endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [HttpMethods.Get];
        // What answers GET answers HEAD in the same way, and has one row for both.
        var wanted = verbs.Where(v => !(HttpMethods.IsHead(v) && verbs.Contains(HttpMethods.Get))).ToList();
        var matching = Rows.Where(r => r.Method != Hub && wanted.Contains(r.Method) && r.Route == Path(endpoint)).ToImmutableArray();
        return matching.Length == wanted.Count ? matching : [];
    }

    private string? Disagreement(PolicyRow row, RouteEndpoint endpoint)
    {
        var machine = endpoint.Metadata.GetMetadata<MachinePolicy>()?.Name;
        var named = endpoint.Metadata.GetOrderedMetadata<IAuthorizeData>().Select(a => a.Policy ?? "").ToList();
        var anonymous = endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null;
        if ((endpoint.Metadata.GetMetadata<StepUpMetadata>()?.Kind ?? StepUpKind.None) != row.StepUp) return "the step-up is another one.";
        if (row.Anonymous) return anonymous && machine is null ? null : "the endpoint asks for a sign-in.";
        if (machine is not null) return machine == row.Policy ? null : $"the endpoint names {machine}.";
        if (anonymous || named.Count == 0) return "the endpoint asks for no policy.";
        if (named[^1] != row.Policy) return $"the endpoint names {named[^1]}.";
        // Policies of its group apply too: they must not be narrower than what the row says.
        return named.Find(p => !ByPolicy.TryGetValue(p, out var roles) || !row.Callers.IsSubsetOf(roles)) is { } narrow ? $"the policy {narrow} of its group is narrower." : null;
    }

    private static string Path(RouteEndpoint endpoint) => "/" + endpoint.RoutePattern.RawText?.Trim('/');

    private static string Describe(RouteEndpoint endpoint) => $"{string.Join('/', endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [])} {Path(endpoint)}".Trim();
}

/// <summary>On endpoints of the dashboard's files, of which a build has hundreds: anonymous and read only, without a row.</summary>
internal sealed class DashboardFile
{
    public static DashboardFile Mark { get; } = new();
}

/// <summary>On an endpoint that knows no cookie: its own credential decides, under this policy.</summary>
/// <param name="Name">Policy of the matrix.</param>
public sealed record MachinePolicy(string Name);
