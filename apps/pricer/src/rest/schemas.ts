// Long because it is one list: the schema of every request and answer.
import { z } from 'zod';
import { fields } from '#lib/messages';

const { account: name, amount, decimal, identifier, market: marketName, price, takeoverTerms } = fields;
const commandId = identifier.optional().describe('makes a retry safe: the same id is booked once');

export const quoteRequest = z.strictObject({
  account: name.default('anonymous').describe('who trades; premium and positions are booked on it'),
  legs: z
    .array(
      z.strictObject({
        market: marketName,
        size: amount.describe('signed, base units; positive buys'),
      }),
    )
    .min(1)
    .max(64),
});
export type QuoteRequest = z.output<typeof quoteRequest>;

export const quoteResponse = z.object({
  id: z.string(),
  account: z.string(),
  legs: z.array(z.object({ market: z.string(), size: z.string(), mark: z.string() })),
  premium: z.object({
    risk: z.string().describe('change in the pool’s risk that the trade causes, if it is one'),
    liquidity: z.string().describe('change in the price of the liquidity providers’ call spread'),
    total: z.string(),
  }),
  risk: z
    .object({ before: z.number(), after: z.number() })
    .describe('risk measure ρ before and after, quote currency'),
  fundingQuoteCurrencyPerYear: z
    .record(z.string(), z.number())
    .describe('what each market would pay after the trade: all its positions in a year, to the cent'),
  forecastId: z.string(),
  marketTime: z.string(),
  expiresAt: z.string(),
  token: z
    .string()
    .optional()
    .describe('the terms, sealed: with it any process of the exchange accepts the quote'),
});
export type QuoteResponse = z.output<typeof quoteResponse>;

export const quotesRequest = z.strictObject({ requests: z.array(quoteRequest).min(1).max(100) });
export const quotesResponse = z.object({
  answers: z
    .array(
      z.union([
        z.object({ status: z.literal('quoted'), quote: quoteResponse }),
        z.object({ status: z.literal('refused'), code: z.string(), detail: z.string() }),
      ]),
    )
    .describe('one a request, in their order'),
});

export const quoteId = z.string().regex(/^[\w-]{1,100}$/, 'must be the id of a quote');

export const bookedTrade = z.object({
  tradeId: z.string(),
  quoteId: z.string().nullable(),
  account: z.string(),
  bookedAt: z.string().describe('market time'),
  legs: z.array(z.object({ market: z.string(), size: z.string(), price: z.string() })),
  premium: z.object({ risk: z.string(), liquidity: z.string(), total: z.string() }),
});

export const acceptRequest = z
  .strictObject({
    margin: z
      .enum(['cross', 'isolated'])
      .optional()
      .describe('isolated: the position has a margin of its own, moved to it beforehand (default cross)'),
    token: z
      .string()
      .max(10_000)
      .optional()
      .describe('the quote’s own; needed where another process than the one that gave it may be asked'),
  })
  .nullish()
  .transform((given) => given ?? {});

export const accountName = name;

export const inclusionQuery = z.strictObject({
  epoch: z.iso
    .datetime()
    .optional()
    .describe('end of the bar of an epoch, as /v1/settlements has it; the newest book without it'),
});

export const accountAmount = z.strictObject({
  commandId,
  amount,
});
export const accountWithdrawal = z.strictObject({
  commandId,
  amount: z.union([amount, z.literal('available')]).describe('"available": all that margin leaves free'),
  acceptHaircut: z
    .boolean()
    .optional()
    .describe('while the exchange is insolvent: takes the part that can be paid and gives up the rest'),
});
export const accountTransfer = z.strictObject({
  commandId,
  market: marketName,
  amount: amount.describe('from cross margin to the isolated position; negative: back'),
});
export const accountReservation = z.strictObject({
  commandId: identifier.optional().describe('of the reservation; makes a retry safe'),
  legs: z
    .array(z.strictObject({ market: marketName, size: amount }))
    .min(1)
    .max(64),
});
export const accountClaim = z.strictObject({
  commandId,
});
export const accountRelease = z.strictObject({
  commandId,
  reservationId: identifier,
});
export const accountTakeovers = z.strictObject({
  commandId,
  ...takeoverTerms,
});
export const accountOutcome = z.looseObject({ kind: z.string(), commandId: z.string(), at: z.string() });

const marginFields = {
  reserved: z.number().describe('equity that orders hold'),
  equity: z.number(),
  collateral: z.number().describe('cash less funding owed'),
  unrealisedPnl: z.number(),
  notional: z.number(),
  maintenanceMargin: z.number(),
  initialMargin: z.number(),
  marginRatio: z.number().nullable().describe('equity over notional'),
  available: z.number().describe('equity above the initial margin and what orders hold'),
  liquidatable: z.boolean(),
};
const marginTerms = z.object({
  risk: z.number().describe('what the portfolio can lose'),
  worst: z.string().describe('what that is the loss of: evar, the name of a scenario, or none'),
  concentration: z.number().describe('what a loss counts more that is large beside the pool'),
  closing: z.number().describe('what closing moves the prices by'),
  floor: z.number().describe('rates on the notionals, whatever the hedges'),
  total: z.number(),
});
const position = z.object({
  market: z.string(),
  size: z.number(),
  entryPrice: z.number(),
  mark: z.number(),
  unrealisedPnl: z.number(),
  liquidationPrice: z
    .number()
    .nullable()
    .describe('mark at which the margin account meets its maintenance margin, all else unchanged'),
});
const marginAccount = z.object({
  ...marginFields,
  terms: z.object({ initial: marginTerms, maintenance: marginTerms }).describe('both margins by term'),
  positions: z.array(position),
});
export const accountResponse = z.object({
  account: z.string(),
  marketTime: z.string(),
  cash: z.string(),
  losses: z
    .object({
      gain: z.string().describe('won in the last day: losses past the pool are borne by gains first'),
      haircut: z
        .number()
        .describe(
          'η: the share of every gain that a loss past the pool would take now; 0 while there is none. Counted anew once a minute of market time',
        ),
      wouldBeCut: z.string().describe('what the account would lose by that'),
      notes: z
        .object({ outstanding: z.string(), claimable: z.string() })
        .describe('what was cut and is owed'),
      creditPerHour: z.string().describe('what the default option of the account costs an hour'),
    })
    .describe('exposure to losses past the pool: pro rata of gains, of everybody alike'),
  takeovers: z
    .object({
      notional: z.string().describe('that is left'),
      discount: z.number().describe('by which the prices together must be better than the marks'),
    })
    .describe('of positions that liquidators may pass to the account, as it has accepted'),
  cross: marginAccount,
  isolated: z.array(marginAccount.extend({ market: z.string() })),
});

export const settlementNumber = z.coerce
  .number()
  .int()
  .positive()
  .max(1e9)
  .describe('1 for the first loss that was shared: /v1/book says how many there are');
const units = z
  .string()
  .regex(/^-?\d+$/)
  .describe('smallest units of money');
const sums = z.object({ gains: units, principal: units });
const digest = z.string().describe('SHA-256, hexadecimal');
/** As `zkrisk check-loss` reads it. */
export const lossShareResponse = z.object({
  settlementId: z.string(),
  at: z.number().describe('market time, milliseconds'),
  statement: z.object({
    need: units,
    chunks: z.array(
      sums.extend({
        ...{ accounts: z.number().int(), cuts: units },
        ...{ last: digest, root: digest, leaves: digest.describe('Merkle root of the chunk’s leaves') },
      }),
    ),
  }),
  proof: z.object({
    chunk: z.number().int(),
    leaf: z.object({ account: z.string(), equity: units, gain: units, cut: units }),
    before: sums,
    path: z.array(z.object({ digest, left: z.boolean() }).nullable()),
  }),
});

export const simulateRequest = z.strictObject({
  legs: z
    .array(z.strictObject({ market: marketName, size: amount }))
    .max(64)
    .default([])
    .describe('a trade, priced as a quote is'),
  deposit: amount.default('0').describe('added to the collateral; negative: taken out'),
  marks: z
    .record(marketName, price)
    .default({})
    .describe('marks as they might be, for margin; the trade is priced at the present ones'),
});
export const simulateResponse = marginAccount.extend({
  premium: z.object({ risk: z.string(), liquidity: z.string() }).nullable(),
  accepted: z.boolean().describe('whether the trade would have the initial margin'),
});

export const depositRequest = z.strictObject({
  commandId,
  provider: name,
  amount,
});

export const withdrawalRequest = z.strictObject({
  commandId,
  provider: name,
  amount,
  mode: z.enum(['locked', 'forced']).describe('locked: free, paid after the horizon; forced: now, for a fee'),
});

export const liquidityOutcome = z.looseObject({
  kind: z.string(),
  commandId: z.string(),
  provider: z.string(),
  at: z.string(),
});

export const providerResponse = z.strictObject({
  provider: name,
  marketTime: z.string(),
  shares: decimal,
  worth: decimal,
  locked: z
    .array(z.strictObject({ shares: decimal, releaseAt: z.string() }))
    .describe('withdrawals that are paid once their time has come, the next one first'),
  backing: z
    .strictObject({
      amount: decimal.describe('what of the vault counts in L'),
      lost: decimal.describe('of it, to traders: the exchange may take so much; negative: earned'),
      settled: decimal.describe('pool shares the exchange has taken, less those it has given'),
      valuedAt: z.string(),
    })
    .nullable(),
});

const rates = z.object({ perHour: z.number(), perYear: z.number() });
export const marketFunding = z.object({
  market: z.string(),
  quoteCurrencyPerYear: z
    .object({ risk: z.number(), liquidity: z.number() })
    .describe('of all positions together: to the exchange, and to liquidity providers'),
  quoteCurrencyPerUnit: rates
    .nullable()
    .describe('of one base unit that is held long; negative: longs receive it. null where nothing is open'),
  shareOfNotional: rates.nullable().describe('the same as a share of the mark; 0.01 is one percent'),
});
export const fundingResponse = z.object({
  marketTime: z.string(),
  quoteCurrencyPerYear: z.object({ risk: z.number(), liquidity: z.number() }),
  markets: z.array(marketFunding),
  collected: z.object({ risk: z.string(), liquidity: z.string() }),
});

export const premiaQuery = z.strictObject({
  notional: z.coerce.number().min(1).max(1e9).default(100_000).describe('largest size, in quote currency'),
});
export const premiaResponse = z.object({
  marketTime: z.string(),
  market: z.string(),
  mark: z.string(),
  points: z.array(
    z.object({
      size: z.string().describe('signed, base units; positive buys'),
      risk: z.string(),
      liquidity: z.string(),
    }),
  ),
});
