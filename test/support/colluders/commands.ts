import fc from 'fast-check';
import { HOUR_MS } from '../exchange-machine.js';

export const COLLUDERS = ['c1', 'c2', 'c3', 'c4', 'c5'] as const;
export const MARKETS = ['A', 'B', 'C'] as const;
/** of each market's log return over the horizon, but where colluders foresee another */
export const USUAL_VOLATILITY = 0.04;
/** a vault that holds pool shares, one of the colluders as well */
export const VAULT = 'c5.vault';
const who = fc.constantFrom(...COLLUDERS);
const market = fc.constantFrom(...MARKETS);
const amount = fc.integer({ min: 1, max: 3_000_000 });
/** from crumbs to large positions, evenly over magnitudes */
const size = fc
  .tuple(fc.integer({ min: -8, max: 4 }), fc.integer({ min: 1, max: 99 }), fc.boolean())
  .map(([exponent, digits, long]) => ((long ? 1 : -1) * digits * 10 ** exponent).toFixed(8))
  .filter((text) => Number(text) !== 0);
const milliseconds = fc.oneof(
  fc.integer({ min: 1, max: 60_000 }),
  fc.integer({ min: 60_000, max: 26 * HOUR_MS }),
);

export const commands = {
  deposit: fc.record({
    ...{ kind: fc.constant('deposit' as const), who },
    amount: fc.oneof(amount, fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 100_000 })),
  }),
  withdraw: fc.record({
    kind: fc.constant('withdraw' as const),
    who,
    amount: fc.option(amount),
    haircut: fc.boolean(),
  }),
  transfer: fc.record({ kind: fc.constant('transfer' as const), who, market, amount, back: fc.boolean() }),
  trade: fc.record({
    ...{ kind: fc.constant('trade' as const), who },
    legs: fc.array(fc.tuple(market, size), { minLength: 1, maxLength: 4 }),
    isolated: fc.boolean(),
    reduceOnly: fc.boolean(),
  }),
  /** as large a position as the account can carry, or nearly */
  lever: fc.record({
    ...{ kind: fc.constant('lever' as const), who, market },
    percent: fc.integer({ min: 60, max: 100 }),
    long: fc.boolean(),
  }),
  close: fc.record({ kind: fc.constant('close' as const), who, market }),
  provide: fc.record({ kind: fc.constant('provide' as const), who, amount }),
  leave: fc.record({
    ...{ kind: fc.constant('leave' as const), who },
    share: fc.integer({ min: 1, max: 100 }),
    mode: fc.constantFrom('locked' as const, 'forced' as const),
  }),
  /** matches as an order book would send: of colluders alone, at any price that is taken */
  match: fc.record({
    kind: fc.constant('match' as const),
    fills: fc.array(
      fc.record({
        ...{ buyer: who, seller: who, market, maker: fc.constantFrom('buyer' as const, 'seller' as const) },
        size: size.map((text) => text.replace('-', '')),
        permille: fc.integer({ min: -25, max: 25 }),
      }),
      { maxLength: 3 },
    ),
    pool: fc.array(fc.record({ account: who, market, size }), { maxLength: 2 }),
  }),
  reserve: fc.record({ kind: fc.constant('reserve' as const), who, market, size }),
  release: fc.record({ kind: fc.constant('release' as const), who, which: fc.nat(3) }),
  claim: fc.record({ kind: fc.constant('claim' as const), who }),
  liquidate: fc.record({ kind: fc.constant('liquidate' as const) }),
  /** one, as the liquidator of another, takes its positions over at prices of its own */
  takeover: fc.record({
    kind: fc.constant('takeover' as const),
    liquidator: who,
    permille: fc.integer({ min: -6, max: 6 }),
    /** three of four have accepted it before, whatever the prices */
    accepts: fc.nat(3).map((one) => one > 0),
  }),
  /** how much liquidators may pass to one, and at what prices */
  accept: fc.record({
    ...{ kind: fc.constant('accept' as const), who, notional: amount },
    permille: fc.integer({ min: -20, max: 20 }),
  }),
  /** pool shares come to their vault, or ask to leave it */
  vault: fc.record({ kind: fc.constant('vault' as const), units: fc.integer({ min: 0, max: 5_000_000 }) }),
  wait: fc.record({ kind: fc.constant('wait' as const), ms: milliseconds }),
  /** the next bar's forecast, which colluders foresee: of half the usual volatility to twice that */
  forecast: fc.record({
    kind: fc.constant('forecast' as const),
    percent: fc.integer({ min: 50, max: 200 }),
  }),
};
export const move = fc.record({
  kind: fc.constant('move' as const),
  market,
  permille: fc.integer({ min: -120, max: 120 }),
});

export type Command = (typeof commands)[keyof typeof commands] extends fc.Arbitrary<infer T> ? T : never;
export type Move = typeof move extends fc.Arbitrary<infer T> ? T : never;
