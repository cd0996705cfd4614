import { describe, expect, it } from 'vitest';
import type { EntityManager } from 'typeorm';
import type { Broker } from './kafka/broker.js';
import { KafkaLog } from './kafka/kafka-log.js';
import { EmbeddedLog } from './embedded/embedded-log.js';
import { isTooLarge, LARGEST_MESSAGE_BYTES, MessageTooLargeError } from './message-size.js';

const none = undefined as never;
const logs = {
  tables: new EmbeddedLog(none),
  brokers: new KafkaLog(none, {} as Broker, [], { prefix: '', partitions: 1, replication: 1 }),
};

describe('a message that is too large', () => {
  const message = { topic: 'trades', key: 'alice', value: 'x'.repeat(LARGEST_MESSAGE_BYTES + 1) };

  it.each(Object.entries(logs))(
    'is refused by the log on %s before anything is written',
    async (_name, log) => {
      await expect(log.append(none as EntityManager, 'test', [message])).rejects.toThrow(
        MessageTooLargeError,
      );
    },
  );

  it('is refused by brokers without a transaction as well', async () => {
    await expect(logs.brokers.publish([message])).rejects.toThrow(/alice to trades has 16777217 bytes/);
  });

  it('is one by its bytes, not by its characters', () => {
    expect(isTooLarge('x'.repeat(LARGEST_MESSAGE_BYTES))).toBe(false);
    expect(isTooLarge('é'.repeat(LARGEST_MESSAGE_BYTES / 2))).toBe(false);
    expect(isTooLarge('é'.repeat(LARGEST_MESSAGE_BYTES / 2 + 1))).toBe(true);
  });
});
