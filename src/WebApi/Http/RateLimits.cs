using System.Globalization;
using System.Threading.RateLimiting;
using Forge.WebApi.Identity;
using Microsoft.AspNetCore.RateLimiting;

namespace Forge.WebApi.Http;

/// <summary>Requests per session or address. The names are those of the column <c>rate</c> of the policy matrix. Sign-in counts by account and address in its own handlers.</summary>
internal static class RateLimits
{
    public const string None = "none";
    public const string Read = "read";
    public const string Command = "command";
    public const string Setup = "setup";
    public const string Pairing = "pairing";
    public const string SignIn = "sign-in";
    public const string Export = "export";
    public const string Public = "public";

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    // Read from the top: the first row whose address holds the request's decides. Ingest has its own limits per key and is not asked here; hubs limit connections and calls.
    private static readonly (PathString Under, bool UnsafeOnly, string Name)[] Special =
    [
        ("/api/setup", true, Setup),
        ("/api/invitations", true, Setup),
        ("/api/displays/pairings", true, Pairing),
        ("/api/auth/sign-out", false, Command),
        ("/api/auth", true, SignIn),
        ("/api/ingest", false, None),
        ("/api/audit/journal/export", false, Export),
        ("/api/public", false, Public),
        ("/public", false, Public),
        ("/status", false, Public),
    ];

    public static IServiceCollection AddForgeRateLimits(this IServiceCollection services, EdgeLimits limits) => services.AddRateLimiter(limiter =>
    {
        limiter.GlobalLimiter = PartitionedRateLimiter.CreateChained(
            PartitionedRateLimiter.Create<HttpContext, string>(http => Rate(http, limits)),
            PartitionedRateLimiter.Create<HttpContext, string>(http => IsExport(http.Request)
                ? RateLimitPartition.GetConcurrencyLimiter("exports of " + Caller(http), _ => new ConcurrencyLimiterOptions { PermitLimit = limits.ExportsAtOnce, QueueLimit = 0 })
                : RateLimitPartition.GetNoLimiter("")));
        limiter.OnRejected = async (context, _) =>
        {
            var wait = context.Lease.TryGetMetadata(MetadataName.RetryAfter, out var retry) ? retry : TimeSpan.FromSeconds(1);
            var seconds = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            context.HttpContext.Response.Headers.RetryAfter = seconds;
            context.HttpContext.RequestServices.GetRequiredService<RefusalJournal>().Tell(context.HttpContext, "rate_limited");
            await Problems.WriteAsync(context.HttpContext, StatusCodes.Status429TooManyRequests, "rate_limited", $"Too many requests. Go on in {seconds} s.");
        };
    });

    /// <summary>The limit that a request counts against.</summary>
    internal static string NameOf(string method, PathString path)
    {
        var safe = HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);
        foreach (var (under, unsafeOnly, name) in Special)
            if (path.IsUnder(under) && !(unsafeOnly && safe)) return name;
        return !path.IsUnder("/api") ? None : safe ? Read : Command;
    }

    private static RateLimitPartition<string> Rate(HttpContext http, EdgeLimits limits) => NameOf(http.Request.Method, http.Request.Path) switch
    {
        Read when IsExport(http.Request) => Window(Export, Caller(http), limits.ExportsPerMinute),
        Read => Window(Read, Caller(http), limits.ReadsPerMinute),
        Export => Window(Export, Caller(http), limits.ExportsPerMinute),
        Command => Window(Command, Caller(http), limits.CommandsPerMinute),
        Setup => Window(Setup, SignInLimits.AddressOf(http), limits.SetupPerMinute),
        Pairing => Window(Pairing, SignInLimits.AddressOf(http), limits.SetupPerMinute),
        Public => Window(Public, SignInLimits.AddressOf(http), limits.PublicPerMinute),
        _ => RateLimitPartition.GetNoLimiter(None),
    };

    private static RateLimitPartition<string> Window(string name, string caller, int permits) =>
        RateLimitPartition.GetFixedWindowLimiter(name + " of " + caller, _ => new FixedWindowRateLimiterOptions { PermitLimit = permits, Window = Minute, QueueLimit = 0 });

    private static bool IsExport(HttpRequest request) => request.Path != OpenApiDocument.Path && (Asks(request) || NameOf(request.Method, request.Path) == Export);

    private static bool Asks(HttpRequest request) => request.Query["format"].ToString() is { Length: > 0 } || Path.GetExtension(request.Path.Value ?? "") is ".csv" or ".pdf" or ".zip" or ".json" or ".md";

    // A session of its own counts; where none is known yet the person, and else the address.
    private static string Caller(HttpContext http) =>
        http.User.FindFirst(ForgeClaims.Session)?.Value ?? http.User.FindFirst(ForgeClaims.Display)?.Value ?? http.User.UserId() ?? SignInLimits.AddressOf(http);
}
