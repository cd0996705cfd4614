import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { callerKeyOf } from '#lib/service';
import type { QuoteDesk } from '../quote-desk.js';
import { quoteRequest } from './schemas.js';

const QUOTES = '/v1/quotes';

/**
 * Answers good quote requests in Fastify itself; Nest's pipeline would cost more than the price. Whatever is not a
 * plain success falls through to Nest's route, which does the same work again and names the problem.
 *
 * To be called before Nest registers its routes.
 */
export function installQuoteFastPath(fastify: FastifyInstance, desk: () => QuoteDesk): void {
  fastify.addHook('onRoute', (route) => {
    if (route.url !== QUOTES || route.method !== 'POST') return;
    const throughNest = route.handler;
    route.handler = function (this: FastifyInstance, request: FastifyRequest, reply: FastifyReply): unknown {
      const parsed = quoteRequest.safeParse(request.body);
      if (parsed.success) {
        try {
          reply.statusCode = 201;
          return reply
            .header('content-type', 'application/json; charset=utf-8')
            .send(desk().quote(parsed.data, callerKeyOf(request)));
        } catch {
          // The slow path meets the same error and answers a problem document.
        }
      }
      return throughNest.call(this, request, reply);
    };
  });
}
