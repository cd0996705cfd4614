import { z } from 'zod';

/** Environment of every process. */
export const hostEnvironment = z.object({
  HOST: z.string().default('127.0.0.1').describe('address to listen on'),
  PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65535)
    .default(8080)
    .describe('port of REST and metrics; 0 picks a free one'),
  PAGE: z.enum(['on', 'off']).default('on').describe('the page under /, where the pricer is in this process'),
  DATABASE_URL: z
    .string()
    .optional()
    .describe('PostgreSQL server, postgres://user:password@host:port/name; or DATABASE_URL_FILE')
    .meta({ secret: true }),
  DATABASE_TLS_CA: z
    .string()
    .min(1)
    .optional()
    .describe('file with the certificates a PostgreSQL server is trusted by, PEM; with one, TLS is demanded'),
  DATABASE_CONNECTIONS: z.coerce
    .number()
    .int()
    .min(2)
    .default(10)
    .describe('connections kept to the database'),
  DATABASE_PREPARED: z
    .enum(['on', 'off'])
    .default('off')
    .describe(
      'whether statements are prepared on each connection; not through a pooler that shares connections between clients. The embedded database has it on',
    ),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url()
    .optional()
    .describe(
      'collector that traces are sent to, OTLP over HTTP, such as http://collector:4318; without it there are none',
    ),
  LOG_FILE: z.string().optional().describe('where log lines go; without it to the standard output'),
  LOG_LEVEL: z
    .enum(['silent', 'error', 'warn', 'info', 'debug', 'trace'])
    .default('warn')
    .describe('least severe level logged'),
});
