import { ZkriskError } from '#lib/errors';
import type { Outgoing } from '#lib/messages';

/** The largest message that a topic takes, on tables as on brokers. */
export const LARGEST_MESSAGE_BYTES = 16 << 20;

/** A message that no topic takes. */
export class MessageTooLargeError extends ZkriskError {
  readonly code = 'message-too-large';
}

/** @throws {MessageTooLargeError} naming the message that is above {@link LARGEST_MESSAGE_BYTES} */
export function requireSizes(messages: readonly Outgoing[]): void {
  for (const { topic, key, value } of messages) {
    if (!isTooLarge(value)) continue;
    const bytes = Buffer.byteLength(value);
    throw new MessageTooLargeError(
      `a message of ${key.slice(0, 100)} to ${topic} has ${bytes} bytes, and at most ${LARGEST_MESSAGE_BYTES} are taken`,
      { topic, bytes },
    );
  }
}

/** Whether a value is above the limit. Characters have three bytes at most: short ones need no counting. */
export function isTooLarge(value: string): boolean {
  if (value.length * 3 <= LARGEST_MESSAGE_BYTES) return false;
  return Buffer.byteLength(value) > LARGEST_MESSAGE_BYTES;
}
