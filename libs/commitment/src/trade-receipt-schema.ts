import { z } from 'zod';
import type { TradeReceipt } from './trade-journal.js';

// Apart from the types, which the SDK's package has without zod.

const bytes = z.string().regex(/^0x[0-9a-f]{64}$/, 'must be 32 bytes in hex, with 0x before them');
const integer = z.string().regex(/^-?\d{1,39}$/, 'must be a whole number');
const money = integer.describe('money, in units of 10^−8');
const name = z.string().regex(/^[\x21-\x7e]{1,32}$/, 'must be 1 to 32 ASCII characters');
const position = z.strictObject({
  net: integer.describe('of all accounts, signed, in units of 10^−8'),
  entry: money,
});
const place = z.int().min(0);

/** JSON of a {@link TradeReceipt}. */
export const tradeReceiptSchema: z.ZodType<TradeReceipt> = z.strictObject({
  barEnd: z.iso.datetime().describe('end of the bar whose epoch the journal is of'),
  forecastId: z.string(),
  journal: z.strictObject({ root: bytes, entries: z.int().min(1) }),
  index: place.describe('of the entry in the journal'),
  event: z.string().nullable().describe('JSON of the book event, as it was hashed'),
  salt: bytes.nullable(),
  content: bytes.describe('SHA-256 of salt and event'),
  rows: z
    .array(z.strictObject({ market: name, before: position, after: position, price: integer }))
    .describe('the pool’s book before and after, and the marks, in units of 10^−18'),
  terms: z.strictObject({
    time: z.int().min(0),
    kind: z
      .union([z.literal(0), z.literal(1), z.literal(2)])
      .describe('0: without a premium; 1: at the price of that moment; 2: at a quote’s'),
    capital: money,
    liquidity: money,
    pending: money,
    traded: money.describe('Σ size × execution price'),
    riskPremium: money.describe('of the model for this trade then'),
    liquidityPremium: money,
    charged: money,
  }),
  path: z.array(bytes).max(64),
  preceding: z
    .strictObject({
      ...{ content: bytes, before: bytes, after: bytes, marks: bytes, terms: bytes },
      path: z.array(bytes).max(64),
    })
    .nullable()
    .describe('the entry before; null for the first'),
});
