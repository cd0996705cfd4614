import { context, type Span } from '@opentelemetry/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { correlated, logFields, requestSpan, type Headers } from '#lib/runtime';

declare module 'fastify' {
  interface FastifyRequest {
    span: Span | undefined;
  }
}

/** Request ids that a caller may choose. */
const CORRELATION = /^[\w.:@+-]{1,100}$/;
const HEADER = 'x-correlation-id';

/** The id a request goes by: the caller's own, or one of ours. */
export function requestIdOf(headers: NodeJS.Dict<string | string[]>, made: () => string): string {
  const given = headers[HEADER];
  return typeof given === 'string' && CORRELATION.test(given) ? given : made();
}

/**
 * Everything a request causes goes under its id: log lines, messages and their effects in other services. The answer carries the id.
 * Requests that may change state are logged at info, others at debug: quotes are too many.
 */
export function followRequests(fastify: FastifyInstance, logger: Logger): void {
  fastify.decorateRequest('span', undefined);
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.header(HEADER, request.id);
    const { span, active } = requestSpan(
      `${request.method} ${request.routeOptions.url ?? 'unknown'}`,
      headersOf(request),
      {
        'http.request.method': request.method,
        'http.route': request.routeOptions.url ?? '',
        'url.path': request.url.split('?')[0],
      },
    );
    request.span = span;
    context.with(active, () => {
      correlated(request.id, done);
    });
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    request.span?.setAttribute('http.response.status_code', reply.statusCode);
    request.span?.end();
    const level = request.auditId === null ? 'debug' : 'info';
    if (logger.isLevelEnabled(level))
      logger[level](
        {
          ...logFields(),
          correlationId: request.id,
          ...{ method: request.method, path: request.url.split('?')[0], status: reply.statusCode },
          ...{ keyId: request.principal?.keyId ?? null, ms: Math.round(reply.elapsedTime * 100) / 100 },
        },
        'request',
      );
    done();
  });
}

function headersOf({ headers: { traceparent, tracestate } }: FastifyRequest): Headers {
  return {
    ...(typeof traceparent === 'string' ? { traceparent } : {}),
    ...(typeof tracestate === 'string' ? { tracestate } : {}),
  };
}
