import { z } from 'zod';
import { account, market } from '../fields.js';
import { tradeLeg } from '../payloads.js';
import { CHANNEL_NAMES } from './channels.js';

const id = z
  .string()
  .regex(/^[\w.:@+-]{1,100}$/, 'must be 1 to 100 letters, digits and _.:@+-')
  .describe('repeated by the answer');
const topic = { channel: z.enum(CHANNEL_NAMES), market: market.optional(), account: account.optional() };

/** Messages of a client on `/v1/ws`: a JSON text message each. */
export const clientMessage = z.discriminatedUnion('op', [
  z.strictObject({
    op: z.literal('authenticate'),
    id: id.optional(),
    key: z.string().max(200).describe('zk_…; where the header Authorization cannot be set, as in browsers'),
  }),
  z.strictObject({
    op: z.literal('subscribe'),
    id: id.optional(),
    ...topic,
    resume: z
      .strictObject({
        stream: z.string().max(100).describe('of the last message seen'),
        sequence: z.int().min(0).describe('of the last message seen'),
      })
      .optional()
      .describe('go on after this; a snapshot comes where that is not kept any more'),
  }),
  z.strictObject({ op: z.literal('unsubscribe'), id: id.optional(), ...topic }),
  z.strictObject({
    op: z.literal('quote'),
    id,
    account: account.default('anonymous'),
    legs: z.array(tradeLeg).min(1).max(64),
  }),
  z.strictObject({ op: z.literal('ping'), id: id.optional() }),
]);
export type ClientMessage = z.output<typeof clientMessage>;
