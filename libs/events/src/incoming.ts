import { messageOf } from '#lib/errors';
import type { Subscription } from './consume.js';
import { isTooLarge, LARGEST_MESSAGE_BYTES } from './message-size.js';
import { type Checked, type LogRecord, SEQUENCE_HEADER, SOURCE_HEADER } from './record.js';

/** Whether a record was not consumed before: a relay that was killed may publish messages again. */
export function isFresh({ headers }: LogRecord, sources: Record<string, number>): boolean {
  const source = headers[SOURCE_HEADER];
  if (source === undefined) return true;
  const sequence = Number(headers[SEQUENCE_HEADER]);
  if (sequence <= (sources[source] ?? 0)) return false;
  sources[source] = sequence;
  return true;
}

/** A record’s message, or why it is not a message of its topic; parsed and checked once where several units of the process read the record. */
export function validate({ topic }: Subscription, record: LogRecord): Checked {
  const { shared } = record;
  if (shared === undefined) return check(topic, record);
  return (shared.checked ??= check(topic, record));
}

function check(topic: Subscription['topic'], record: LogRecord): Checked {
  if (record.problem !== undefined) return { reason: record.problem };
  if (isTooLarge(record.value)) return { reason: `has more than ${LARGEST_MESSAGE_BYTES} bytes` };
  let value: unknown;
  try {
    value = JSON.parse(record.value);
  } catch (error) {
    return { reason: `not JSON: ${messageOf(error)}` };
  }
  // The same message, without the copy that parsing makes.
  if (topic.isMessage(value)) return { message: value };
  const parsed = topic.message.safeParse(value);
  if (parsed.success) return { message: parsed.data };
  const [issue] = parsed.error.issues;
  return { reason: `${issue.path.join('.') || 'message'}: ${issue.message}` };
}
