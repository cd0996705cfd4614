import type { Outgoing } from '#lib/messages';
import { type Headers, outgoingHeaders } from '#lib/runtime';

/** Messages with the headers of the work that causes them. Those with none of their own share one object, which is encoded once. */
export function withOrigin(messages: readonly Outgoing[]): (Outgoing & { readonly headers: Headers })[] {
  const carried = outgoingHeaders();
  return messages.map((message) => ({ ...message, headers: headersFrom(carried, message.headers) }));
}

function headersFrom(carried: Headers, own: Headers | undefined): Headers {
  for (const _ in own) return { ...carried, ...own };
  return carried;
}
