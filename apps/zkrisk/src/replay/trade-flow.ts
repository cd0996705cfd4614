import { negated } from '#lib/amounts';
import type { AccountPayload, TradePayload } from '#lib/messages';
import { randomStream } from '#lib/runtime';

export interface TradeFlowOptions {
  readonly seed: number;
  readonly accounts: number;
  /** expected openings a bar */
  readonly tradesPerBar: number;
  /** no position is opened before this bar: there is no forecast to price it with */
  readonly firstBar: number;
  /** median notional of an opening, quote currency */
  readonly medianNotional: number;
}

type Prices = readonly (string | undefined)[];

/** Prices of a bar; undefined for a bar that is not known, and in place of a price that is not there. */
export type PriceHistory = (bar: number) => Prices | undefined;

interface Opening {
  readonly id: string;
  readonly account: string;
  readonly market: number;
  readonly size: string;
  /** collateral paid in beside, quote currency */
  readonly collateral: string;
  /** bars until it is closed */
  readonly holding: number;
}

const LONGEST_HOLDING = 96;

/**
 * A seeded flow of trades: positions are opened at random and closed some bars later. Traders chase what has
 * moved, so the book leans with the market, as crowds do. Every bar's trades are a function of the seed, the bar
 * and prices before it alone, so a replay resumed anywhere sends the same messages.
 */
export class TradeFlow {
  private readonly opened = new Map<
    number,
    { readonly prices: Prices; readonly past: Prices; readonly openings: readonly Opening[] }
  >();

  constructor(
    private readonly options: TradeFlowOptions,
    private readonly markets: readonly string[],
  ) {}

  /**
   * Trades of bar t, in order.
   *
   * @param history price rows up to t, indexed by bar
   */
  tradesAt(t: number, history: PriceHistory): TradePayload[] {
    const trades: TradePayload[] = this.openings(t, history).map(({ id, account, market, size }) => ({
      tradeId: id,
      account,
      legs: [{ market: this.markets[market], size }],
    }));
    for (let opened = Math.max(0, t - LONGEST_HOLDING); opened < t; opened++) {
      for (const { id, account, market, size, holding } of this.openings(opened, history)) {
        if (opened + holding !== t) continue;
        trades.push({
          tradeId: `${id}-close`,
          account,
          legs: [{ market: this.markets[market], size: negated(size) }],
          // Nothing may be left to close: the account may have been liquidated.
          reduceOnly: true,
        });
      }
    }
    return trades;
  }

  /**
   * Deposits and withdrawals of traders at bar t: something at the beginning, collateral for each opening at a leverage of
   * their own choice, and, a bar after closing, the same amount back if their margin allows.
   */
  accountCommandsAt(t: number, history: PriceHistory): AccountPayload[] {
    const { seed, accounts, firstBar, medianNotional } = this.options;
    const commands: AccountPayload[] = [];
    if (t === firstBar) {
      const random = randomStream(seed);
      for (let i = 0; i < accounts; i++) {
        const amount = (0.005 * medianNotional * Math.exp(random.normal())).toFixed(2);
        commands.push({
          kind: 'deposit',
          commandId: `flow-${seed}-join-${i}`,
          account: `trader-${i}`,
          amount,
        });
      }
    }
    for (const { id, account, collateral } of this.openings(t, history)) {
      commands.push({ kind: 'deposit', commandId: `${id}-in`, account, amount: collateral });
    }
    for (let opened = Math.max(0, t - 1 - LONGEST_HOLDING); opened < t - 1; opened++) {
      for (const { id, account, collateral, holding } of this.openings(opened, history)) {
        if (opened + holding !== t - 1) continue;
        commands.push({ kind: 'withdrawal', commandId: `${id}-out`, account, amount: collateral });
      }
    }
    return commands;
  }

  /** Kept until the last of them is closed: every bar asks for those of all bars before. */
  private openings(t: number, history: PriceHistory): readonly Opening[] {
    const prices = history(t);
    const past = history(t - 24);
    if (prices === undefined || past === undefined || t < this.options.firstBar) return [];
    const known = this.opened.get(t);
    if (known?.prices === prices && known.past === past) return known.openings;
    const openings = this.drawn(t, prices, past);
    this.opened.set(t, { prices, past, openings });
    this.opened.delete(t - LONGEST_HOLDING - 2);
    return openings;
  }

  private drawn(t: number, prices: Prices, past: Prices): Opening[] {
    const { seed, accounts, tradesPerBar, medianNotional } = this.options;
    const random = randomStream((seed * 0x9e3779b1 + t * 0x85ebca6b) >>> 0);
    const openings: Opening[] = [];
    // Poisson by counting exponential waits.
    for (
      let wait = -Math.log(1 - random.uniform()), i = 0;
      wait < tradesPerBar;
      wait -= Math.log(1 - random.uniform()), i++
    ) {
      const market = Math.floor(this.markets.length * random.uniform() ** 1.5);
      const price = Number(prices[market] ?? NaN);
      const trend = Math.log(price / Number(past[market] ?? NaN));
      const long = random.uniform() < 1 / (1 + Math.exp(-20 * trend));
      const notional = medianNotional * Math.exp(random.normal());
      const size = (notional / price).toPrecision(4);
      const decimals = size.includes('e') ? Number(size).toFixed(0) : size;
      const opening = {
        id: `flow-${seed}-${t}-${i}`,
        account: `trader-${Math.floor(accounts * random.uniform())}`,
        market,
        size: `${long ? '' : '-'}${decimals}`,
        collateral: (notional / (2 + 3.5 * random.uniform())).toFixed(2),
        holding: 1 + Math.floor((LONGEST_HOLDING - 1) * random.uniform() ** 2),
      };
      // Nobody opens a position in a market that is not listed yet, or no longer; its random numbers are drawn all the same.
      if (Number.isFinite(trend)) openings.push(opening);
    }
    return openings;
  }
}
