import 'reflect-metadata';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { messageOf } from '#lib/errors';
import { EventLog, LaneOwners, transportOf } from '#lib/events';
import { PinoLogger, problemOf, readConfig } from '#lib/service';
import { startEmbeddedPostgres } from '#lib/storage';
import { ForecasterService } from '../../forecaster/src/index.js';
import { LiquidatorService } from '../../liquidator/src/index.js';
import { ProofRunner, proverConfig } from '../../prover/src/index.js';
import {
  openChain,
  type OpenedChain,
  settlementConfig,
  SettlementService,
} from '../../settlement/src/index.js';
import { installQuoteFastPath, PricerService, QuoteDesk } from '../../pricer/src/index.js';
import { AppModule } from './app.module.js';

export const engineEnvironment = z.object({
  HOST: z.string().default('127.0.0.1').describe('address to listen on'),
  PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65535)
    .default(8080)
    .describe('port of REST and metrics; 0 picks a free one'),
  DATABASE_URL: z.string().optional().describe('a PostgreSQL server to use instead of the embedded one'),
  ZKRISK_DATA_DIR: z.string().default('.zkrisk').describe('where the embedded database keeps its files'),
  HOUSE_LIQUIDATOR: z
    .enum(['on', 'off'])
    .default('on')
    .describe('whether the exchange’s own liquidator checks and executes plans; off leaves them to bots'),
  LOG_LEVEL: z
    .enum(['silent', 'error', 'warn', 'info', 'debug', 'trace'])
    .default('warn')
    .describe('least severe level logged'),
});

/** A running engine. */
export interface Engine {
  readonly app: NestFastifyApplication;
  readonly url: string;
  readonly log: EventLog;
  readonly database: DataSource;
  readonly pricer: PricerService;
  readonly forecaster: ForecasterService;
  readonly liquidator: LiquidatorService;
  /** where PROVER and SETTLEMENT are on */
  readonly settlement: SettlementService | undefined;
  /** drains, closes and stops everything that was started */
  stop(): Promise<void>;
}

const HOUSEKEEPING_INTERVAL_MS = 60_000;

/**
 * Starts every service in this process, on the embedded database unless DATABASE_URL names another.
 *
 * @param configure may add routes of its own to the server before it listens
 */
export async function startEngine(
  environment: NodeJS.ProcessEnv,
  configure: (fastify: FastifyInstance) => void = () => undefined,
): Promise<Engine> {
  const config = readConfig(engineEnvironment, environment);
  const postgres =
    config.DATABASE_URL === undefined
      ? await startEmbeddedPostgres(join(config.ZKRISK_DATA_DIR, 'postgres'))
      : undefined;
  let chain: OpenedChain | undefined;
  const stop = async () => {
    await chain?.close();
    await postgres?.stop();
  };
  try {
    const settlement = settlementConfig(environment);
    if (settlement.SETTLEMENT === 'on') chain = await openChain(settlement, environment);
    return await assemble(config, postgres?.url ?? config.DATABASE_URL!, environment, configure, chain, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function assemble(
  config: z.output<typeof engineEnvironment>,
  databaseUrl: string,
  environment: NodeJS.ProcessEnv,
  configure: (fastify: FastifyInstance) => void,
  chain: OpenedChain | undefined,
  stopParts: () => Promise<void>,
): Promise<Engine> {
  const logger = new PinoLogger(pino({ level: config.LOG_LEVEL }));
  const adapter = new FastifyAdapter({
    bodyLimit: 256 * 1024,
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      // What Fastify refuses before a route is found (a malformed URL) never reaches Nest's filters.
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
    },
  });
  installQuoteFastPath(adapter.getInstance<FastifyInstance>(), () => app.get(QuoteDesk));
  const app: NestFastifyApplication = await NestFactory.create<NestFastifyApplication>(
    AppModule.register(databaseUrl, environment, config.HOUSE_LIQUIDATOR === 'on', chain),
    adapter,
    {
      logger,
      abortOnError: false,
    },
  );
  configure(adapter.getInstance<FastifyInstance>());
  const database = app.get(DataSource);
  const log = app.get(EventLog);
  const pricer = app.get(PricerService);
  const forecaster = app.get(ForecasterService);
  const liquidator = app.get(LiquidatorService);
  const proving = proverConfig(environment).PROVER === 'on';
  const settlement = chain === undefined ? undefined : app.get(SettlementService);
  const strategy = transportOf(log, database, app.get(LaneOwners));
  app.connectMicroservice({ strategy }, { inheritAppConfig: true });
  const description = new DocumentBuilder()
    .setTitle('zkrisk')
    .setDescription(
      'Risk engine of a perpetual-futures exchange. Money and sizes are decimal strings, rates are per year.',
    )
    .setVersion('1')
    .build();
  SwaggerModule.setup('docs', app, SwaggerModule.createDocument(app, description));
  await app.startAllMicroservices();
  await app.listen(config.PORT, config.HOST);
  settlement?.start();
  const housekeeping = setInterval(() => {
    log.housekeeping().catch((error: unknown) => {
      logger.warn(`topics could not be trimmed: ${messageOf(error)}`);
    });
  }, HOUSEKEEPING_INTERVAL_MS);
  return {
    app,
    url: (await app.getUrl()).replace('[::1]', '127.0.0.1'),
    log,
    database,
    pricer,
    forecaster,
    liquidator,
    settlement,
    stop: async () => {
      clearInterval(housekeeping);
      await settlement?.close();
      if (proving) await app.get(ProofRunner).close();
      await app.close();
      await log.close();
      await forecaster.close();
      await liquidator.close();
      await stopParts();
    },
  };
}
