import {
  type Attributes,
  context,
  type Context,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { messageOf } from '#lib/errors';
import { CORRELATION_HEADER, correlationId } from './correlation.js';

export type Headers = Readonly<Record<string, string>>;

const tracer = trace.getTracer('zkrisk');

/** Headers for a message that the current work causes. */
export function outgoingHeaders(own: Headers = {}): Headers {
  const carried: Record<string, string> = {};
  propagation.inject(context.active(), carried);
  const id = correlationId();
  if (id !== undefined) carried[CORRELATION_HEADER] = id;
  return { ...carried, ...own };
}

/** Where a message or request comes from, by its headers. */
export function contextOf(headers: Headers): Context {
  return propagation.extract(ROOT_CONTEXT, headers);
}

/**
 * Runs work as a span of its own. A single cause is the parent; several causes are links.
 *
 * @param causes headers of the messages that cause the work
 */
export async function spanning<T>(
  name: string,
  options: { attributes: Attributes; causes: readonly Headers[]; kind?: SpanKind },
  work: () => Promise<T>,
): Promise<T> {
  const links: Link[] = [];
  let parent: Context | undefined;
  for (const headers of options.causes) {
    if (headers.traceparent === undefined) continue;
    const origin = contextOf(headers);
    const spanContext = trace.getSpanContext(origin);
    if (spanContext === undefined || links.some(({ context: known }) => known.spanId === spanContext.spanId))
      continue;
    links.push({ context: spanContext });
    parent = links.length === 1 ? origin : undefined;
  }
  const span = tracer.startSpan(
    name,
    {
      kind: options.kind ?? SpanKind.INTERNAL,
      attributes: options.attributes,
      ...(parent === undefined ? { links: links.slice(0, 128) } : {}),
    },
    parent ?? context.active(),
  );
  return ending(span, () => context.with(trace.setSpan(context.active(), span), work));
}

/** Begins the span of a request; to be ended by the caller. */
export function requestSpan(
  name: string,
  headers: Headers,
  attributes: Attributes,
): { span: Span; active: Context } {
  const parent = contextOf(headers);
  const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
  return { span, active: trace.setSpan(parent, span) };
}

async function ending<T>(span: Span, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
    throw error;
  } finally {
    span.end();
  }
}
