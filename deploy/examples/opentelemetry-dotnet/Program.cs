// Sends request durations to Forge with the OpenTelemetry SDK for .NET.
//   FORGE_KEY=fik_... FORGE_ORGANIZATION=eu-... dotnet run --project deploy/examples/opentelemetry-dotnet -- [http|grpc] [cumulative|delta] [explicit|exponential] [rounds]
// FORGE_URL is where Forge listens (default http://127.0.0.1:5180), FORGE_GRPC its gRPC port (default http://127.0.0.1:4317).
// A real ASP.NET Core service needs no histogram of its own: AddMeter("Microsoft.AspNetCore.Hosting") records http.server.request.duration.
using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

string Argument(int index, string otherwise) => args.Length > index ? args[index] : otherwise;
string Setting(string name, string? otherwise = null) => Environment.GetEnvironmentVariable(name) ?? otherwise ?? throw new InvalidOperationException($"Set {name}.");

var grpc = Argument(0, "http") == "grpc";
var rounds = int.Parse(Argument(3, "6"), System.Globalization.CultureInfo.InvariantCulture);
using var meter = new Meter("Shop");
var duration = meter.CreateHistogram("http.server.request.duration", "s", advice: new InstrumentAdvice<double>
{
    // Put the promised latency among the bounds and it is counted exactly.
    HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
});
var builder = Sdk.CreateMeterProviderBuilder()
    // The organization may stand on the resource, as here, or on each measurement: the measurement wins.
    .ConfigureResource(resource => resource.AddService("shop", serviceInstanceId: $"shop-{Environment.ProcessId}").AddAttributes([new("organization_id", Setting("FORGE_ORGANIZATION"))]))
    .AddMeter(meter.Name)
    .AddOtlpExporter((exporter, reader) =>
    {
        exporter.Protocol = grpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
        exporter.Endpoint = new Uri(grpc ? Setting("FORGE_GRPC", "http://127.0.0.1:4317") : Setting("FORGE_URL", "http://127.0.0.1:5180") + "/api/ingest/otlp/v1/metrics");
        exporter.Headers = "authorization=Bearer " + Setting("FORGE_KEY");
        reader.TemporalityPreference = Argument(1, "cumulative") == "delta" ? MetricReaderTemporalityPreference.Delta : MetricReaderTemporalityPreference.Cumulative;
        // 10 s is the slot of Forge; here every round is exported at once.
        reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = 3_600_000;
    });
if (Argument(2, "explicit") == "exponential") builder.AddView("http.server.request.duration", new Base2ExponentialBucketHistogramConfiguration());
using var provider = builder.Build();
for (var round = 1; round <= rounds; round++)
{
    for (var i = 0; i < 100; i++) duration.Record(0.02 + (i / 2000d), new("http.response.status_code", 200), new KeyValuePair<string, object?>("http.route", "/orders"));
    duration.Record(0.4, new("http.response.status_code", 503), new KeyValuePair<string, object?>("http.route", "/orders"));
    Console.WriteLine($"round {round}: 101 requests {(provider.ForceFlush(10_000) ? "sent" : "NOT sent")} ({string.Join(", ", args)})");
    if (round < rounds) await Task.Delay(1000);
}
