import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import { InvalidInputError } from '#lib/errors';
import { ALL_TOPICS, outgoing, TOPICS } from '#lib/messages';
import { ConsumerOffsets } from '../consumer-offsets.js';
import type { KafkaLog } from './kafka-log.js';

/**
 * Moves a service's state by unit, within a transaction: accounts go to the unit of their key's partition, new units
 * begin where the others are.
 *
 * @throws {InvalidInputError} where it cannot be done now
 */
export type MoveUnits = (manager: EntityManager, from: number, to: number) => Promise<void>;

/** Where the note of a repartitioning stands in place of a unit's name. */
export const ALL_UNITS = '*';
const SOURCE = 'repartition';
const WAIT_MS = 100;
const PUBLISHED_WITHIN_MS = 60_000;

/**
 * Gives keyed topics more partitions, and moves the state that is kept by partition. Everything must be stopped and
 * consumed: keys go to other partitions afterwards, and nothing of them may wait in the old ones. The move is noted
 * among the consumed batches, so that a rebuild does it at the same place. Safe to be run again where it was killed.
 *
 * @param from partitions so far: TOPIC_PARTITIONS of the services, which must be `to` when they are started again
 * @throws {InvalidInputError} where fewer partitions are asked for, processes still run, or records wait
 */
export async function repartition(
  { log, database }: { log: KafkaLog; database: DataSource },
  to: number,
  moves: readonly MoveUnits[],
): Promise<{ from: number; to: number; topics: string[] }> {
  const from = log.partitions;
  if (to <= from)
    throw new InvalidInputError('to', `must be more than ${from}: a topic's partitions are never taken away`);
  const offsets = await new ConsumerOffsets(database).all();
  for (const group of new Set(offsets.map(({ group: unit }) => unit.split('/')[0]))) {
    const members = await log.broker.members(log.nameOf(group));
    if (members > 0)
      throw new InvalidInputError('to', `${members} processes consume as ${group}: stop all services first`);
  }
  if ((await log.unpublishedAge()) > 0)
    throw new InvalidInputError(
      'to',
      'messages wait in the outbox: start the services, let them publish, and stop them again',
    );
  const behind = (await log.lag()).find(({ records }) => records > 0n);
  if (behind !== undefined)
    throw new InvalidInputError(
      'to',
      `${behind.group} has not consumed ${behind.records} records of ${behind.topic}/${behind.partition}: ` +
        'stop whoever writes, and let the services finish',
    );
  const topics = ALL_TOPICS.filter(({ partitioned }) => partitioned).map(({ name }) => log.nameOf(name));
  await log.broker.growTopics(topics, to);
  const header = { id: `repartition-${from}-${to}`, sequence: 0, time: Date.now() };
  const note = {
    ...{ unit: ALL_UNITS, topic: ALL_UNITS, partition: 0 },
    ...{ from: String(from), to: String(to) },
  };
  await log.publish([outgoing(TOPICS.consumption, ALL_UNITS, header, note)], {
    source: SOURCE,
    write: async (manager) => {
      for (const move of moves) await move(manager, from, to);
    },
  });
  // It must stand before anything that the services note once they run again.
  for (const deadline = Date.now() + PUBLISHED_WITHIN_MS; (await log.unpublishedAge()) > 0;) {
    if (Date.now() > deadline)
      throw new InvalidInputError('to', 'the note was not published: start nothing, and look at the brokers');
    await sleep(WAIT_MS);
  }
  return { from, to, topics };
}
