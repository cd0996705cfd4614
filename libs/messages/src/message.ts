import { z } from 'zod';
import { unchangedBy } from './unchanged-by.js';

/** Headers of every message. */
export interface Message<Payload> {
  readonly schemaVersion: number;
  /** unique by content; a message sent again keeps its id */
  readonly id: string;
  /** the source's own counter */
  readonly sequence: number;
  /** when it happened, milliseconds since the epoch */
  readonly time: number;
  readonly payload: Payload;
}

/** Roles of writers of topics besides the engine's services. */
export const OUTSIDERS = ['price-feed', 'matching-engine', 'treasury', 'liquidator-bot'] as const;
export type Outsider = (typeof OUTSIDERS)[number];

/** A topic: its name, payload and retention. One definition gives types, validation and documents. */
export interface Topic<Payload> {
  readonly name: string;
  readonly description: string;
  /** meaning of the key, which decides order and partition */
  readonly key: string;
  /** whether it is spread over partitions by its key; otherwise it has one */
  readonly partitioned: boolean;
  /**
   * Who besides the engine's services writes it, by their roles; access lists are made from these. Outsiders' messages are not
   * believed to come from a service, whatever its headers say: ids make it safe to send again.
   */
  readonly outsiders?: readonly Outsider[];
  /** Kafka's retention: everything for so many days (null: for ever), or the last message of each key */
  readonly retention: { readonly days: number | null } | 'compacted';
  /** records the embedded log keeps behind the slowest consumer */
  readonly retainRecords: number;
  readonly schemaVersion: number;
  readonly payload: z.ZodType<Payload>;
  readonly message: z.ZodType<Message<Payload>>;
  /** Whether `message` accepts a value from JSON and gives it back as it is; false says nothing: {@link unchangedBy}. */
  readonly isMessage: (value: unknown) => value is Message<Payload>;
}

/** A time that can be one: from 2000 to 2100. Seconds or microseconds by mistake are refused. */
export const milliseconds = z
  .int()
  .min(Date.UTC(2000, 0, 1))
  .max(Date.UTC(2100, 0, 1))
  .describe('milliseconds since the epoch');

export function defineTopic<Payload>(
  definition: Omit<Topic<Payload>, 'message' | 'isMessage'>,
): Topic<Payload> {
  const message = z.strictObject({
    schemaVersion: z.literal(definition.schemaVersion),
    id: z.string().regex(/^[\w.:@+/-]{1,200}$/, 'must be 1 to 200 letters, digits and _.:@+/-'),
    sequence: z.int().min(0),
    time: milliseconds,
    payload: definition.payload,
  });
  // Most topics of a process are never read by it.
  let test: ((value: unknown) => boolean) | undefined;
  const isMessage = (value: unknown): value is Message<Payload> => (test ??= unchangedBy(message))(value);
  return { ...definition, message, isMessage };
}

/** A message with where it goes, ready to be appended. */
export interface Outgoing {
  readonly topic: string;
  readonly key: string;
  /** whether its key decides the partition; otherwise it goes to the first */
  readonly partitioned?: boolean;
  /** the partition itself, where it is not for the key to decide */
  readonly partition?: number;
  readonly value: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** a replay's own clock, where the embedded log is to take it for its own; the log's clock without it */
  readonly appendedAt?: number;
}

/** Wraps a payload for its topic. Our own code made the payload; consumers validate it again. */
export function outgoing<Payload>(
  topic: Topic<Payload>,
  key: string,
  header: { id: string; sequence: number; time: number },
  payload: Payload,
): Outgoing {
  const { id, sequence, time } = header;
  const message: Message<Payload> = { schemaVersion: topic.schemaVersion, id, sequence, time, payload };
  return { topic: topic.name, key, partitioned: topic.partitioned, value: JSON.stringify(message) };
}

/**
 * As {@link outgoing}, of a payload that is written as JSON already.
 *
 * @param payload JSON of a payload of the topic
 * @param headers of what caused it
 */
export function outgoingText(
  topic: Pick<Topic<unknown>, 'name' | 'partitioned' | 'schemaVersion'>,
  key: string,
  header: { id: string; sequence: number; time: number },
  payload: string,
  headers: Readonly<Record<string, string>> = {},
): Outgoing {
  const { id, sequence, time } = header;
  const before = `{"schemaVersion":${topic.schemaVersion},"id":${JSON.stringify(id)},"sequence":${sequence},"time":${time}`;
  return {
    topic: topic.name,
    key,
    partitioned: topic.partitioned,
    value: `${before},"payload":${payload}}`,
    headers,
  };
}
