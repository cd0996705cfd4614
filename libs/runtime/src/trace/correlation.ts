import { AsyncLocalStorage } from 'node:async_hooks';
import { trace } from '@opentelemetry/api';

/** Header, of requests and of messages, that follows what somebody has asked for through everything it causes. */
export const CORRELATION_HEADER = 'correlation-id';

const current = new AsyncLocalStorage<string>();

/** Runs work as part of what has this id. */
export function correlated<T>(id: string | undefined, work: () => T): T {
  return id === undefined ? work() : current.run(id, work);
}

/** Id of what is being worked for; undefined where that is nobody's request, or many at once. */
export function correlationId(): string | undefined {
  return current.getStore();
}

/** What every log line says of where it comes from. */
export function logFields(): Record<string, string> {
  const id = current.getStore();
  const span = trace.getActiveSpan()?.spanContext();
  return {
    ...(id === undefined ? {} : { correlationId: id }),
    ...(span === undefined ? {} : { traceId: span.traceId, spanId: span.spanId }),
  };
}
