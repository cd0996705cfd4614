import { EventPattern } from '@nestjs/microservices';
import { messageOf } from '#lib/errors';
import type { Message, Topic } from '#lib/messages';
import { CORRELATION_HEADER } from '#lib/runtime';
import type { LogRecord } from './record.js';

/** A request that came over a topic: its content, or why it cannot be read. */
export interface Request<Payload> {
  readonly message: Message<Payload> | undefined;
  readonly problem: string | undefined;
  readonly correlationId: string;
}

/** How a handler answers a topic, read by the transports from the handler's extras. */
export interface Answering {
  readonly requests: Topic<unknown>;
  readonly replies: Topic<unknown>;
  readonly group: string;
}

/** Headers that Nest's Kafka client sends, and reads from the reply. */
export const NEST_CORRELATION_HEADER = 'kafka_correlationId';
export const NEST_REPLY_TOPIC_HEADER = 'kafka_replyTopic';
export const NEST_REPLY_PARTITION_HEADER = 'kafka_replyPartition';

/**
 * Marks a controller method that answers a topic's requests: it receives an array of {@link Request} and returns, or
 * promises, the replies' payloads as JSON, one each. Answers change nothing: they are outside of transactions, and who gets
 * none asks again. Processes share the requests.
 */
export function Answer<Q, R>(options: {
  requests: Topic<Q>;
  replies: Topic<R>;
  group: string;
}): MethodDecorator {
  const answering: Answering = options;
  // oxlint-disable-next-line typescript/no-unnecessary-type-arguments -- picks the overload that is not tied to the handler's type
  return EventPattern<string>(`answer:${options.requests.name}`, { answering });
}

export function requestOf({ requests }: Answering, record: LogRecord): Request<unknown> {
  const { headers } = record;
  const given = headers[NEST_CORRELATION_HEADER] ?? headers[CORRELATION_HEADER];
  let value: unknown;
  if (record.problem !== undefined)
    return { message: undefined, problem: record.problem, correlationId: given ?? '' };
  try {
    value = JSON.parse(record.value);
  } catch (error) {
    return { message: undefined, problem: `not JSON: ${messageOf(error)}`, correlationId: given ?? '' };
  }
  const parsed = requests.message.safeParse(value);
  if (parsed.success)
    return { message: parsed.data, problem: undefined, correlationId: given ?? parsed.data.id };
  const [issue] = parsed.error.issues;
  const problem = `${issue.path.join('.') || 'message'}: ${issue.message}`;
  return { message: undefined, problem, correlationId: given ?? '' };
}

/** A reply's message around its payload, which is JSON already. */
export function replyMessage(
  { replies }: Answering,
  { correlationId }: Request<unknown>,
  payload: string,
): string {
  const id = JSON.stringify(`reply-${correlationId}`);
  return `{"schemaVersion":${replies.schemaVersion},"id":${id},"sequence":0,"time":${Date.now()},"payload":${payload}}`;
}

/**
 * Where a reply goes: the replies' topic, or one of its own that the request names (`quotes.engine-1`). Any other is not for
 * a client to choose.
 */
export function replyTopicOf({ replies }: Answering, { headers }: LogRecord): string {
  const asked = headers[NEST_REPLY_TOPIC_HEADER];
  return asked?.startsWith(`${replies.name}.`) && /^[\w.-]{1,200}$/.test(asked) ? asked : replies.name;
}
