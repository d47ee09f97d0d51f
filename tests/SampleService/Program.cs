using System.Net;
using Forge.SampleService;
using OpenTelemetry.Metrics;

// A service as a customer would run it: OpenTelemetry's own request metrics, a Prometheus endpoint, and faults one can switch on.
var builder = WebApplication.CreateBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.AddSingleton<Faults>();
builder.Services.AddHostedService<SelfTraffic>();
builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddAspNetCoreInstrumentation().AddPrometheusExporter());

var app = builder.Build();
app.MapPrometheusScrapingEndpoint().DisableHttpMetrics();
app.MapGet("/health", () => Results.Ok()).DisableHttpMetrics();

app.MapGet("/work", async (Faults faults, CancellationToken cancellation) =>
{
    var (fails, latencyMs) = faults.Next();
    if (latencyMs > 0) await Task.Delay(latencyMs, cancellation);
    return fails ? Results.StatusCode(StatusCodes.Status503ServiceUnavailable) : Results.Ok(new { done = true });
});

var faultsGroup = app.MapGroup("/faults").DisableHttpMetrics().AddEndpointFilter(async (context, next) =>
    context.HttpContext.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address) ? await next(context) : Results.StatusCode(StatusCodes.Status403Forbidden));
faultsGroup.MapGet("", (Faults faults) => faults.Current);
faultsGroup.MapPost("", (FaultSetting setting, Faults faults) =>
{
    if (!setting.IsValid) return Results.BadRequest(new { code = "out_of_range", detail = "errorRatio is 0..1, latencyMs 0..60000." });
    faults.Set(setting);
    return Results.Ok(faults.Current);
});

await app.RunAsync();
