import { AsyncLocalStorage } from 'node:async_hooks';
import { trace } from '@opentelemetry/api';

/** Header, of requests and of messages, that follows a request through all its effects. */
export const CORRELATION_HEADER = 'correlation-id';

const current = new AsyncLocalStorage<string>();

/** Runs work under this id. */
export function correlated<T>(id: string | undefined, work: () => T): T {
  return id === undefined ? work() : current.run(id, work);
}

/** Id of the current request; undefined outside a request, and for work that serves several. */
export function correlationId(): string | undefined {
  return current.getStore();
}

/** Fields of every log line that name its origin. */
export function logFields(): Record<string, string> {
  const id = current.getStore();
  const span = trace.getActiveSpan()?.spanContext();
  return {
    ...(id === undefined ? {} : { correlationId: id }),
    ...(span === undefined ? {} : { traceId: span.traceId, spanId: span.spanId }),
  };
}
