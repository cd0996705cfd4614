import { z } from 'zod';
import type { Lane, Subscription } from '#lib/events';
import { TOPICS, type Topic } from '#lib/messages';

/** Who reads a topic. */
export interface Reader {
  readonly lane: Lane;
  readonly subscription: Subscription;
}

/** JSON Schema of a topic's messages. */
export function messageSchema(topic: Topic<never>): Record<string, unknown> {
  return z.toJSONSchema(topic.message, { target: 'draft-2020-12', io: 'input', unrepresentable: 'any' });
}

/** The topics as an AsyncAPI 3.0 document: what they carry, how they are kept, who reads them. */
export function asyncApiDocument(readers: readonly Reader[]): object {
  const topics = Object.values(TOPICS) as unknown as Topic<never>[];
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'zkrisk topics',
      version: '1',
      description:
        'Messages between the services of zkrisk and with a matching engine. Money and sizes are decimal strings; times are milliseconds since the epoch. ' +
        'A message that does not fit its schema goes to `<topic>.dead` with the reason. Publish a command again with the same id: it is booked once.',
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(
      topics.map((topic) => [
        topic.name,
        {
          address: topic.name,
          description: topic.description,
          messages: { message: { $ref: `#/components/messages/${topic.name}` } },
          bindings: {
            kafka: {
              'x-key': topic.key,
              'x-partitions': topic.partitioned ? 'TOPIC_PARTITIONS, by key' : 1,
              topicConfiguration: {
                'cleanup.policy': [topic.retention === 'compacted' ? 'compact' : 'delete'],
                'retention.ms': retentionMs(topic),
              },
              bindingVersion: '0.5.0',
            },
          },
        },
      ]),
    ),
    operations: Object.fromEntries(
      readers.map(({ lane, subscription }) => [
        `${lane.name}.${subscription.topic.name}`,
        {
          action: 'receive',
          channel: { $ref: `#/channels/${subscription.topic.name}` },
          summary: `${lane.name} reads ${subscription.topic.name}, ${whoReads({ lane, subscription })}`,
        },
      ]),
    ),
    components: {
      messages: Object.fromEntries(
        topics.map((topic) => [
          topic.name,
          {
            name: topic.name,
            payload: {
              schemaFormat: 'application/schema+json;version=draft-2020-12',
              schema: messageSchema(topic),
            },
          },
        ]),
      ),
    },
  };
}

function retentionMs({ retention }: Topic<never>): number {
  return retention === 'compacted' || retention.days === null ? -1 : retention.days * 86_400_000;
}

function whoReads({ lane, subscription }: Reader): string {
  if (lane.spread === 'single') return 'one process at a time';
  return subscription.everyUnit ? 'every unit all of it' : 'each unit its partition';
}
