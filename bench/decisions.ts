import { ExchangeLedger, type ExchangeParameters, firstRules, PricingEngine } from '#lib/exchange';
import { type CovariancePayload, outgoing, TOPICS, type TradePayload } from '#lib/messages';
import { randomStream, type RandomStream } from '#lib/runtime';
import { advanceState, factorForecast, fitForecastModel, initialState } from '#lib/volatility';
import { HOUR_MS, PARAMETERS as MACHINE, START } from '../test/support/exchange-machine.js';
import { cpuSeconds, type GrowthRow, growthRow, marketReturns } from './growth.js';

const PARAMETERS: ExchangeParameters = {
  ...MACHINE,
  // Everything is checked, and caps are wide: it is the time of a trade that is booked.
  rules: firstRules({ limits: { market: 2e12 }, credit: { accountShare: 1, poolShare: 1 } }),
};

/** Trades between two ticks: a tick moves market time, so that funding is owed again. */
const TRADES_BETWEEN_TICKS = 20;

/** Trades of a measurement, and of a batch, whose records are written together. */
const TRADES = 10_000;
const BATCH = 500;

/** Accounts that have a position before anything is measured. */
const MOST_OPENED = 20_000;

/** An exchange of so many markets and accounts, in process, that decides trades of one leg at marks that move. */
export class TradingExchange {
  readonly engine: PricingEngine;
  private readonly random: RandomStream = randomStream(17);
  private time = START;
  private ticks = 0;
  private trades = 0;
  private made = 0;

  /** @param factors common to all markets, of the forecast */
  constructor(
    readonly markets: number,
    readonly accounts: number,
    factors: number,
  ) {
    const ledger = new ExchangeLedger(PARAMETERS.horizonMs, PARAMETERS.horizonMs / 1440);
    this.engine = new PricingEngine(PARAMETERS, ledger);
    for (let i = 0; i < markets; i++) this.tick(i);
    this.engine.setForecast(forecastOf(markets, factors));
    this.engine.liquidity(
      { kind: 'deposit', commandId: 'lp', provider: 'lp', amount: '100000000000' },
      this.time,
    );
    for (let a = 0; a < accounts; a++) {
      this.engine.account(
        { kind: 'deposit', commandId: `d${a}`, account: `account-${a}`, amount: '100000000' },
        this.time,
      );
    }
    // Most of the measured time is trading, not opening, wherever there are not very many accounts.
    for (let a = 0; a < Math.min(accounts, MOST_OPENED); a++) this.trade(this.command(a));
  }

  private tick(market: number): void {
    this.time += 5;
    const price = (100 * (1 + 0.01 * this.random.uniform())).toFixed(4);
    this.engine.take({ market: `M${market}`, price, time: this.time, sequence: ++this.ticks });
    this.engine.takeMatured();
  }

  /** A trade's command as it comes from the log: read from its JSON. */
  private command(account: number): TradePayload {
    const size = (this.random.uniform() < 0.5 ? -1 : 1) * (0.01 + 20 * this.random.uniform());
    const legs = [{ market: `M${account % this.markets}`, size: size.toFixed(4) }];
    const text = JSON.stringify({ tradeId: `t${this.made++}`, account: `account-${account}`, legs });
    return JSON.parse(text) as TradePayload;
  }

  private trade(command: TradePayload): void {
    const [booked] = this.engine.book(command, this.time).slice(-1);
    if (booked.kind !== 'trade-booked') throw new Error(`a trade was not booked: ${JSON.stringify(booked)}`);
    if (++this.trades % TRADES_BETWEEN_TICKS === 0)
      this.tick(Math.floor(this.random.uniform() * this.markets));
  }

  /** So many trades of accounts drawn at random. */
  commands(trades: number): TradePayload[] {
    return Array.from({ length: trades }, () =>
      this.command(Math.floor(this.random.uniform() * this.accounts)),
    );
  }

  /** Decides trades, with a tick now and then. */
  run(commands: readonly TradePayload[]): void {
    for (const command of commands) this.trade(command);
  }
}

/** A forecast of markets M0, M1 …, with so many common factors. */
export function forecastOf(markets: number, factors: number): CovariancePayload {
  const random = randomStream(5);
  const variances = Array.from({ length: factors }, (_, k) => (k === 0 ? 0.02 : 0.005) ** 2);
  const own = Array.from({ length: markets }, () => (0.01 + 0.02 * random.uniform()) ** 2);
  return {
    ...{ forecastId: 'f1', modelVersion: 1, barEnd: START, horizonMs: 24 * HOUR_MS },
    ...{ markets: Array.from({ length: markets }, (_, i) => `M${i}`), factors, tailFactors: [] },
    loadings: Array.from({ length: markets * factors }, (_, at) =>
      at % factors === 0 ? 0.7 + 0.6 * random.uniform() : random.normal(),
    ),
    ...{ factorVariances: variances, factorVarianceRates: variances.map((value) => 365 * value) },
    ...{ ownVariances: own, ownVarianceRates: own.map((value) => 365 * value) },
    ...{ stale: [], warmingUp: [], excluded: [] },
  };
}

/** Factors of the bench's forecasts: as many as LM-GO finds in such markets. */
export function factorsOf(markets: number): number {
  return Math.max(1, Math.round(Math.sqrt(markets) / 2));
}

/** How a decided trade grows with the markets and with the accounts there are, CPU time of a trade with its share of ticks. */
export function tradeGrowth(): GrowthRow[] {
  const written = new Map<number, number>();
  const decide = (markets: number, accounts: number, receipts = false) => {
    const exchange = new TradingExchange(markets, accounts, factorsOf(markets));
    const recorder = receipts ? exchange.engine.recordChanges() : undefined;
    exchange.run(exchange.commands(TRADES));
    recorder?.take();
    let least = Infinity;
    for (let i = 0; i < 3; i++) {
      let [decided, records] = [0, 0];
      for (let batch = 0; batch < TRADES / BATCH; batch++) {
        const commands = exchange.commands(BATCH);
        decided += cpuSeconds(1, () => exchange.run(commands)) / TRADES;
        if (recorder !== undefined) records += cpuSeconds(1, () => recorder.take()) / TRADES;
      }
      least = Math.min(least, decided);
      if (receipts) written.set(markets, Math.min(records, written.get(markets) ?? Infinity));
    }
    return least;
  };
  const sizes = [8, 50, 200, 500];
  return [
    growthRow(
      'decide a trade, 2,000 accounts',
      'markets',
      sizes,
      { 8: 8e-6, 50: 10e-6, 500: 25e-6 },
      (markets) => decide(markets, 2000),
    ),
    growthRow(
      'decide a trade and note it for its receipt, 2,000 accounts',
      'markets',
      sizes,
      { 8: 8e-6, 50: 10e-6, 500: 25e-6 },
      (markets) => decide(markets, 2000, true),
    ),
    growthRow('the record of a trade, written once a batch', 'markets', sizes, {}, (markets) =>
      written.get(markets)!,
    ),
    growthRow('decide a trade, 50 markets', 'accounts', [1000, 10_000, 100_000, 1_000_000], {}, (accounts) =>
      decide(50, accounts),
    ),
  ];
}

/** From a bar's returns to the forecast in force in the pricer, by markets. */
export function barGrowth(): GrowthRow {
  return growthRow(
    'a bar: LM-GO’s filter, horizon and rate, its message written and read, in force in the pricer',
    'markets',
    [24, 200, 500],
    { 500: 0.15 },
    barToForce,
  );
}

/** CPU time from a bar's returns to the forecast in force, everything in one process and nothing on the way between two. */
function barToForce(markets: number): number {
  const returns = marketReturns(markets);
  const names = returns.map((_, i) => `M${i}`);
  const { model } = fitForecastModel(names, returns);
  const { engine } = new TradingExchange(markets, 100, 1);
  const row = returns.map((series) => series[7]);
  let bar = 0;
  return cpuSeconds(20, () => {
    const made = factorForecast(model, advanceState(model, initialState(model), row), 24, 1);
    const payload: CovariancePayload = {
      ...{ ...forecastOf(0, 0), forecastId: `bar${++bar}`, markets: names, factors: made.factors },
      ...{ loadings: [...made.loadings], factorVariances: [...made.variances] },
      ...{ factorVarianceRates: [...made.varianceRates] },
      ...{ ownVariances: [...made.own], ownVarianceRates: [...made.ownRates] },
    };
    const header = { id: payload.forecastId, sequence: bar, time: START };
    const { value } = outgoing(TOPICS.covariance, 'market', header, payload);
    engine.setForecast(TOPICS.covariance.message.parse(JSON.parse(value)).payload);
  });
}
