import { z } from 'zod';
import { account, decimal, identifier, market, marginAccount } from './fields.js';
import { milliseconds } from './message.js';

// Events of the book, kind by kind. Amounts are exact decimals; a reader's own books are a fold over these events.

const integer = z.string().regex(/^-?\d+$/);
const text = z.string().max(2000);

/** An event of one kind, with when it happened and, of a decided command, a digest of its content. */
function event<Kind extends string, Shape extends z.ZodRawShape>(kind: Kind, shape: Shape) {
  return z.strictObject({
    kind: z.literal(kind),
    at: milliseconds.describe('market time'),
    digest: z.string().max(64).optional().describe('of the command that was decided'),
    ...shape,
  });
}

const leg = z.strictObject({ market, size: decimal.describe('signed, base units'), price: decimal });
const refusal = { code: z.string().max(100).describe('as REST’s problem documents have it'), reason: text };
const operator = { by: z.string().max(100), reason: text };
const forecastId = z.string().max(100).describe('of the forecast it was priced with');

export const bookPayload = z.discriminatedUnion('kind', [
  event('trade-booked', {
    tradeId: identifier,
    account: marginAccount,
    legs: z.array(leg).readonly(),
    riskPremium: decimal,
    liquidityPremium: decimal,
    forecastId,
    quoteId: identifier.nullable(),
    planId: identifier.optional().describe('the liquidation plan it executes'),
    penalty: decimal.optional().describe('of a liquidation, to the pool'),
    liquidator: account.optional().describe('whose half of the penalty is not the pool’s'),
    toLiquidator: decimal.optional().describe('that half; the credit reserve has the rest'),
    fromReserve: decimal
      .optional()
      .describe('the liquidator’s fee where the account has nothing, out of the credit reserve'),
  }),
  event('trade-rejected', {
    ...{ tradeId: identifier, account: marginAccount, ...refusal },
    planId: identifier.optional(),
  }),
  event('dust-closed', { account: marginAccount, market, size: decimal, price: decimal }),
  event('funding-accrued', {
    markets: z
      .array(z.tuple([market, decimal, decimal, integer]).readonly())
      .readonly()
      .describe(
        'market, money to the exchange, money to the providers, rise of the funding index (money·10¹⁸ per smallest unit of size)',
      ),
  }),
  event('vested', { toCapital: decimal, toLiquidity: decimal }),
  event('liquidity-asked', {
    ...{ commandId: identifier, provider: account, ask: z.enum(['deposit', 'locked', 'forced']) },
    ...{ amount: decimal, shares: decimal },
  }),
  event('liquidity-deposited', {
    ...{ commandId: identifier, provider: account, amount: decimal, shares: decimal },
  }),
  event('withdrawal-locked', {
    ...{ commandId: identifier, provider: account, shares: decimal },
    releaseAt: z.number().describe('market time, milliseconds'),
  }),
  event('liquidity-withdrawn', {
    ...{ commandId: identifier, provider: account, shares: decimal, paid: decimal, fee: decimal },
    mode: z.enum(['locked', 'forced']),
  }),
  event('liquidity-valued', {
    ...{ provider: account, valuedAt: milliseconds, vault: z.string().max(100), units: decimal },
    ...{ value: decimal, haircut: z.number(), backing: decimal, settled: decimal, amount: decimal },
    ...{ deficit: decimal, shares: decimal },
  }),
  event('liquidity-rejected', { commandId: identifier, provider: account, ...refusal }),
  event('account-deposited', { commandId: identifier, account, amount: decimal }),
  event('account-withdrawn', {
    ...{ commandId: identifier, account, amount: decimal },
    haircut: decimal.optional().describe('claim given up beside the amount'),
  }),
  event('collateral-moved', {
    commandId: identifier
      .nullable()
      .describe('null: closing an isolated position has given its collateral back'),
    ...{ from: marginAccount, to: marginAccount, amount: decimal },
    equity: decimal
      .optional()
      .describe('of the account it leaves, at marks before; left out where it is the amount'),
  }),
  event('account-rejected', { commandId: identifier, account, ...refusal }),
  event('bankruptcy-settled', { account: marginAccount, loss: decimal, planId: identifier.optional() }),
  event('credit-charged', {
    ...{ account: marginAccount, charged: decimal, rate: decimal.describe('money an hour') },
  }),
  event('match-booked', {
    matchId: identifier,
    planId: identifier.optional().describe('the liquidation plan whose positions a liquidator took over'),
    by: account.optional().describe('whose match it is, where it is not the venue’s'),
    accounts: z
      .array(
        z.strictObject({
          account: marginAccount,
          legs: z.array(leg).readonly(),
          fee: decimal.describe('to the fee account; negative: a rebate'),
          ...{ riskPremium: decimal, liquidityPremium: decimal },
          releases: z.array(identifier).readonly().optional().describe('reservations that end with it'),
        }),
      )
      .readonly(),
    ...{ feeAccount: account, forecastId },
  }),
  event('match-rejected', { matchId: identifier, by: account.optional(), ...refusal }),
  event('margin-reserved', {
    ...{ commandId: identifier, account: marginAccount, amount: decimal },
    legs: z
      .array(z.tuple([market, decimal]).readonly())
      .readonly()
      .optional()
      .describe('the orders by market: signed notionals at the marks of then'),
  }),
  event('margin-released', {
    ...{ commandId: identifier, account: marginAccount, reservationId: identifier, amount: decimal },
  }),
  event('takeovers-accepted', {
    ...{ commandId: identifier, account, notional: decimal.describe('that may be passed to it from now on') },
    discount: z.number().describe('of the prices from the marks, at least'),
  }),
  event('window-begun', { marks: z.array(z.tuple([market, decimal]).readonly()).readonly() }),
  event('gains-cut', {
    settlementId: identifier,
    cuts: z
      .array(z.tuple([marginAccount, decimal]).readonly())
      .readonly()
      .describe('account, what is cut'),
    held: z
      .array(z.tuple([marginAccount, decimal, decimal]).readonly())
      .readonly()
      .optional()
      .describe(
        'every account with equity in this chunk of the statement, ids ascending: gain of the last day, equity',
      ),
  }),
  event('haircut-settled', {
    ...{ settlementId: identifier, need: decimal, gains: decimal, fromGains: decimal },
    ...{ fromPrincipal: decimal, accounts: z.int().min(0), root: text },
    chunks: z
      .array(
        z.strictObject({
          ...{ accounts: z.int().min(1), gains: decimal, principal: decimal, cuts: decimal },
          ...{ last: text, leaves: text, root: text },
        }),
      )
      .readonly()
      .optional()
      .describe(
        'sums and roots after each chunk of 4,096 accounts; a chunk begins where the one before has ended',
      ),
  }),
  event('positions-reduced', {
    settlementId: identifier,
    reductions: z
      .array(z.strictObject({ ...leg.shape, account: marginAccount }))
      .readonly()
      .describe('what makes positions smaller, at their marks'),
    program: z
      .strictObject({
        markets: z.array(z.strictObject({ market, price: decimal, reduce: decimal })).readonly(),
        covariance: z.array(integer).readonly().describe('upper triangle by rows, its largest entry 2^30'),
        prices: z
          .array(integer)
          .readonly()
          .describe(
            'marginal cost of a kept position by market, units of 2^-60; none where the reduction was made market by market',
          ),
      })
      .optional()
      .describe('with the first part: what all positions are judged by'),
    held: z
      .array(
        z
          .tuple([marginAccount, decimal, z.array(z.tuple([market, decimal]).readonly()).readonly()])
          .readonly(),
      )
      .readonly()
      .optional()
      .describe(
        'accounts on the reduced side, ids ascending: equity that positions are weighed by, sizes kept',
      ),
    chunk: z
      .strictObject({
        ...{ accounts: z.int().min(1), closed: z.array(integer).readonly() },
        ...{ last: text, leaves: text, root: text },
      })
      .optional()
      .describe(
        'sums and roots after this part; closed is equity times leverage, 2^-30 of the smallest unit',
      ),
  }),
  event('note-paid', { commandId: identifier, account: marginAccount, amount: decimal }),
  event('parameters-set', {
    ...{ commandId: identifier, version: z.int().min(1), parametersDigest: text },
    parameters: z.looseObject({}).describe('as the topic `parameters` has them'),
    ...operator,
  }),
  event('parameters-rejected', { commandId: identifier, ...refusal }),
  event('market-rescaled', {
    ...{ market, factor: decimal, from: decimal, to: decimal },
    accounts: z
      .array(z.tuple([marginAccount, decimal, decimal, decimal]).readonly())
      .readonly()
      .describe('account, size in the new unit, money for the rest, entry notional that leaves'),
    last: z.boolean().describe('of the parts of one rescaling'),
    ...operator,
  }),
  event('positions-settled', {
    ...{ market, price: decimal },
    accounts: z
      .array(z.tuple([marginAccount, decimal]).readonly())
      .readonly()
      .describe('account, what closes its position'),
  }),
  event('market-delisted', {
    ...{
      market,
      price: decimal,
      funding: decimal.describe('what rounding has left in the market'),
      ...operator,
    },
  }),
  event('trade-busted', {
    ...{ tradeId: identifier, account: marginAccount, planId: identifier.optional() },
    legs: z.array(leg).readonly().describe('what takes the trade back'),
    traded: z
      .strictObject({ at: milliseconds, riskPremium: decimal, liquidityPremium: decimal })
      .readonly()
      .describe('time and premia of the trade; the parts that are pending still are given back'),
    ...{ riskPremium: decimal, liquidityPremium: decimal, penalty: decimal },
    ...{ debt: decimal, collateral: decimal, ...operator },
  }),
  event('command-id-reused', {
    ...{ topic: z.string().max(100), owner: z.string().max(100), commandId: identifier, ...refusal },
  }),
]);
export type BookPayload = z.infer<typeof bookPayload>;

/** Every kind of event in the topic `book`. */
export const BOOK_EVENT_KINDS = bookPayload.options.map((option) => option.shape.kind.value);
