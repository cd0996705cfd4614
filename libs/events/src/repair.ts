import type { LoggerService } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { InvalidInputError } from '#lib/errors';
import { type Topic } from '#lib/messages';
import { ConsumerOffsets } from './consumer-offsets.js';
import { type DeadLetter, deadLetterTopic } from './dead-letter.js';
import type { EventLog } from './event-log.js';
import { LaneOwners } from './lane.js';
import { LaneUnit } from './lane-unit.js';
import type { LogRecord } from './record.js';

// An operator's repairs where a message keeps a unit from going on, or was put aside and is wanted after all.

/**
 * Passes a unit over records of a partition: they go to the dead letters, and a rebuild passes over them too. The running
 * service sees that its position was moved, reads its tables anew and goes on.
 *
 * @param where.to the first offset that is to be handled again
 * @returns the offsets that were passed over
 * @throws {InvalidInputError} for a unit that does not read the partition, or an offset that it has passed
 */
export async function skipRecords(
  { log, database, logger }: { log: EventLog; database: DataSource; logger: LoggerService },
  where: { unit: string; topic: Topic<never>; partition: number; to: bigint; reason: string },
): Promise<{ from: string; to: string; records: number }> {
  const { unit, topic, partition, to, reason } = where;
  const at = (await log.lag()).find(
    (each) => each.group === unit && each.topic === topic.name && each.partition === partition,
  );
  if (at === undefined)
    throw new InvalidInputError('unit', `${unit} has never read ${topic.name}/${partition}`);
  const { position, records: behind } = at;
  if (to <= position || to > position + behind)
    throw new InvalidInputError(
      'to',
      `must be from ${position + 1n} to ${position + behind}: ${unit} goes on at ${position} of ${topic.name}/${partition}`,
    );
  const records = await log.records(topic.name, partition, position, to);
  const [name, number] = unit.split('/');
  const lane = { name, spread: number === undefined ? 'single' : 'partitions' } as const;
  const cursor = {
    subscription: { topic: topic as unknown as Topic<unknown>, lane, everyUnit: false, batch: 1 },
    handler: () => Promise.reject(new Error('records that are passed over are not handled')),
    partition,
    position: { offset: position, sources: {} as Record<string, number> },
    committed: position,
  };
  const nothing = {
    next: () => Promise.resolve(undefined),
    wait: () => Promise.resolve(),
    first: () => Promise.resolve(0n),
  };
  const offsets = new ConsumerOffsets(database);
  const passing = new LaneUnit(lane, Number(number ?? 0), [cursor], {
    ...{ source: nothing, log, offsets, database, logger },
    owners: new LaneOwners(),
  });
  await passing.restore();
  if (cursor.position.offset !== position)
    throw new InvalidInputError('unit', `${unit} has moved on meanwhile, to ${cursor.position.offset}`);
  await passing.consume(cursor, records, { to, skipped: `passed over by an operator: ${reason}` });
  return { from: position.toString(), to: to.toString(), records: records.length };
}

/** A dead letter with its place in its own topic. */
export type StoredDeadLetter = DeadLetter & { readonly place: string };

/** Dead letters of a topic, oldest first. */
export async function deadLetters(
  log: EventLog,
  topic: string,
  from = 0n,
  limit = 1000,
): Promise<StoredDeadLetter[]> {
  const records = await log.records(deadLetterTopic(topic), 0, from, from + BigInt(limit));
  return records.map(({ offset, value }) => ({
    place: offset.toString(),
    ...(JSON.parse(value) as DeadLetter),
  }));
}

/** Header of a message that was put back: the place of its dead letter. */
export const REQUEUED_HEADER = 'zkrisk-requeued';

/**
 * Publishes a dead letter's message again, to its own topic and partition, once its problem is mended. Its id makes it
 * safe: a message that was handled after all is not handled twice.
 *
 * @throws {InvalidInputError} for offsets that could not be read, and for a value that is not kept any more
 */
export async function requeue(log: EventLog, letter: StoredDeadLetter): Promise<void> {
  const { topic, partition, offset, from, cut, encoding, headers, key, place } = letter;
  if (from !== undefined)
    throw new InvalidInputError(
      'place',
      `offsets ${from} to ${offset} could not be read: there is nothing to send`,
    );
  let text: Pick<LogRecord, 'value' | 'encoding'> | undefined = letter;
  if (cut !== undefined)
    text = (await log.records(topic, partition, BigInt(offset), BigInt(offset) + 1n)).find(
      (record) => record.offset === BigInt(offset),
    );
  if (text === undefined || encoding !== undefined)
    throw new InvalidInputError(
      'place',
      `the value of ${topic}/${partition}@${offset} is no text, or not kept any more`,
    );
  await log.publish([
    { topic, key, partition, value: text.value, headers: { ...headers, [REQUEUED_HEADER]: place } },
  ]);
}

/**
 * Puts dead letters of a topic back, each once; none where one is not there.
 *
 * @param places of the letters in the topic's dead-letter topic
 * @throws {InvalidInputError} for a place where there is none, and as {@link requeue}
 */
export async function requeuePlaces(
  log: EventLog,
  topic: string,
  places: readonly string[],
): Promise<string[]> {
  const letters: StoredDeadLetter[] = [];
  for (const place of new Set(places)) {
    const [letter] = await deadLetters(log, topic, BigInt(place), 1);
    if (letter?.place !== place)
      throw new InvalidInputError('places', `${deadLetterTopic(topic)} has nothing at ${place}`);
    letters.push(letter);
  }
  for (const letter of letters) await requeue(log, letter);
  return letters.map(({ place }) => place);
}
