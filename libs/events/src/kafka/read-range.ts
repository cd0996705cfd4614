import { randomUUID } from 'node:crypto';
import type { LogRecord } from '../record.js';
import type { Broker } from './broker.js';

/**
 * Reads a partition from an offset up to another (exclusive).
 *
 * @returns fewer where the partition ends before
 */
export async function readRange(
  broker: Broker,
  topic: string,
  partition: number,
  from: bigint,
  to: bigint,
): Promise<LogRecord[]> {
  const range = (await broker.offsets(topic)).find((each) => each.partition === partition);
  if (range === undefined) return [];
  const begin = from > range.low ? from : range.low;
  const end = to < range.high ? to : range.high;
  if (begin >= end) return [];
  const found: LogRecord[] = [];
  let done: () => void = () => undefined;
  const complete = new Promise<void>((resolve) => (done = resolve));
  const subscription = await broker.subscribe({
    group: `reader-${randomUUID()}`,
    topics: [topic],
    share: (index) => new Map([[topic, index === 0 ? [partition] : []]]),
    onAssigned: () => Promise.resolve([{ topic, partition, offset: begin }]),
    onRecords: (_topic, _partition, records, readTo) => {
      found.push(...records.filter(({ offset }) => offset >= begin && offset < end));
      if (readTo >= end) done();
    },
    maximumWaitMs: 50,
  });
  await complete;
  await subscription.close();
  return found;
}
