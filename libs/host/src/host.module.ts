import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { EventLog, EventsModule, LagClock, LaneOwners, type KafkaEnvironment } from '#lib/events';
import { ProblemFilter } from '#lib/service';
import { AdminController } from './access/admin.controller.js';
import { DeadLettersController } from './dead-letters.controller.js';
import { Metrics, Readiness } from './metrics.js';
import { OperationsController } from './operations.controller.js';
import { Status } from './status.js';

/** Behind by more, a process is not ready: its book is not the market's. */
const LONGEST_LAG_SECONDS = 60;
/** Messages that stay committed but unpublished for longer count as stuck. */
const LONGEST_UNPUBLISHED_SECONDS = 30;

/** The parts of every process: database, log, metrics, readiness, problem documents. */
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
      controllers: [OperationsController, AdminController, DeadLettersController],
      providers: [
        { provide: APP_FILTER, useClass: ProblemFilter },
        LagClock,
        {
          provide: Status,
          inject: [Readiness],
          useFactory: (readiness: Readiness) => new Status(readiness),
        },
        {
          provide: Metrics,
          inject: [EventLog, LaneOwners, LagClock],
          useFactory: (log: EventLog, owners: LaneOwners, clock: LagClock) => {
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
            metrics.gauges(
              'zkrisk_consumer_lag_seconds',
              'age of the oldest record that a unit has not consumed, as this process has seen it come',
              ['group', 'topic', 'partition'],
              () =>
                Promise.resolve(
                  clock.times().map(({ group, topic, partition, seconds }) => ({
                    labels: { group, topic, partition: String(partition) },
                    value: seconds,
                  })),
                ),
            );
            metrics.gauges(
              'zkrisk_lane_problems',
              'units of this process that fail again and again, and memberships of consumer groups that were lost',
              ['name'],
              () => Promise.resolve(owners.problems().map(({ name }) => ({ labels: { name }, value: 1 }))),
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
          inject: [DataSource, EventLog, LaneOwners, LagClock, Metrics],
          useFactory: (
            database: DataSource,
            log: EventLog,
            owners: LaneOwners,
            clock: LagClock,
            metrics: Metrics,
          ) => {
            const readiness = new Readiness();
            metrics.gauges(
              'zkrisk_ready',
              '1 where the process can do its work, by check; 0 where it cannot',
              ['check'],
              async () =>
                Object.entries(await readiness.look()).map(([check, passed]) => ({
                  labels: { check },
                  value: passed ? 1 : 0,
                })),
            );
            readiness.add('database', async () => {
              await database.query('select 1');
              return true;
            });
            readiness.add('consumers', () => owners.problems().length === 0);
            readiness.add('lag', () =>
              clock
                .times()
                .every(({ group, seconds }) => seconds <= LONGEST_LAG_SECONDS || !owners.holds(group)),
            );
            readiness.add('outbox', async () => (await log.unpublishedAge()) <= LONGEST_UNPUBLISHED_SECONDS);
            return readiness;
          },
        },
      ],
      exports: [Metrics, Readiness, Status, LagClock],
    };
  }
}
