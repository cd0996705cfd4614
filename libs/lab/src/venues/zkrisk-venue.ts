import {
  formatMoney,
  fromNumber,
  MONEY_DECIMALS,
  PRICE_DECIMALS,
  SIZE_DECIMALS,
  toNumber,
} from '#lib/amounts';
import { ZkriskError } from '#lib/errors';
import { type BookEvent, ExchangeLedger, type ExchangeParameters, PricingEngine } from '#lib/exchange';
import type { LiquidatingParameters } from '#lib/liquidating';
import type { Solvers } from '#lib/liquidation';
import type { LiquidationTradePayload, TradePayload } from '#lib/messages';
import { poolWorth } from '../stress/pool-worth.js';
import { HouseLiquidator } from './house-liquidator.js';
import { moneyOf, tellBookEvent } from './tell-book-event.js';
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

/** The engine itself: pricing, liquidating and their books, command by command as the services drive them. */
export class ZkriskVenue implements Venue {
  readonly engine: PricingEngine;
  private readonly house: HouseLiquidator;
  private time = 0;
  private provided = false;
  private last = { exchange: 0, liquidity: 0, shortfall: 0 };
  private funding: Float64Array | undefined;

  constructor(
    readonly markets: readonly string[],
    private readonly settings: ZkriskSettings,
    solvers: Solvers,
    private readonly tell: Listener,
    /** sees every book event with its number, and every command */
    private readonly observer: {
      readonly book?: (sequence: number, event: BookEvent) => void;
      readonly command?: (command: VenueCommand) => void;
    } = {},
  ) {
    const ledger = new ExchangeLedger(settings.exchange.horizonMs, settings.bucketMs);
    this.engine = new PricingEngine(settings.exchange, ledger);
    this.house = new HouseLiquidator(this.engine, settings.liquidating, solvers, (command) => {
      this.observer.command?.({ topic: 'liquidation-trades', time: this.time, payload: command });
      const events = this.engine.liquidate(command, this.time);
      this.keep(events);
      return events;
    });
  }

  open({ bar, time, text, forecast }: BarInput): void {
    this.time = time;
    this.house.barBegins();
    this.funding = undefined;
    this.markets.forEach((market, i) => {
      const price = text[i];
      if (price === undefined) return;
      const tick = { market, price, time, sequence: bar, appendedAt: time };
      this.take(market, () => {
        this.house.marked(this.engine.take(tick));
      });
    });
    this.take('watermark', () => {
      this.engine.watermark(time, time);
    });
    this.keep(this.engine.takeMatured());
    if (forecast !== undefined) {
      this.keep(this.engine.setForecast(forecast));
      this.house.forecastSet();
    }
    if (!this.provided) this.provide();
    this.house.liquidate();
  }

  close(): void {
    this.house.liquidate();
    const { ledger, board } = this.engine;
    const { exchange, liquidity } = poolWorth(ledger, board);
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
    return this.engine.accounts.atMarks(account).equity;
  }

  size(account: string, market: number): number {
    return toNumber(this.engine.ledger.position(account, this.markets[market]).size, SIZE_DECIMALS);
  }

  claims(): number {
    return toNumber(this.engine.claims, MONEY_DECIMALS);
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

  private keep(events: readonly BookEvent[]): void {
    const first = this.engine.ledger.eventCount - events.length + 1;
    events.forEach((event, i) => {
      this.house.booked(event);
      this.observer.book?.(first + i, event);
      tellBookEvent(event, this.tell);
      // Paid in, not earned.
      if (event.kind === 'liquidity-deposited')
        this.last = { ...this.last, liquidity: this.last.liquidity + moneyOf(event.amount) };
    });
  }
}
