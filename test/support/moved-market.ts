import { outgoing, TOPICS } from '#lib/messages';
import { ZkriskClient } from '#lib/sdk';
import {
  type Engine,
  type MarketSource,
  Replayer,
  simulatedMarket,
  startEngine,
} from '../../apps/zkrisk/src/index.js';
import { startTestDatabase } from './database.js';
import { quickParameters } from './quick-parameters.js';

/** Linear margin that lets positions be opened at twenty times the collateral, without caps. */
export const LEVERED = quickParameters(
  {
    forecast: { minimumBars: 40, windowBars: 80, refitEveryBars: 1000 },
    margin: {
      mode: 'linear',
      rates: {
        default: { maintenance: 0.03, initial: 0.05 },
        markets: { 'SIM-B': { maintenance: 0.05, initial: 0.08 } },
      },
    },
    credit: { accountShare: null, poolShare: null, loading: 0 },
  },
  12,
);
const BARS = 60;
const MINUTE_MS = 60_000;
/** A lonely source confirms a large move by repeating it. */
const REPEATED_MS = 6_000;

/** An engine with a forecast, whose marks are moved by hand. */
export interface MovedMarket {
  readonly engine: Engine;
  readonly client: ZkriskClient;
  readonly markets: readonly string[];
  /** market time of the last tick, milliseconds */
  readonly time: number;
  /** multiplies marks, a minute later; all markets tick but those that are left silent */
  move(
    factors: Readonly<Record<string, number>>,
    options?: { stepMs?: number; silent?: string[] },
  ): Promise<void>;
  /** one tick of all markets after some time: smaller moves become marks at once, larger ones with the next tick */
  tick(factors: Readonly<Record<string, number>>, afterMs: number): Promise<void>;
  /** price of the last tick, as it was sent */
  price(market: string): string;
  /** pays collateral in and opens positions, notionals by market, negative: short */
  open(account: string, leverage: number, notionals: Readonly<Record<string, number>>): Promise<void>;
  stop(): Promise<void>;
}

/** Starts an engine on a simulated market of 60 bars, to be moved by hand from there. */
export async function startMovedMarket(environment: NodeJS.ProcessEnv = {}): Promise<MovedMarket> {
  const database = await startTestDatabase();
  const engine = await startEngine({
    ...{ PORT: '0', DATABASE_URL: database.url, LOG_LEVEL: 'silent', HOUSE_LIQUIDATOR: 'off' },
    FIRST_PARAMETERS: LEVERED,
    ...environment,
  });
  const client = new ZkriskClient({ url: engine.url });
  const source: MarketSource = simulatedMarket(11, BARS);
  const marks = new Map<string, number>();
  let [time, sent] = [0, 0];
  await new Replayer(source, engine.log, engine.database, {
    ...{ speed: undefined, liquidity: 1_000_000, warmUpBars: 0 },
    flow: { seed: 3, accounts: 5, tradesPerBar: 0, medianNotional: 10_000, firstBar: 45 },
  }).run(new AbortController().signal, (progress) => (time = progress.time));
  for (const row of source.rows(BARS - 1))
    source.markets.forEach((market, i) => marks.set(market, Number(row.prices[i])));
  const publish = async (silent: readonly string[], after: number) => {
    const ticking = [...marks].filter(([market]) => !silent.includes(market));
    await engine.log.publish(
      ticking.map(([market, price]) => {
        const header = { id: `move-${++sent}`, sequence: sent, time: time + after };
        const tick = { kind: 'tick', market, price: price.toFixed(10) } as const;
        return { ...outgoing(TOPICS.prices, market, header, tick), appendedAt: header.time };
      }),
    );
  };
  return {
    ...{ engine, client, markets: source.markets },
    get time() {
      return time;
    },
    move: async (factors, { stepMs = MINUTE_MS, silent = [] } = {}) => {
      time += stepMs;
      for (const [market, factor] of Object.entries(factors)) marks.set(market, marks.get(market)! * factor);
      for (const after of [0, REPEATED_MS]) await publish(silent, after);
      time += REPEATED_MS;
      await engine.log.drained(new AbortController().signal);
    },
    tick: async (factors, afterMs) => {
      time += afterMs;
      for (const [market, factor] of Object.entries(factors)) marks.set(market, marks.get(market)! * factor);
      await publish([], 0);
      await engine.log.drained(new AbortController().signal);
    },
    price: (market) => marks.get(market)!.toFixed(10),
    open: async (account, leverage, notionals) => {
      const whole = Object.values(notionals).reduce((sum, value) => sum + Math.abs(value), 0);
      await client.deposit(account, (whole / leverage).toFixed(2));
      const legs = Object.entries(notionals).map(([market, notional]) => ({
        market,
        size: (notional / marks.get(market)!).toFixed(6),
      }));
      const quote = await client.quote(account, legs);
      await client.acceptQuote(quote.id);
    },
    stop: async () => {
      await engine.stop();
      await database.stop();
    },
  };
}
