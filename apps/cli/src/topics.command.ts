import { ConsoleLogger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import {
  deadLetters,
  type EventLog,
  kafkaEnvironment,
  KafkaLog,
  openLog,
  repartition,
  requeuePlaces,
  skipRecords,
  type StoredDeadLetter,
  type TopicDifference,
} from '#lib/events';
import { hostEnvironment } from '#lib/host';
import { ALL_TOPICS, type Topic } from '#lib/messages';
import { readConfig } from '#lib/service';
import { dataSourceOptions } from '#lib/storage';
import { UsageError } from '#lib/terminal';
import { LiquidatorRepository } from '../../liquidator/src/index.js';

/** Runs with the log and the database of the environment, and closes both. */
async function withLog<T>(
  environment: NodeJS.ProcessEnv,
  work: (log: EventLog, database: DataSource) => Promise<T>,
  options: { check: boolean; relay?: boolean } = { check: true },
): Promise<T> {
  const { DATABASE_URL } = readConfig(hostEnvironment.extend({ DATABASE_URL: z.string() }), environment);
  const database = await new DataSource(dataSourceOptions(DATABASE_URL)).initialize();
  try {
    const config = readConfig(kafkaEnvironment, environment);
    const log = await openLog(config, 'zkrisk-topics', database, { relay: false, ...options });
    try {
      return await work(log, database);
    } finally {
      await log.close();
    }
  } finally {
    await database.destroy();
  }
}

function topicOf(name: string): Topic<never> {
  const topic = ALL_TOPICS.find((each) => each.name === name);
  if (topic === undefined)
    throw new UsageError(
      `${name}: is not a topic; there are ${ALL_TOPICS.map((each) => each.name).join(', ')}`,
    );
  return topic;
}

/** Differences between the brokers' topics and the declared ones, each with the command that mends it. */
export function checkTopicsCommand(environment: NodeJS.ProcessEnv = process.env): Promise<TopicDifference[]> {
  return withLog(
    environment,
    (log) => {
      if (!(log instanceof KafkaLog)) throw new UsageError('KAFKA_BROKERS: is needed');
      return log.broker.differences(log.settings());
    },
    { check: false },
  );
}

/** Passes a unit over records that keep it from going on. */
export function skipCommand(
  options: { unit: string; topic: string; partition: number; to: string; reason: string },
  environment: NodeJS.ProcessEnv = process.env,
): Promise<object> {
  const { unit, partition, reason } = options;
  if (!/^\d{1,18}$/.test(options.to)) throw new UsageError('--to: must be an offset');
  const where = { unit, topic: topicOf(options.topic), partition, to: BigInt(options.to), reason };
  return withLog(environment, (log, database) =>
    skipRecords({ log, database, logger: new ConsoleLogger({ logLevels: ['error', 'warn'] }) }, where),
  );
}

/** Gives keyed topics more partitions and moves the state that is kept by partition; all services are stopped. */
export function repartitionCommand(
  options: { to: number },
  environment: NodeJS.ProcessEnv = process.env,
): Promise<object> {
  return withLog(
    environment,
    async (log, database) => {
      if (!(log instanceof KafkaLog)) throw new UsageError('KAFKA_BROKERS: is needed');
      const liquidators = new LiquidatorRepository(database);
      const done = await repartition({ log, database }, options.to, [
        (manager, from, to) => liquidators.moveUnits(manager, from, to),
      ]);
      return { ...done, next: `start the services with TOPIC_PARTITIONS=${done.to}` };
    },
    { check: false, relay: true },
  );
}

/** Dead letters of a topic, oldest first. */
export function deadLettersCommand(
  topic: string,
  options: { from: number; limit: number },
  environment: NodeJS.ProcessEnv = process.env,
): Promise<StoredDeadLetter[]> {
  const { name } = topicOf(topic);
  return withLog(environment, (log) => deadLetters(log, name, BigInt(options.from), options.limit));
}

/** Publishes dead letters again. */
export function requeueCommand(
  topic: string,
  places: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): Promise<{ requeued: string[] }> {
  const { name } = topicOf(topic);
  for (const place of places)
    if (!/^\d{1,18}$/.test(place)) throw new UsageError(`${place}: is not the place of a dead letter`);
  return withLog(environment, async (log) => ({ requeued: await requeuePlaces(log, name, places) }));
}
