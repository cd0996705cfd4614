import type { BookEvent } from '#lib/exchange';
import { HouseLiquidator } from '../../apps/liquidator/src/index.js';
import { type Engine, type MarketSource, Replayer, startEngine } from '../../apps/zkrisk/src/index.js';
import { startTestDatabase, type TestDatabase } from './database.js';
import { narrowMargins } from './narrow-margins.js';
import { QUICK_MODEL } from './topology.js';
import { TradersOfAReplay } from './traders-of-a-replay.js';

/** Result of a replay of prices. */
export interface ReplayedPrices {
  /** accounts that were liquidated, and when */
  readonly liquidated: readonly string[];
  readonly capital: bigint;
  readonly liquidity: bigint;
  readonly shortfall: bigint;
  readonly riskMeasure: number;
  readonly imbalance: bigint;
  readonly bankruptcies: bigint;
  readonly events: readonly BookEvent[];
}

/** A small flow of trades over three or four markets, with liquidations. */
const FLOW = { seed: 11, accounts: 60, tradesPerBar: 6, medianNotional: 20_000, firstBar: 40 };

/** As `npm start` has it. */
const LIQUIDITY = 5_000_000;

export interface ReplayedPricesOptions {
  /** called before each bar is sent, after the trades of the bar before */
  readonly before?: (bar: number, engine: Engine) => Promise<void>;
  /** true prices, as traders know them; left out, they believe the sent ones */
  readonly truth?: MarketSource;
  /** price in the exchange's unit as a multiple of the true one */
  readonly unit?: (bar: number, market: string) => number;
  /** the exchange that has replayed the first bars; left out, it begins with the first */
  readonly after?: ReplayedBeginning;
}

/** An exchange that has replayed the first bars of a source, and rests: replays go on from copies of it. */
export interface ReplayedBeginning {
  readonly database: TestDatabase;
  stop(): Promise<void>;
}

/** @throws {Error} where orders wait to be sent again: they would be lost to the replays that go on from there */
export async function replayBeginning(source: MarketSource): Promise<ReplayedBeginning> {
  const database = await startTestDatabase();
  const { traders } = await replayOn(database, source, {}, () => Promise.resolve());
  if (traders.pending.length > 0) throw new Error(`${traders.pending.length} orders wait to be sent again`);
  return { database, stop: () => database.stop() };
}

/** Replays prices to the end, in one process on tables. Traders send again orders refused for a mark that was not good. */
export async function replayPrices(
  source: MarketSource,
  options: ReplayedPricesOptions = {},
): Promise<ReplayedPrices> {
  const database = await startTestDatabase(options.after?.database);
  try {
    return (await replayOn(database, source, options, resultOf)).result;
  } finally {
    await database.stop();
  }
}

async function replayOn<Result>(
  database: TestDatabase,
  source: MarketSource,
  { before = () => Promise.resolve(), truth = source, unit }: ReplayedPricesOptions,
  seen: (engine: Engine) => Promise<Result>,
): Promise<{ traders: TradersOfAReplay; result: Result }> {
  const engine = await startEngine({
    ...{ ...QUICK_MODEL, DATABASE_URL: database.url, PORT: '0' },
    ...{ HOUSE_LIQUIDATOR: 'off', LOG_LEVEL: 'error', ...narrowMargins() },
    ...{ ADMIN_SECRET: 'a'.repeat(40), MARKET_ORDER_SECRET: ORDER_SECRET },
  });
  try {
    const house = engine.app.get(HouseLiquidator);
    const traders = new TradersOfAReplay(FLOW, truth, unit);
    await new Replayer(source, engine.log, engine.database, {
      ...{ speed: undefined, liquidity: LIQUIDITY, warmUpBars: 0 },
      flow: { ...FLOW, accounts: 0, tradesPerBar: 0 },
      before: async (bar) => {
        if (bar > 0) await traders.act(bar - 1, engine);
        await before(bar, engine);
      },
      liquidator: (manager) => house.reports(manager),
    }).run(new AbortController().signal);
    return { traders, result: await seen(engine) };
  } finally {
    await engine.stop();
  }
}

async function resultOf(engine: Engine): Promise<ReplayedPrices> {
  const rows = await engine.database.query<{ payload: BookEvent }[]>(
    'select payload from book_event order by sequence',
  );
  const events = rows.map(({ payload }) => payload);
  const { ledger } = engine.pricer.engine;
  return {
    liquidated: events.flatMap((event) =>
      event.kind === 'trade-booked' && event.planId !== undefined ? [`${event.account}@${event.at}`] : [],
    ),
    capital: ledger.capital,
    liquidity: ledger.liquidity,
    shortfall: ledger.shortfall,
    riskMeasure: engine.pricer.engine.standing.riskRecord().riskMeasure,
    imbalance: ledger.imbalance(),
    bankruptcies: ledger.totals.bankruptcies,
    events,
  };
}

/** The operator's secret of these replays. */
export const ORDER_SECRET = 'o'.repeat(40);

/** A source with some markets, some bars, and prices changed. */
export function changed(
  source: MarketSource,
  markets: readonly string[],
  bars: number,
  change: (bar: number, market: string, price: string) => string,
): MarketSource {
  const at = markets.map((market) => source.markets.indexOf(market));
  return {
    ...source,
    ...{ markets, length: bars },
    *rows(from) {
      let bar = from;
      for (const { time, prices } of source.rows(from)) {
        if (bar >= bars) return;
        yield {
          time,
          prices: at.map((i, j) =>
            prices[i] === undefined ? undefined : change(bar, markets[j], prices[i]),
          ),
        };
        bar++;
      }
    },
  };
}
