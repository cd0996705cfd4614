import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { EventLog, EventsModule, LaneOwners, type KafkaEnvironment } from '#lib/events';
import { ProblemFilter } from '#lib/service';
import { AdminController } from './access/admin.controller.js';
import { Metrics, Readiness } from './metrics.js';
import { OperationsController } from './operations.controller.js';

/** What every process has: database, log, metrics, readiness, problem documents. */
@Module({})
export class HostModule {
  static register(options: {
    name: string;
    database: DataSourceOptions;
    kafka: KafkaEnvironment;
    services: DynamicModule[];
  }): DynamicModule {
    return {
      module: HostModule,
      global: true,
      imports: [
        TypeOrmModule.forRoot({ ...options.database, retryAttempts: 10, retryDelay: 500 }),
        EventsModule.register(options.kafka, options.name),
        ...options.services,
      ],
      controllers: [OperationsController, AdminController],
      providers: [
        { provide: APP_FILTER, useClass: ProblemFilter },
        {
          provide: Metrics,
          inject: [EventLog, LaneOwners],
          useFactory: (log: EventLog, owners: LaneOwners) => {
            const metrics = new Metrics();
            metrics.gauges(
              'zkrisk_consumer_lag_records',
              'records published and not yet consumed, by unit and topic',
              ['group', 'topic', 'partition'],
              async () =>
                (await log.lag()).map(({ group, topic, partition, records }) => ({
                  labels: { group, topic, partition: String(partition) },
                  value: Number(records),
                })),
            );
            metrics.gauges('zkrisk_units_held', 'units of a lane that this process has', ['lane'], () =>
              Promise.resolve(owners.held().map(({ lane, units }) => ({ labels: { lane }, value: units }))),
            );
            metrics.gauges(
              'zkrisk_outbox_oldest_seconds',
              'age of the oldest message that is committed and not published',
              [],
              async () => [{ labels: {}, value: await log.unpublishedAge() }],
            );
            metrics.gauge(
              'zkrisk_dead_letters_total',
              'messages that could not be handled, since the start',
              () => log.deadLetters,
            );
            return metrics;
          },
        },
        {
          provide: Readiness,
          inject: [DataSource],
          useFactory: (database: DataSource) => {
            const readiness = new Readiness();
            readiness.add('database', async () => {
              await database.query('select 1');
              return true;
            });
            return readiness;
          },
        },
      ],
      exports: [Metrics, Readiness],
    };
  }
}
