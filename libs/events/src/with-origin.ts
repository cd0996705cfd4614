import type { Outgoing } from '#lib/messages';
import { type Headers, outgoingHeaders } from '#lib/runtime';

/** Messages with the headers of the work that causes them. Those with none of their own share one object, which is encoded once. */
export function withOrigin(messages: readonly Outgoing[]): (Outgoing & { readonly headers: Headers })[] {
  const carried = outgoingHeaders();
  // Field by field: every message passes here, and a spread takes a microsecond.
  return messages.map(({ topic, key, partitioned, partition, value, headers, appendedAt }) => ({
    topic,
    key,
    partitioned,
    partition,
    value,
    headers: headersFrom(carried, headers),
    appendedAt,
  }));
}

function headersFrom(carried: Headers, own: Headers | undefined): Headers {
  for (const _ in own) return { ...carried, ...own };
  return carried;
}
