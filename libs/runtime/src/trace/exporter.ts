import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

/**
 * Sends spans to an OpenTelemetry collector from now on; without an endpoint nothing is traced and nothing is loaded into spans.
 *
 * @param endpoint base address of OTLP over HTTP, such as http://collector:4318
 * @returns a function that sends the remaining spans and stops
 */
export function startTracing(service: string, endpoint: string | undefined): () => Promise<void> {
  if (endpoint === undefined) return () => Promise.resolve();
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'service.namespace': 'zkrisk' }),
    spanProcessors: [
      new BatchSpanProcessor(new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` })),
    ],
  });
  provider.register();
  return () => provider.shutdown();
}
