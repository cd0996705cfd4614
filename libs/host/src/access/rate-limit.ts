import rateLimit from '@fastify/rate-limit';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { problemOf } from '#lib/service';
import { RateLimitedError } from './errors.js';

/** Calls a second, by key; by address where there is none. Counted by process. */
export async function limitRates(app: NestFastifyApplication, perSecond: number): Promise<void> {
  await app.register(rateLimit, {
    timeWindow: 1000,
    hook: 'preParsing',
    keyGenerator: ({ principal, ip }: FastifyRequest) => principal?.keyId ?? ip,
    max: ({ principal }: FastifyRequest) => Math.ceil(principal?.ratePerSecond ?? perSecond),
    errorResponseBuilder: (request, { max }) => {
      const error = new RateLimitedError(`more than ${max} calls a second`, { perSecond: max });
      return { statusCode: 429, ...problemOf(error, request.url) };
    },
  });
}
