import { z } from 'zod';
import { CHANNEL_NAMES } from './channels.js';

const id = z.string().optional().describe('of the request it answers');
const topic = {
  channel: z.enum(CHANNEL_NAMES),
  market: z.string().optional(),
  account: z.string().optional(),
};
const place = {
  ...topic,
  stream: z.string().describe('changes where sequences begin anew, as after a restart'),
  sequence: z.int().min(0).describe('one more with every delta of the stream'),
};
const document = z.looseObject({});

/** Messages of the engine on `/v1/ws`: a JSON text message each. */
export const serverMessage = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('welcome'),
    version: z.literal(1),
    heartbeatMs: z.number().describe('a connection that is silent for twice as long is dead'),
    channels: z.array(z.enum(CHANNEL_NAMES)).describe('served here'),
    limits: z.strictObject({
      messageBytes: z.number(),
      connections: z.number(),
      subscriptions: z.number(),
    }),
  }),
  z.strictObject({ type: z.literal('authenticated'), id, keyId: z.string().nullable() }),
  z.strictObject({ type: z.literal('subscribed'), id, ...topic }),
  z.strictObject({ type: z.literal('unsubscribed'), id, ...topic }),
  z.strictObject({
    type: z.literal('snapshot'),
    ...place,
    reason: z
      .enum(['subscribed', 'cannot-resume', 'slow-reader'])
      .describe('slow-reader: deltas were left out because the connection was not read'),
    data: document.describe('the document; `unavailable` in place of all else where there is none now'),
  }),
  z.strictObject({
    type: z.literal('delta'),
    ...place,
    data: document.describe('JSON Merge Patch (RFC 7396) of the document: null removes a field'),
  }),
  z.strictObject({ type: z.literal('quote'), id: z.string(), quote: document }),
  z.strictObject({ type: z.literal('pong'), id }),
  z.strictObject({ type: z.literal('heartbeat'), time: z.int() }),
  z.strictObject({ type: z.literal('error'), id, code: z.string(), detail: z.string() }),
]);
export type ServerMessage = z.output<typeof serverMessage>;

/** Codes that `/v1/ws` closes with, besides those of RFC 6455. */
export const CLOSE_CODES = {
  4400: 'a message that is no text, not JSON or too large was sent once too often',
  4401: 'the key was revoked',
  4429: 'too many connections or messages',
} as const;
