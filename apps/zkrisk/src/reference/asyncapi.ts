import { z } from 'zod';
import { deadLetterTopic, type Lane, type Subscription } from '#lib/events';
import { MESSAGE_EXAMPLES, type Outsider, OUTSIDERS, TOPICS, type Topic } from '#lib/messages';

/** Who reads a topic. */
export interface Reader {
  readonly lane: Lane;
  readonly subscription: Subscription;
}

/** JSON Schema of a topic's messages. */
export function messageSchema(topic: Topic<never>): Record<string, unknown> {
  return z.toJSONSchema(topic.message, { target: 'draft-2020-12', io: 'input', unrepresentable: 'any' });
}

const DESCRIPTION = `Messages between the services of zkrisk and with a matching engine, seen from outside: what a role sends and receives.
Money and sizes are decimal strings; times are milliseconds since the epoch. Values are UTF-8 JSON; a schema registry's frame (a zero byte and four bytes) before it is understood.
Any codec (gzip, snappy, lz4, zstd) and any client may be used; records of transactions count once they are committed. Key by what the channel says; any partitioner will do (the engine's own messages go by murmur2, as the Java client's): nothing depends on the partition a message is in, but order is promised only between messages of one producer with one key in one partition.
A message that does not fit its schema, or whose id was used for another content, goes to \`<topic>.dead\` with the reason. Send a command again with the same id and content: it is decided once.`;

/** Writes of the engine's services may come twice after a crash: readers outside go by the number. */
const SERVICE_HEADERS = {
  'zkrisk-source': { type: 'string', description: 'the unit that has written it' },
  'zkrisk-sequence': {
    type: 'string',
    description:
      'its number among that unit’s messages; one that is not above the last one seen is a repetition',
  },
};
const OUTSIDE_HEADERS = {
  'correlation-id': {
    type: 'string',
    description: 'follows the message through the engine; a quote’s answer carries it',
  },
  traceparent: { type: 'string', description: 'W3C trace context' },
};

/** The topics as an AsyncAPI 3.0 document from outside: what each role sends and receives, and which service reads what. */
export function asyncApiDocument(readers: readonly Reader[]): object {
  const topics = Object.values(TOPICS) as unknown as Topic<never>[];
  return {
    asyncapi: '3.0.0',
    info: { title: 'zkrisk topics', version: '1.1.0', description: DESCRIPTION },
    defaultContentType: 'application/json',
    servers: {
      kafka: {
        host: 'KAFKA_BROKERS',
        protocol: 'kafka-secure',
        description:
          'Brokers of 2.3 or later. TLS and SASL as they are set up: KAFKA_TLS, KAFKA_SASL_MECHANISM.',
        security: [{ $ref: '#/components/securitySchemes/scram' }],
      },
    },
    channels: Object.fromEntries(topics.flatMap((topic) => [channelOf(topic), deadLettersOf(topic)])),
    operations: Object.fromEntries<object>([
      ...topics.flatMap(sendersOf),
      ...readers.map(({ lane, subscription }): [string, object] => [
        `engine.${lane.name}.${subscription.topic.name}`,
        {
          action: 'receive',
          channel: { $ref: `#/channels/${subscription.topic.name}` },
          summary: `${lane.name} reads ${subscription.topic.name}, ${whoReads({ lane, subscription })}`,
        },
      ]),
    ]),
    components: {
      securitySchemes: { scram: { type: 'scramSha256', description: 'or scramSha512, plain, none' } },
      messages: {
        ...Object.fromEntries(topics.map((topic) => [topic.name, messageOf(topic)])),
        'dead-letter': DEAD_LETTER,
      },
    },
  };
}

function channelOf(topic: Topic<never>): [string, object] {
  return [
    topic.name,
    {
      address: topic.name,
      description: topic.description,
      messages: { message: { $ref: `#/components/messages/${topic.name}` } },
      bindings: {
        kafka: {
          'x-key': topic.key,
          'x-partitions': topic.partitioned ? 'TOPIC_PARTITIONS, by key' : 1,
          'x-outsiders': topic.outsiders ?? [],
          topicConfiguration: {
            'cleanup.policy': [topic.retention === 'compacted' ? 'compact' : 'delete'],
            'retention.ms': retentionMs(topic),
          },
          bindingVersion: '0.5.0',
        },
      },
    },
  ];
}

function deadLettersOf({ name }: Topic<never>): [string, object] {
  const address = deadLetterTopic(name);
  return [
    address,
    {
      address,
      description: `What could not be handled of ${name}, and why; kept for 30 days`,
      messages: { message: { $ref: '#/components/messages/dead-letter' } },
    },
  ];
}

function sendersOf(topic: Topic<never>): [string, object][] {
  return (topic.outsiders ?? []).map((role) => [
    `${role}.${topic.name}`,
    {
      action: 'send',
      channel: { $ref: `#/channels/${topic.name}` },
      summary: `${role} sends ${topic.name}`,
      ...(topic.name === TOPICS.quoteRequests.name
        ? { reply: { channel: { $ref: `#/channels/${TOPICS.quotes.name}` } } }
        : {}),
    },
  ]);
}

function messageOf(topic: Topic<never>): object {
  const examples = MESSAGE_EXAMPLES[topic.name];
  return {
    name: topic.name,
    headers: {
      type: 'object',
      properties: topic.outsiders === undefined ? SERVICE_HEADERS : OUTSIDE_HEADERS,
    },
    correlationId: { location: '$message.header#/correlation-id' },
    payload: { schemaFormat: 'application/schema+json;version=draft-2020-12', schema: messageSchema(topic) },
    ...(examples === undefined
      ? {}
      : { examples: examples.map((payload) => ({ name: payload.id, payload })) }),
  };
}

const DEAD_LETTER = {
  name: 'dead-letter',
  payload: {
    type: 'object',
    required: ['reason', 'topic', 'partition', 'offset', 'key', 'headers', 'value'],
    properties: {
      reason: { type: 'string' },
      topic: { type: 'string' },
      partition: { type: 'integer' },
      offset: { type: 'string', description: 'of the message, or of the last one that could not be read' },
      from: {
        type: 'string',
        description: 'the first offset that could not be read, where a batch could not be',
      },
      key: { type: 'string' },
      headers: { type: 'object' },
      value: { type: 'string', description: 'as it came; its beginning where it is longer than 64 kB' },
      encoding: { const: 'base64', description: 'of a value that is no text' },
      cut: { type: 'object', description: 'length and SHA-256 of a value that is longer' },
    },
  },
};

/** Commands for Kafka's own tool that let a role write and read what it has to, and nothing else. */
export function accessLists(): string {
  const topics = Object.values(TOPICS) as unknown as Topic<never>[];
  const written = (role: Outsider) => topics.filter(({ outsiders }) => outsiders?.includes(role));
  const grant = (role: string, operations: string, resource: string) =>
    `kafka-acls.sh --bootstrap-server $BROKERS --add --allow-principal User:${role} ${operations} ${resource}`;
  const sections = OUTSIDERS.map((role) => {
    const own = written(role);
    const dead = own.map(({ name }) => deadLetterTopic(name));
    const read = role === 'price-feed' ? dead : ['book', ...dead];
    if (role === 'matching-engine') read.push(TOPICS.quotes.name, TOPICS.accountStates.name);
    if (role === 'liquidator-bot') read.push(TOPICS.plans.name);
    return [
      `## ${role}`,
      '',
      '```console',
      ...own.map(({ name }) => grant(role, '--operation Write --operation Describe', `--topic ${name}`)),
      ...read.map((name) => grant(role, '--operation Read --operation Describe', `--topic ${name}`)),
      grant(role, '--operation Read', `--group ${role}. --resource-pattern-type prefixed`),
      '```',
    ].join('\n');
  });
  return [
    '# Access lists',
    '',
    'Made from the code by `npm run docs`. Who may write a topic decides what the engine believes: give each role a principal of its own,',
    'and let the services alone write everything else. With `KAFKA_PREFIX`, put it before every name.',
    '',
    ...sections.flatMap((section) => [section, '']),
    '## zkrisk’s services',
    '',
    '```console',
    grant('zkrisk', '--operation All', '--topic "*"'),
    grant('zkrisk', '--operation Read --operation Describe', '--group "*"'),
    'kafka-acls.sh --bootstrap-server $BROKERS --add --allow-principal User:zkrisk --operation IdempotentWrite --cluster',
    '```',
    '',
  ].join('\n');
}

function retentionMs({ retention }: Topic<never>): number {
  return retention === 'compacted' || retention.days === null ? -1 : retention.days * 86_400_000;
}

function whoReads({ lane, subscription }: Reader): string {
  if (lane.spread === 'single') return 'one process at a time';
  return subscription.everyUnit ? 'every unit all of it' : 'each unit its partition';
}
