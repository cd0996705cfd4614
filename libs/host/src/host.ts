import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import helmet from '@fastify/helmet';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { destination, pino } from 'pino';
import { DataSource } from 'typeorm';
import { messageOf } from '#lib/errors';
import { EventLog, kafkaEnvironment, LagClock, LaneOwners, transportOf } from '#lib/events';
import { ConfigurationError, PinoLogger, problemOf, readConfig } from '#lib/service';
import { dataSourceOptions, migrate } from '#lib/storage';
import { logFields, startTracing } from '#lib/runtime';
import { accessEnvironment } from './access/access.environment.js';
import { guardRoutes } from './access/guard.js';
import { CallCounts, limitRates } from './access/rate-limit.js';
import { hostEnvironment } from './host.environment.js';
import { followRequests, requestIdOf } from './follow-requests.js';
import { HostModule } from './host.module.js';
import { servePage } from './page.js';
import { Status } from './status.js';
import { Metrics, Readiness } from './metrics.js';
import { RequestCounts } from './request-counts.js';
import { READING_INTERVAL_MS, ServiceLevels } from './service-levels.js';
import type { OpenedService, ServiceDefinition } from './service.js';
import { type OpenStreams, openStreams } from './streams/open-streams.js';
import { streamsEnvironment } from './streams/streams.environment.js';

/** A running process of one service or several. */
export interface Host {
  readonly app: NestFastifyApplication;
  readonly url: string;
  readonly log: EventLog;
  readonly database: DataSource;
  /** takes no new work, finishes work begun, and closes everything */
  stop(): Promise<void>;
}

const HOUSEKEEPING_INTERVAL_MS = 60_000;
const LAG_INTERVAL_MS = 5_000;
const BODY_LIMIT_BYTES = 256 * 1024;
/** The API's own pages at /docs need styles of their own; nothing here needs more. */
const CONTENT_SECURITY = {
  defaultSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  styleSrc: ["'self'", "'unsafe-inline'"],
  frameAncestors: ["'none'"],
};

/**
 * Starts services in this process.
 *
 * @param configure may add routes of its own to the server before it listens
 * @throws {ConfigurationError} naming the setting that does not fit
 */
export async function startHost(
  name: string,
  services: readonly ServiceDefinition[],
  environment: NodeJS.ProcessEnv,
  configure: (fastify: FastifyInstance) => void = () => undefined,
): Promise<Host> {
  const config = readConfig(hostEnvironment, environment);
  if (config.DATABASE_URL === undefined)
    throw new ConfigurationError('DATABASE_URL: is needed; it names the PostgreSQL server');
  const connection = dataSourceOptions(config.DATABASE_URL, {
    poolSize: config.DATABASE_CONNECTIONS,
    prepared: config.DATABASE_PREPARED === 'on',
    ...(config.DATABASE_TLS_CA === undefined ? {} : { caFile: config.DATABASE_TLS_CA }),
  });
  const kafka = readConfig(kafkaEnvironment, environment);
  const access = readConfig(accessEnvironment, environment);
  const required = (access.API_KEYS ?? (isLoopback(config.HOST) ? 'open' : 'required')) === 'required';
  const options = { level: config.LOG_LEVEL, base: { service: name }, mixin: logFields };
  // Written at once: a process that dies has told everything.
  const file = config.LOG_FILE;
  const lines =
    file === undefined ? pino(options) : pino(options, destination({ dest: file, mkdir: true, sync: true }));
  const logger = new PinoLogger(lines);
  if (!required)
    lines.warn(
      `OPEN: no keys are asked for. Whoever reaches ${config.HOST}:${config.PORT} may trade, withdraw and credit deposits for anybody; API_KEYS=required closes it`,
    );
  const endTracing = startTracing(name, config.OTEL_EXPORTER_OTLP_ENDPOINT);
  await migrate(connection);
  const opened: OpenedService[] = [];
  let app: NestFastifyApplication | undefined;
  const closeAll = async () => {
    for (const service of opened) await service.close?.(app);
    await endTracing();
  };
  try {
    for (const service of services) opened.push(await service.open(environment));
    const adapter = new FastifyAdapter({
      ...{ bodyLimit: BODY_LIMIT_BYTES, frameworkErrors },
      genReqId: ({ headers }: { headers: NodeJS.Dict<string | string[]> }) =>
        requestIdOf(headers, randomUUID),
    });
    const fastify = adapter.getInstance<FastifyInstance>();
    const running = (): INestApplicationContext => app!;
    const database = () => app!.get(DataSource);
    followRequests(fastify, lines);
    const requests = new RequestCounts(fastify);
    const guard = guardRoutes(fastify, { service: name, required, config: access, database });
    for (const service of opened) service.routes?.(fastify, running);
    const modules = opened.map(({ module }) => module);
    app = await NestFactory.create<NestFastifyApplication>(
      HostModule.register({ name, database: connection, kafka, services: modules }),
      adapter,
      { logger, abortOnError: false },
    );
    await app.register(helmet, { contentSecurityPolicy: { directives: CONTENT_SECURITY } });
    requests.tell(app.get(Metrics));
    const levels = new ServiceLevels();
    app.get(Status).add(() => ({ serviceLevels: levels.levels() }));
    const counts = new CallCounts();
    if (required) await limitRates(app, access.RATE_LIMIT_PER_SECOND, counts);
    const streams = await openStreams(app, opened, {
      ...{ guard, required, counts, ratePerSecond: access.RATE_LIMIT_PER_SECOND },
      ...{ config: readConfig(streamsEnvironment, environment), logger },
    });
    configure(fastify);
    if (config.PAGE === 'on' && services.some(({ page }) => page) && !servePage(fastify))
      lines.warn('the page is not there; npm run build makes it');
    return await begin(app, opened, config, { logger, streams, requests, levels, closeAll });
  } catch (error) {
    await app?.close().catch(() => undefined);
    await closeAll();
    throw error;
  }
}

async function begin(
  app: NestFastifyApplication,
  opened: readonly OpenedService[],
  { PORT, HOST }: { PORT: number; HOST: string },
  parts: {
    logger: PinoLogger;
    streams: OpenStreams;
    requests: RequestCounts;
    levels: ServiceLevels;
    closeAll: () => Promise<void>;
  },
): Promise<Host> {
  const { logger, streams, requests, levels, closeAll } = parts;
  const database = app.get(DataSource);
  const log = app.get(EventLog);
  app.connectMicroservice(
    { strategy: transportOf(log, database, app.get(LaneOwners)) },
    { inheritAppConfig: true },
  );
  describe(app);
  await app.startAllMicroservices();
  await app.listen(PORT, HOST);
  for (const service of opened) service.started?.(app);
  streams.start();
  const housekeeping = setInterval(() => {
    log.housekeeping().catch((error: unknown) => {
      logger.warn(`topics could not be trimmed: ${messageOf(error)}`);
    });
  }, HOUSEKEEPING_INTERVAL_MS);
  const clock = app.get(LagClock);
  const watching = setInterval(() => {
    log.lag().then(
      (lags) => {
        clock.observe(lags, performance.now());
      },
      (error: unknown) => {
        logger.warn(`lag could not be looked at: ${messageOf(error)}`);
      },
    );
  }, LAG_INTERVAL_MS);
  const measure = async () => {
    const ready = Object.values(await app.get(Readiness).look()).every(Boolean);
    levels.take(performance.now(), { quotes: requests.of('/v1/quotes'), ready });
  };
  await measure();
  const measuring = setInterval(() => void measure(), READING_INTERVAL_MS);
  return {
    app,
    url: (await app.getUrl()).replace('[::1]', '127.0.0.1'),
    log,
    database,
    stop: async () => {
      app.get(Readiness).ending = true;
      clearInterval(housekeeping);
      clearInterval(watching);
      clearInterval(measuring);
      await streams.close();
      for (const service of opened) await service.ending?.(app);
      // Requests first, because they may wait for topics; then topics; the log last, because it sends the messages of both.
      await app.close();
      await closeAll();
    },
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

/** The OpenAPI document, at /docs. */
function describe(app: NestFastifyApplication): void {
  SwaggerModule.setup('docs', app, () =>
    SwaggerModule.createDocument(app, apiDescription(new DocumentBuilder())),
  );
}

/** Title and description of the OpenAPI document. */
export function apiDescription(builder: DocumentBuilder): Omit<OpenAPIObject, 'paths'> {
  return builder
    .setTitle('zkrisk')
    .setDescription(
      'Risk engine of a perpetual-futures exchange. Money and sizes are decimal strings, rates are per year.',
    )
    .setVersion('1')
    .addSecurity('key', { type: 'http', scheme: 'bearer', description: 'an API key: zk_…' })
    .build();
}

/** Fastify refuses a malformed URL before it finds a route, so Nest's filters never see the error. */
function frameworkErrors(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  const problem = {
    ...problemOf(error, request.url),
    status: 400,
    title: 'Bad Request',
    code: 'malformed-request',
    detail: error.message,
  };
  void reply
    .code(400)
    .type('application/problem+json')
    .send(JSON.stringify({ ...problem, type: 'urn:zkrisk:problem:malformed-request' }));
}
