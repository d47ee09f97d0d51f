// Sends request durations to Forge with the OpenTelemetry SDK for JavaScript.
//   FORGE_KEY=fik_... FORGE_ORGANIZATION=eu-... node send.mjs [json|proto|grpc] [cumulative|delta] [explicit|exponential] [rounds]
// FORGE_URL is where Forge listens (default http://127.0.0.1:5180), FORGE_GRPC its gRPC port (default http://127.0.0.1:4317).
import { createRequire } from 'node:module';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationTemporality, AggregationType, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';

const [protocol = 'json', temporality = 'cumulative', shape = 'explicit', rounds = '6'] = process.argv.slice(2);
const { FORGE_KEY: key, FORGE_ORGANIZATION: organization, FORGE_URL: url = 'http://127.0.0.1:5180', FORGE_GRPC: grpc = 'http://127.0.0.1:4317' } = process.env;
if (!key || !organization) throw new Error('Set FORGE_KEY and FORGE_ORGANIZATION.');

async function exporter() {
  const common = { temporalityPreference: temporality === 'delta' ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE };
  if (protocol === 'grpc') {
    const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-grpc');
    const require = createRequire(import.meta.url);
    const { Metadata } = createRequire(require.resolve('@opentelemetry/exporter-metrics-otlp-grpc'))('@grpc/grpc-js');
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${key}`);
    return new OTLPMetricExporter({ ...common, url: grpc, metadata, compression: 'gzip' });
  }
  const { OTLPMetricExporter } = await import(`@opentelemetry/exporter-metrics-otlp-${protocol === 'proto' ? 'proto' : 'http'}`);
  return new OTLPMetricExporter({ ...common, url: `${url}/api/ingest/otlp/v1/metrics`, headers: { authorization: `Bearer ${key}` }, compression: 'gzip' });
}

const provider = new MeterProvider({
  // The organization may stand on the resource, as here, or on each measurement: the measurement wins.
  resource: resourceFromAttributes({ 'service.name': 'shop', 'service.instance.id': `shop-${process.pid}`, organization_id: organization }),
  views: shape === 'exponential' ? [{ instrumentName: 'http.server.request.duration', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }] : [],
  // 10 s is the slot of Forge; here every round is exported at once.
  readers: [new PeriodicExportingMetricReader({ exporter: await exporter(), exportIntervalMillis: 3_600_000, exportTimeoutMillis: 5_000 })],
});
const duration = provider.getMeter('shop').createHistogram('http.server.request.duration', {
  unit: 's',
  // Bounds in seconds; put the promised latency among them and it is counted exactly.
  advice: { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] },
});
for (let round = 1; round <= Number(rounds); round++) {
  for (let i = 0; i < 100; i++) duration.record(0.02 + i / 2000, { 'http.response.status_code': 200, 'http.route': '/orders' });
  duration.record(0.4, { 'http.response.status_code': 503, 'http.route': '/orders' });
  await provider.forceFlush();
  console.log(`round ${round}: 101 requests sent (${protocol}, ${temporality}, ${shape})`);
  if (round < Number(rounds)) await new Promise(resolve => setTimeout(resolve, 1000));
}
await provider.shutdown();
