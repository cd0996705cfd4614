import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import {
  EventLog,
  EventsModule,
  kafkaEnvironment,
  type KafkaLog,
  LaneOwners,
  Rebuild,
  type RebuildReport,
} from '#lib/events';
import { hostEnvironment } from '#lib/host';
import { readConfig } from '#lib/service';
import { dataSourceOptions, migrate } from '#lib/storage';
import { forecasterConfig, ForecasterModule, ForecasterService } from '../../forecaster/src/index.js';
import {
  liquidatorConfig,
  LiquidatorModule,
  LiquidatorRepository,
  LiquidatorService,
} from '../../liquidator/src/index.js';
import { pricerConfig, PricerModule, PricerService } from '../../pricer/src/index.js';
import { vestingOf } from '#lib/exchange';
import { UsageError } from '#lib/terminal';
import { type ComparedTable, compareDatabases, compareSnapshots } from './compare-databases.js';

/** Forecaster, pricer and liquidator without their servers. */
@Module({})
class RebuiltModule {
  static register(databaseUrl: string, environment: NodeJS.ProcessEnv): DynamicModule {
    return {
      module: RebuiltModule,
      imports: [
        TypeOrmModule.forRoot(dataSourceOptions(databaseUrl)),
        EventsModule.register(readConfig(kafkaEnvironment, environment), 'rebuild', { relay: false }),
        ForecasterModule.register(forecasterConfig(environment)),
        PricerModule.register(pricerConfig(environment)),
        LiquidatorModule.register(liquidatorConfig(environment)),
      ],
    };
  }
}

export interface RebuildOutcome extends RebuildReport {
  readonly seconds: number;
  /** with --against: the tables, each the same or not */
  readonly tables?: readonly ComparedTable[];
}

/**
 * Fills an empty database from the topics: every batch is consumed again as it was, and whatever comes of it is held against
 * published messages. Needs the environment the services have.
 *
 * @param options.against URL of a database to compare with, table by table
 * @throws {UsageError} for a database that is not empty, or topics that are not on Kafka
 */
export async function rebuildCommand(
  options: { against?: string },
  environment: NodeJS.ProcessEnv = process.env,
): Promise<RebuildOutcome> {
  const { DATABASE_URL } = readConfig(hostEnvironment.extend({ DATABASE_URL: z.string() }), environment);
  if (readConfig(kafkaEnvironment, environment).KAFKA_BROKERS === undefined)
    throw new UsageError(
      'KAFKA_BROKERS: is needed; without it there are no topics but in the database itself',
    );
  await migrate(dataSourceOptions(DATABASE_URL));
  await requireEmpty(DATABASE_URL);
  const app = await NestFactory.create(
    RebuiltModule.register(DATABASE_URL, environment),
    new FastifyAdapter(),
    {
      logger: ['error', 'warn'],
      abortOnError: false,
    },
  );
  try {
    const database = app.get(DataSource);
    const log = app.get<KafkaLog>(EventLog);
    const rebuild = new Rebuild(log, database, app.get(LaneOwners));
    app.connectMicroservice({ strategy: rebuild }, { inheritAppConfig: true });
    await app.startAllMicroservices();
    const started = performance.now();
    const liquidators = new LiquidatorRepository(database);
    const report = await rebuild.run(
      (batches) => {
        if (process.stderr.isTTY) process.stderr.write(`\r${batches} batches`);
      },
      [(manager, from, to) => liquidators.moveUnits(manager, from, to)],
    );
    const seconds = (performance.now() - started) / 1000;
    if (options.against === undefined) return { ...report, seconds };
    const other = await new DataSource(dataSourceOptions(options.against)).initialize();
    try {
      const snapshots = await compareSnapshots(other, vestingOf(pricerConfig(environment).FIRST_PARAMETERS));
      return { ...report, seconds, tables: [...(await compareDatabases(other, database)), snapshots] };
    } finally {
      await other.destroy();
    }
  } finally {
    await app.get(PricerService).close();
    await app.get(ForecasterService).close();
    await app.get(LiquidatorService).close();
    await app.get(EventLog).close();
    await app.close();
  }
}

async function requireEmpty(url: string): Promise<void> {
  const database = await new DataSource(dataSourceOptions(url)).initialize();
  try {
    const [{ used }] = await database.query<[{ used: boolean }]>(
      'select exists (select 1 from consumer_offset) or exists (select 1 from book_event) as used',
    );
    if (used)
      throw new UsageError('DATABASE_URL: the database is not empty; it is rebuilt into an empty one');
  } finally {
    await database.destroy();
  }
}
