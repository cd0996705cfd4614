import { HouseLiquidator } from '../../apps/liquidator/src/index.js';
import { Replayer, simulatedMarket, startEngine } from '../../apps/zkrisk/src/index.js';
import { startTestDatabase } from './database.js';
import { type Books, booksOf, QUICK_MODEL } from './topology.js';

export interface ReplayedMarket {
  readonly seed: number;
  readonly bars: number;
  /** by bar */
  readonly trades: number;
  readonly accounts: number;
  readonly warmUpBars: number;
}

/** How a market is replayed, wherever its engine runs. */
export const replaying = ({ seed, trades, accounts, warmUpBars }: ReplayedMarket) => ({
  ...{ speed: undefined, liquidity: 5_000_000, warmUpBars },
  flow: { seed, accounts, tradesPerBar: trades, medianNotional: 20_000, firstBar: 33 },
});

/** The books of a replay that nothing disturbs: one process, on tables. */
export async function booksOfOneProcess(market: ReplayedMarket): Promise<Books> {
  const database = await startTestDatabase();
  const engine = await startEngine({
    ...{ ...QUICK_MODEL, DATABASE_URL: database.url, PORT: '0' },
    ...{ HOUSE_LIQUIDATOR: 'off', LOG_LEVEL: 'error' },
  });
  try {
    const house = engine.app.get(HouseLiquidator);
    await new Replayer(simulatedMarket(market.seed, market.bars), engine.log, engine.database, {
      ...replaying(market),
      liquidator: (manager) => house.reports(manager),
    }).run(new AbortController().signal);
    return await booksOf(engine.database);
  } finally {
    await engine.stop();
    await database.stop();
  }
}
