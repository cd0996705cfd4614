import type { Message } from '#lib/messages';
import type { Broker, BrokerRecord } from './broker.js';
import { unpackBatch } from './wire/record-writer.js';

/**
 * Adds the headers of a CloudEvent (binary content mode) to a message: its value stays as it is, and a reader that knows
 * none of these loses nothing.
 *
 * Source: CloudEvents 1.0.2, Kafka protocol binding, §3.2.
 */
export function withCloudEvents(broker: Broker, prefix: string): Broker {
  const decorate = (topic: string, records: readonly BrokerRecord[]) =>
    records.map((record) => ({
      ...record,
      headers: { ...cloudEvent(topic, prefix, record), ...record.headers },
    }));
  return {
    codec: broker.codec,
    ensureTopics: (topics) => broker.ensureTopics(topics),
    differences: (topics) => broker.differences(topics),
    offsets: (topic) => broker.offsets(topic),
    ends: (topics) => broker.ends(topics),
    growTopics: (topics, partitions) => broker.growTopics(topics, partitions),
    members: (group) => broker.members(group),
    committed: (group, topic) => broker.committed(group, topic),
    send: (topic, records) => broker.send(topic, decorate(topic, records)),
    sendBatches: (topic, batches) => broker.send(topic, decorate(topic, batches.flatMap(unpackBatch))),
    sendFast: (topic, records) => broker.sendFast(topic, records),
    subscribe: (options) => broker.subscribe(options),
    close: () => broker.close(),
  };
}

/** The headers of one record; none for a value that is no message of a topic, such as a dead letter. */
export function cloudEvent(
  topic: string,
  prefix: string,
  { key, value }: BrokerRecord,
): Record<string, string> {
  const message = JSON.parse(value) as Partial<Message<unknown>>;
  if (message.id === undefined || message.schemaVersion === undefined || message.time === undefined)
    return {};
  const name = topic.slice(prefix.length);
  return {
    ce_specversion: '1.0',
    ce_id: message.id,
    ce_source: '/zkrisk',
    ce_type: `zkrisk.${name}.v${message.schemaVersion}`,
    ce_subject: key,
    ce_time: new Date(message.time).toISOString(),
    'content-type': 'application/json',
  };
}
