import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { STATUS_CODES } from 'node:http';
import { ZkriskError } from '#lib/errors';

/** An RFC 9457 problem document with a stable `code`. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly instance?: string;
  readonly [extension: string]: unknown;
}

/** HTTP status by error code; a code that is not listed is the caller's mistake, 422. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  'invalid-input': 422,
  unauthenticated: 401,
  'signature-invalid': 401,
  forbidden: 403,
  'second-holder-needed': 403,
  'withdrawal-limit': 403,
  'quote-of-another-key': 403,
  replayed: 409,
  'command-id-reused': 409,
  'rate-limited': 429,
  busy: 429,
  'message-too-large': 413,
  'unknown-market': 404,
  'unknown-quote': 404,
  'unknown-resource': 404,
  'quote-expired': 410,
  'quote-stale': 409,
  'unknown-account': 404,
  'unknown-liquidation': 404,
  'unknown-proof': 404,
  'unknown-bar': 404,
  'unknown-epoch': 404,
  'unknown-settlement': 404,
  'no-receipt': 404,
  'receipt-pending': 409,
  'not-a-reporter': 403,
  'insufficient-balance': 409,
  'backed-provider': 409,
  'insufficient-margin': 409,
  'nothing-to-reduce': 409,
  'quote-unsealed': 409,
  'quote-seal-invalid': 409,
  'market-order-refused': 403,
  'plan-closed': 409,
  'takeover-not-accepted': 409,
  'parameters-version': 409,
  'credit-cap': 409,
  insolvent: 409,
  'loss-held-back': 409,
  'too-many-commands': 409,
  'notional-limit': 422,
  'market-stale': 503,
  'market-wide': 503,
  'market-uncertain': 503,
  'market-halted': 503,
  'market-reduce-only': 503,
  'market-closed': 503,
  'market-warming-up': 503,
  'no-forecast': 503,
  'no-market-time': 503,
  'replica-behind': 503,
  'not-the-writer': 503,
  'outcome-pending': 504,
};

/** Codes of Nest's own HTTP errors by status. */
const CODE_OF_STATUS: Readonly<Record<number, string>> = {
  400: 'malformed-request',
  404: 'unknown-resource',
  413: 'body-too-large',
  415: 'unsupported-media-type',
  429: 'rate-limited',
  503: 'not-ready',
};

export function problemOf(error: unknown, instance?: string): Problem {
  if (error instanceof ZkriskError) {
    const status = STATUS_OF_CODE[error.code] ?? 422;
    return { ...error.details, ...base(status, error.code, error.message, instance) };
  }
  if (error instanceof HttpException) {
    const status = error.getStatus();
    return base(status, CODE_OF_STATUS[status] ?? 'http-error', error.message, instance);
  }
  return base(500, 'internal-error', 'the request failed on our side; it has been logged', instance);
}

function base(status: number, code: string, detail: string, instance?: string): Problem {
  return {
    type: `urn:zkrisk:problem:${code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    code,
    ...(instance === undefined ? {} : { instance }),
  };
}

/** Every error on its way out: problem documents over HTTP, the original error to message transports. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);

  catch(error: unknown, host: ArgumentsHost): void {
    // Transports decide by the error itself whether to retry; Nest's default would hide the error.
    if (host.getType() !== 'http') throw error;
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const problem = problemOf(error, request.url);
    if (problem.status >= 500 && !(error instanceof ZkriskError) && !(error instanceof HttpException)) {
      this.logger.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
    void http
      .getResponse<FastifyReply>()
      .code(problem.status)
      .type('application/problem+json')
      .send(JSON.stringify(problem));
  }
}
