import type { DataSource } from 'typeorm';
import { connectBroker, EmbeddedLog, type EventLog, KAFKA_CLIENTS, KafkaLog } from '#lib/events';
import { recordsOf, type TestBroker } from './kafka.js';

interface Stored {
  readonly value: string;
  readonly key: string;
}

/** A kind of log, and how its records are seen and made without it. */
export interface Subject {
  open(connection: DataSource): Promise<EventLog>;
  /** all that a topic holds, over its partitions */
  read(topic: string): Promise<Stored[]>;
  /** appends a record as it is, by the topic's first partition */
  raw(topic: string, value: string, headers?: Record<string, string>): Promise<void>;
}

interface Kept {
  readonly topics: NonNullable<ConstructorParameters<typeof EmbeddedLog>[1]>;
  readonly partitions: number;
}

/** The tables that stand in for Kafka. */
export function embeddedSubject(connection: DataSource, { topics, partitions }: Kept): Subject {
  const log = new EmbeddedLog(connection, topics, partitions);
  return {
    open: () => Promise.resolve(log),
    read: async (topic) => {
      const records: Stored[] = [];
      for (let partition = 0; partition < partitions; partition++)
        records.push(...(await log.read(topic, partition, 0n, 100_000)));
      return records;
    },
    raw: (topic, value, headers) => log.publish([{ topic, key: 'k', value, ...(headers && { headers }) }]),
  };
}

/** The client that is tested, where a run names another one than the default: ZKRISK_TEST_KAFKA_CLIENT=platformatic. */
export const TESTED_CLIENT =
  KAFKA_CLIENTS.find((client) => client === process.env.ZKRISK_TEST_KAFKA_CLIENT) ?? 'kafkajs';

/** Kafka; names of topics begin with the prefix. */
export function kafkaSubject(
  { address }: TestBroker,
  { topics, partitions }: Kept,
  prefix: string,
  client = TESTED_CLIENT,
): Subject {
  const open = async (connection: DataSource) => {
    const broker = await connectBroker(client, { brokers: [address], clientId: 'test' });
    const log = new KafkaLog(connection, broker, topics, { prefix, partitions, replication: 1 });
    await log.open();
    return log;
  };
  return {
    open,
    read: (topic) => recordsOf(address, prefix + topic),
    raw: async (topic, value, headers = {}) => {
      const broker = await connectBroker(client, { brokers: [address], clientId: 'raw' });
      await broker.send(prefix + topic, [{ key: 'k', partition: 0, value, headers }]);
      await broker.close();
    },
  };
}
