import {
  formatMoney,
  fromNumber,
  MONEY_DECIMALS,
  parseDecimal,
  PRICE_DECIMALS,
  SIZE_DECIMALS,
  toNumber,
} from '#lib/amounts';
import { ZkriskError } from '#lib/errors';
import {
  accountsOf,
  accountState,
  type BookEvent,
  ExchangeLedger,
  type ExchangeParameters,
  poolState,
  PricingEngine,
} from '#lib/exchange';
import { type LiquidatingParameters, MarginWatch, ordersOf } from '#lib/liquidating';
import { liquidate, type Solvers } from '#lib/liquidation';
import type { LiquidationTradePayload, TradePayload } from '#lib/messages';
import { poolWorth } from '../stress/pool-worth.js';
import {
  type BarInput,
  bookRisk,
  type Listener,
  type TradeIntent,
  type TradeOutcome,
  type Venue,
} from './venue.js';

export interface ZkriskSettings {
  readonly exchange: ExchangeParameters;
  readonly liquidating: LiquidatingParameters;
  /** premia collected within it vest together, milliseconds */
  readonly bucketMs: number;
  readonly liquidity: number;
}

/** A command as its topic would carry it, to feed the services with the lab's commands. */
export type VenueCommand =
  | { readonly topic: 'trades'; readonly time: number; readonly payload: TradePayload }
  | { readonly topic: 'liquidation-trades'; readonly time: number; readonly payload: LiquidationTradePayload }
  | {
      readonly topic: 'accounts';
      readonly time: number;
      readonly payload: Parameters<PricingEngine['account']>[0];
    }
  | {
      readonly topic: 'liquidity';
      readonly time: number;
      readonly payload: Parameters<PricingEngine['liquidity']>[0];
    };

/** Notional of the position whose margin is followed, money. */
const REFERENCE_NOTIONAL = 100_000;
/** Rounds of plans in a bar, and plans in a round: an account that stays below its margin waits for the next bar. */
const MOST_ROUNDS = 20;
const PLANS_A_ROUND = 64;

const moneyOf = (text: string) => toNumber(parseDecimal(text, MONEY_DECIMALS, 'money'), MONEY_DECIMALS);

/** The engine itself: pricing, liquidating and their books, command by command as the services drive them. */
export class ZkriskVenue implements Venue {
  readonly engine: PricingEngine;
  private readonly watch: MarginWatch;
  private readonly touched = new Set<string>();
  private readonly blocked = new Set<string>();
  private poolTouched = false;
  private time = 0;
  private plans = 0;
  private provided = false;
  private last = { exchange: 0, liquidity: 0, shortfall: 0 };
  private funding: Float64Array | undefined;

  constructor(
    readonly markets: readonly string[],
    private readonly settings: ZkriskSettings,
    private readonly solvers: Solvers,
    private readonly tell: Listener,
    /** sees every book event with its number, and every command */
    private readonly observer: {
      readonly book?: (sequence: number, event: BookEvent) => void;
      readonly command?: (command: VenueCommand) => void;
    } = {},
  ) {
    const ledger = new ExchangeLedger(settings.exchange.horizonMs, settings.bucketMs);
    this.engine = new PricingEngine(settings.exchange, ledger);
    this.watch = new MarginWatch(settings.liquidating);
  }

  open({ bar, time, text, forecast }: BarInput): void {
    this.time = time;
    this.blocked.clear();
    this.funding = undefined;
    this.markets.forEach((market, i) => {
      const price = text[i];
      if (price === undefined) return;
      const tick = { market, price, time, sequence: bar, appendedAt: time };
      this.take(market, () => {
        this.engine.take(tick);
        this.watch.take(tick);
      });
    });
    this.take('watermark', () => {
      this.engine.watermark(time, time);
      this.watch.watermark(time, time);
    });
    this.keep(this.engine.takeMatured());
    if (forecast !== undefined) {
      this.keep(this.engine.setForecast(forecast));
      this.watch.setForecast(forecast);
    }
    if (!this.provided) this.provide();
    this.liquidate();
  }

  close(): void {
    this.liquidate();
    const { ledger, board } = this.engine;
    const { exchange, liquidity } = poolWorth(this.engine.ledger, this.engine.board);
    const shortfall = toNumber(ledger.shortfall, MONEY_DECIMALS);
    if (shortfall > this.last.shortfall)
      this.tell({ kind: 'uncovered', amount: shortfall - this.last.shortfall });
    const ready = this.engine.ready();
    const forecast = ready ? board.priceForecast(this.settings.exchange.alpha) : null;
    let undercapitalised = 0;
    if (forecast !== null) {
      const notionals = Float64Array.from(board.markets, (market, i) => {
        return toNumber(ledger.market(market).size, SIZE_DECIMALS) * forecast.prices[i];
      });
      const risk = bookRisk(forecast.returns, notionals, this.settings.exchange.alpha);
      undercapitalised = risk - Math.max(0, exchange + liquidity);
    }
    this.tell({
      kind: 'capital',
      exchange: exchange - this.last.exchange,
      liquidity: liquidity - this.last.liquidity,
      undercapitalised,
      referenceMargin: this.referenceMargin(),
      gross: this.gross(),
    });
    this.last = { exchange, liquidity, shortfall };
  }

  ready(): boolean {
    return this.engine.ready();
  }

  deposit(commandId: string, account: string, amount: number): void {
    const payload = { kind: 'deposit', commandId, account, amount: amount.toFixed(2) } as const;
    this.observer.command?.({ topic: 'accounts', time: this.time, payload });
    this.keep(this.engine.account(payload, this.time));
  }

  withdraw(commandId: string, account: string, amount: number | 'available'): void {
    const text = amount === 'available' ? amount : amount.toFixed(2);
    const payload = { kind: 'withdrawal', commandId, account, amount: text, acceptHaircut: true } as const;
    this.observer.command?.({ topic: 'accounts', time: this.time, payload });
    this.keep(this.engine.account(payload, this.time));
  }

  trade({ id, account, market, size, reduceOnly, maximumCost }: TradeIntent): TradeOutcome {
    const name = this.markets[market];
    if (!reduceOnly && maximumCost < Infinity) {
      try {
        const { legs, riskPremium, liquidityPremium } = this.engine.price([{ market: name, size }]);
        const [{ size: asked, exactPrice }] = legs;
        const notional = Math.abs(asked) * toNumber(exactPrice, PRICE_DECIMALS);
        const cost = toNumber(riskPremium + liquidityPremium, MONEY_DECIMALS);
        if (cost > maximumCost * notional) {
          this.tell({ kind: 'too-dear', account, market: name, cost });
          return 'too-dear';
        }
      } catch (error) {
        if (!(error instanceof ZkriskError)) throw error;
        this.tell({ kind: 'refused', account, code: error.code });
        return 'refused';
      }
    }
    const payload: TradePayload = {
      ...{ tradeId: id, account, legs: [{ market: name, size }] },
      ...(reduceOnly ? { reduceOnly } : {}),
    };
    this.observer.command?.({ topic: 'trades', time: this.time, payload });
    const events = this.engine.book(payload, this.time);
    this.keep(events);
    return events.some(({ kind }) => kind === 'trade-booked') ? 'booked' : 'refused';
  }

  equity(account: string): number {
    return this.engine.accounts.standing(account).equity;
  }

  size(account: string, market: number): number {
    return toNumber(this.engine.ledger.position(account, this.markets[market]).size, SIZE_DECIMALS);
  }

  claims(): number {
    return toNumber(this.engine.solvency().claims, MONEY_DECIMALS);
  }

  fundingRate(market: number): number {
    this.funding ??= this.rates();
    return this.funding[market];
  }

  /** The funding rates as they are published at a bar: traders react to these. */
  private rates(): Float64Array {
    const rates = new Float64Array(this.markets.length);
    if (!this.engine.ready()) return rates;
    const { funding, forecast } = this.engine.assessment();
    const { markets } = this.engine.board;
    const at = new Map(markets.map((name, i) => [name, i]));
    this.markets.forEach((name, i) => {
      const j = at.get(name);
      if (j !== undefined)
        rates[i] = (funding.perUnit.risk[j] + funding.perUnit.liquidity[j]) / forecast.prices[j];
    });
    return rates;
  }

  private provide(): void {
    this.provided = true;
    const amount = formatMoney(fromNumber(this.settings.liquidity, MONEY_DECIMALS, 'nearest', 'liquidity'));
    const payload = { kind: 'deposit', commandId: 'lab-liquidity', provider: 'lp-1', amount } as const;
    this.observer.command?.({ topic: 'liquidity', time: this.time, payload });
    this.keep(this.engine.liquidity(payload, this.time));
  }

  /** Initial margin of a long in the first market alone, as a share of its notional; 0 before there is a price. */
  private referenceMargin(): number {
    const [market] = this.markets;
    const mark = this.engine.board.mark(market)?.value;
    if (mark === undefined || !this.engine.ready()) return 0;
    const position = { market, size: REFERENCE_NOTIONAL / mark, entryNotional: REFERENCE_NOTIONAL, mark };
    return this.engine.accounts.standingOf(0, [position]).initialMargin / REFERENCE_NOTIONAL;
  }

  private gross(): number {
    const { ledger, board } = this.engine;
    let gross = 0;
    for (const market of ledger.marketNames()) {
      const { size, longSize } = ledger.market(market);
      gross += toNumber(2n * longSize - size, SIZE_DECIMALS) * (board.mark(market)?.value ?? 0);
    }
    return gross;
  }

  private take(what: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof ZkriskError)) throw error;
      this.tell({ kind: 'refused', account: what, code: error.code });
    }
  }

  /** Liquidates until nobody is below maintenance whom a plan would help. */
  private liquidate(): void {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      this.publish();
      const due = this.watch
        .underMargined()
        .filter(({ account }) => !this.blocked.has(account) && this.watch.plannable(account))
        .slice(0, PLANS_A_ROUND);
      if (due.length === 0) return;
      const commands = due.flatMap(({ account }): LiquidationTradePayload[] => {
        const plan = liquidate(this.watch.caseOf(account), this.solvers);
        if (plan.outcome === 'healthy') {
          this.blocked.add(account);
          return [];
        }
        const sizes = this.watch.liquidatable(account).map(({ size }) => size);
        return [
          {
            ...{ planId: `plan-${++this.plans}`, account, legs: ordersOf(plan, sizes) },
            ...{ liquidator: 'house', parameters: this.watch.rules.version },
          },
        ];
      });
      for (const command of commands) {
        this.observer.command?.({ topic: 'liquidation-trades', time: this.time, payload: command });
        const events = this.engine.liquidate(command, this.time);
        if (events.some(({ kind }) => kind === 'trade-rejected')) this.blocked.add(command.account);
        this.keep(events);
      }
    }
  }

  /** Brings the watch up to date with the accounts that were touched. */
  private publish(): void {
    if (!this.poolTouched) return;
    const { ledger, board } = this.engine;
    this.watch.setPool(poolState(this.engine));
    for (const account of this.touched) this.watch.setAccount(accountState(ledger, account, [], board.now));
    this.touched.clear();
    this.poolTouched = false;
  }

  private keep(events: readonly BookEvent[]): void {
    const first = this.engine.ledger.eventCount - events.length + 1;
    events.forEach((event, i) => {
      this.poolTouched = true;
      for (const account of accountsOf(event)) this.touched.add(account);
      this.observer.book?.(first + i, event);
      this.translate(event);
    });
  }

  private translate(event: BookEvent): void {
    switch (event.kind) {
      case 'trade-booked': {
        const cost =
          moneyOf(event.riskPremium) + moneyOf(event.liquidityPremium) + moneyOf(event.penalty ?? '0');
        const kind = event.planId === undefined ? 'traded' : 'liquidated';
        event.legs.forEach(({ market, size, price }, i) => {
          const notional = Math.abs(Number(size) * Number(price));
          this.tell({ kind, account: event.account, market, notional, cost: i === 0 ? cost : 0 });
        });
        return;
      }
      case 'dust-closed': {
        const notional = Math.abs(Number(event.size) * Number(event.price));
        this.tell({ kind: 'liquidated', account: event.account, market: event.market, notional, cost: 0 });
        return;
      }
      case 'trade-rejected':
      case 'account-rejected':
        this.tell({ kind: 'refused', account: event.account, code: event.code });
        return;
      case 'liquidity-rejected':
        this.tell({ kind: 'refused', account: event.provider, code: event.code });
        return;
      case 'bankruptcy-settled':
        this.tell({ kind: 'bankrupt', account: event.account, loss: moneyOf(event.loss) });
        return;
      case 'gains-cut':
        for (const [account, cut] of event.cuts)
          this.tell({ kind: 'haircut', account, amount: moneyOf(cut) });
        return;
      case 'positions-reduced':
        for (const { account, market, size, price } of event.reductions) {
          const notional = Math.abs(Number(size) * Number(price));
          this.tell({ kind: 'deleveraged', account, market, notional, cut: 0 });
        }
        return;
      case 'account-deposited':
        this.tell({ kind: 'paid-in', account: event.account, amount: moneyOf(event.amount) });
        return;
      case 'account-withdrawn':
        this.tell({ kind: 'paid-out', account: event.account, amount: moneyOf(event.amount) });
        if (event.haircut !== undefined)
          this.tell({ kind: 'haircut', account: event.account, amount: moneyOf(event.haircut) });
        return;
      case 'liquidity-deposited':
        // Paid in, not earned.
        this.last = { ...this.last, liquidity: this.last.liquidity + moneyOf(event.amount) };
        return;
      default:
        return;
    }
  }
}
