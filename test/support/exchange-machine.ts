import {
  type BookEvent,
  ExchangeLedger,
  firstRules,
  type LedgerSnapshot,
  type ExchangeParameters,
  markParameters,
  PricingEngine,
  type PricingEngineState,
} from '#lib/exchange';
import { MONEY_DECIMALS, parseDecimal, toNumber } from '#lib/amounts';
import type { AccountPayload, CovariancePayload, MatchPayload } from '#lib/messages';

export const HOUR_MS = 3_600_000;
/** market time at which the machines of tests begin */
export const START = Date.UTC(2024, 0, 1);

/** Linear margin without caps and charge: of tests of everything else. */
export const LINEAR = {
  margin: { mode: 'linear' },
  credit: { accountShare: null, poolShare: null, loading: 0 },
};

export const PARAMETERS: ExchangeParameters = {
  ...{ measure: 'evar', allocation: 'covariance', alpha: 0.01 },
  horizonMs: 24 * HOUR_MS,
  // Moves of any size become marks at once: the choice of marks is tested with the marks.
  marks: markParameters({ bandMinimum: 10, maximumStepMs: 1e12 }),
  rules: firstRules(LINEAR),
};

/** Money as the books have it. */
export const money = (text: string | number): bigint => parseDecimal(String(text), MONEY_DECIMALS, 'money');
export const number = (amount: bigint): number => toNumber(amount, MONEY_DECIMALS);

/** The exchange as a pure machine, with commands as tests write them. Every event is kept, and the books balance after each. */
export class ExchangeMachine {
  engine: PricingEngine;
  readonly events: BookEvent[] = [];
  time = START;
  private commands = 0;
  private forecasts = 0;
  protected ticks = 0;

  /**
   * @param volatility of each market's log return over the horizon
   * @param correlation between any two markets
   */
  constructor(
    readonly markets: readonly string[] = ['A', 'B'],
    private readonly options: {
      readonly volatility?: number;
      readonly correlation?: number;
      readonly parameters?: Partial<ExchangeParameters>;
      /** changes of the risk parameters, beside {@link LINEAR} */
      readonly rules?: object;
    } = {},
  ) {
    const rules = firstRules({ ...LINEAR, ...options.rules });
    const parameters = { ...PARAMETERS, rules, ...options.parameters };
    const ledger = new ExchangeLedger(parameters.horizonMs, parameters.horizonMs / 64);
    this.engine = new PricingEngine(parameters, ledger);
    this.marks(Object.fromEntries(markets.map((market) => [market, 100])), 0);
    this.forecast();
  }

  get ledger(): ExchangeLedger {
    return this.engine.ledger;
  }

  /** Marks of all markets, where they are; with prices, where they go. */
  marks(prices: Readonly<Record<string, number>> = {}, laterMs = 1000): void {
    this.time += laterMs;
    for (const market of this.markets) {
      const price = prices[market] ?? this.engine.board.mark(market)!.value;
      const text = price < 1e-5 ? price.toFixed(12) : String(price);
      this.engine.take({ market, price: text, time: this.time, sequence: ++this.ticks });
    }
    this.keep(this.engine.takeMatured());
  }

  /** @param given another volatility, or a forecast in place of one of equal volatilities and correlations */
  forecast(given: CovariancePayload | { readonly volatility?: number } = {}): void {
    if ('forecastId' in given) {
      this.keep(this.engine.setForecast(given));
      return;
    }
    const { volatility = 0.05, correlation = 0.5 } = { ...this.options, ...given };
    const n = this.markets.length;
    const [shared, own] = [Math.sqrt(Math.abs(correlation)), volatility ** 2 * (1 - Math.abs(correlation))];
    const payload: CovariancePayload = {
      ...{ forecastId: `f${++this.forecasts}`, modelVersion: 1, barEnd: this.time, horizonMs: 24 * HOUR_MS },
      ...{ markets: [...this.markets], factors: 1, tailFactors: [] },
      loadings: this.markets.map((_, i) => (correlation < 0 && i % 2 === 1 ? -shared : shared)),
      ...{ factorVariances: [volatility ** 2], factorVarianceRates: [volatility ** 2 * 365] },
      ...{
        ownVariances: new Array<number>(n).fill(own),
        ownVarianceRates: new Array<number>(n).fill(own * 365),
      },
      ...{ stale: [], warmingUp: [], excluded: [] },
    };
    this.keep(this.engine.setForecast(payload));
  }

  deposit(account: string, amount: number | string): BookEvent {
    return this.last(
      this.engine.account(
        { kind: 'deposit', commandId: this.id(), account, amount: String(amount) },
        this.time,
      ),
    );
  }

  withdraw(account: string, amount: number | string, acceptHaircut = false): BookEvent {
    const command = { kind: 'withdrawal', commandId: this.id(), account, amount: String(amount) } as const;
    return this.last(this.engine.account({ ...command, acceptHaircut }, this.time));
  }

  transfer(account: string, market: string, amount: number | string): BookEvent {
    const command = {
      kind: 'transfer',
      commandId: this.id(),
      account,
      market,
      amount: String(amount),
    } as const;
    return this.last(this.engine.account(command, this.time));
  }

  trade(
    account: string,
    sizes: Readonly<Record<string, number | string>> | readonly (readonly [string, number | string])[],
    options: { margin?: 'cross' | 'isolated'; reduceOnly?: boolean } = {},
  ): BookEvent {
    const entries = Array.isArray(sizes) ? (sizes as [string, number | string][]) : Object.entries(sizes);
    const legs = entries.map(([market, size]) => ({ market, size: String(size) }));
    const events = this.engine.book({ tradeId: this.id(), account, legs, ...options }, this.time);
    this.keep(events);
    return events.findLast(({ kind }) => kind === 'trade-booked' || kind === 'trade-rejected')!;
  }

  match(command: MatchPayload): BookEvent {
    return this.last(this.engine.match(command, this.time));
  }

  /** Any command of an account. */
  command(command: AccountPayload): BookEvent {
    return this.last(this.engine.account(command, this.time));
  }

  /** The process ends, and another one takes up its stored state. */
  restart(): void {
    const { parameters, board } = this.engine;
    const state = JSON.parse(JSON.stringify(this.engine.snapshot())) as PricingEngineState;
    const ledger = this.restored(JSON.parse(JSON.stringify(this.ledger.snapshot())) as LedgerSnapshot);
    this.engine = new PricingEngine(parameters, ledger, state, board.latestForecast);
  }

  /** A ledger from a snapshot, or a new one. */
  restored(snapshot?: LedgerSnapshot): ExchangeLedger {
    const { horizonMs, bucketMs } = this.ledger;
    return snapshot === undefined
      ? new ExchangeLedger(horizonMs, bucketMs)
      : ExchangeLedger.restore(snapshot, horizonMs, bucketMs);
  }

  /** @param offer the plan's penalty, and prices at which the liquidator's account takes the positions over */
  liquidate(
    account: string,
    sizes: Readonly<Record<string, number | string>>,
    offer: { penaltyRate?: number; prices?: string[]; liquidator?: string } = {},
  ): BookEvent[] {
    const legs = Object.entries(sizes).map(([market, size]) => ({ market, size: String(size) }));
    const parameters = this.engine.parameters.rules.version;
    const events = this.engine.liquidate(
      { planId: this.id(), account, legs, liquidator: 'bot', parameters, ...offer },
      this.time,
    );
    this.keep(events);
    return events;
  }

  /** Closes all that an account has open. */
  liquidateAll(account: string): BookEvent[] {
    const open = this.ledger.account(account).positions;
    return this.liquidate(
      account,
      Object.fromEntries(open.map(({ market, size }) => [market, (-Number(size) / 1e8).toFixed(8)])),
    );
  }

  provide(provider: string, amount: number | string): BookEvent {
    return this.last(
      this.engine.liquidity(
        { kind: 'deposit', commandId: this.id(), provider, amount: String(amount) },
        this.time,
      ),
    );
  }

  /** A vault holds so many pool shares for its provider, at a price of 1. @returns why it was refused, where it was */
  value(provider: string, units: number, haircut = 0.1): string | undefined {
    this.marks();
    const { events, refusal } = this.engine.valuation(
      {
        ...{ provider, units: String(units), settled: '0', unitValue: '1', haircut },
        ...{ vault: `0x${'11'.repeat(20)}`, block: 1 },
      },
      this.time,
    );
    this.keep(events);
    return refusal;
  }

  leave(provider: string, amount: number | string, mode: 'locked' | 'forced' = 'forced'): BookEvent {
    return this.last(
      this.engine.liquidity(
        { kind: 'withdrawal', commandId: this.id(), provider, amount: String(amount), mode },
        this.time,
      ),
    );
  }

  /** Time passes, with marks at its end. */
  wait(ms: number): void {
    this.marks({}, ms);
    this.keep(this.engine.settleTime());
  }

  /** Books elapsed time. */
  settle(): void {
    this.keep(this.engine.settleTime());
  }

  equity(account: string): number {
    return this.engine.accounts.standing(account).equity;
  }

  worth(provider: string): number {
    return number(this.engine.shares.positionOf(provider).worth);
  }

  private last(events: BookEvent[]): BookEvent {
    this.keep(events);
    return events.findLast(({ kind }) => kind !== 'credit-charged')!;
  }

  protected keep(events: readonly BookEvent[]): void {
    this.events.push(...events);
    if (events.length === 0) return;
    const imbalance = this.ledger.imbalance();
    if (imbalance !== 0n) throw new Error(`the books are out of balance by ${imbalance}`);
  }

  protected id(): string {
    return `c${++this.commands}`;
  }
}
