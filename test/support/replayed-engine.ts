import { ApiKeys } from '#lib/host';
import { ZkriskClient } from '#lib/sdk';
import { type Engine, Replayer, simulatedMarket, startEngine } from '../../apps/zkrisk/src/index.js';
import { startTestDatabase, type TestDatabase } from './database.js';
import { quickParameters } from './quick-parameters.js';
import { changed } from './replayed-prices.js';
import { QUICK_MODEL } from './topology.js';

/** A running engine behind which a market of a seed has been replayed; a plan on the account `levered` is open. */
export interface ReplayedEngine extends Engine {
  /** Replays bars that come after those that were. */
  go(bars: number): Promise<void>;
}

const SEED = 5;
/** Collateral and size of a position at ten times its collateral, which no fall of FALL leaves at its maintenance margin. */
const LEVERED = { account: 'levered', amount: '3600', market: 'SIM-A', size: '1' };
/** The last replayed bar's prices are this much of the simulated ones, and so are all after it. */
const FALL = 0.94;
const MARGIN = quickParameters({
  margin: { mode: 'linear', rates: { default: { maintenance: 0.05, initial: 0.08 }, markets: {} } },
  credit: { accountShare: null, poolShare: null, loading: 0 },
});

/**
 * Replays bars, opens a levered position before the last, and lets all prices fall in that one.
 *
 * @param bars at least those of the first forecast and one more
 * @param environment settings besides those of a quick model
 */
export async function startReplayedEngine(
  bars: number,
  environment: NodeJS.ProcessEnv = {},
): Promise<ReplayedEngine> {
  const server: TestDatabase = await startTestDatabase();
  const engine = await startEngine({
    ...{ ...QUICK_MODEL, FIRST_PARAMETERS: MARGIN },
    ...{ DATABASE_URL: server.url, PORT: '0', LOG_LEVEL: 'error', HOUSE_LIQUIDATOR: 'off' },
    ...environment,
  });
  let done = 0;
  const go = async (more: number) => {
    done += more;
    const simulated = simulatedMarket(SEED, done);
    const source = changed(simulated, simulated.markets, done, (bar, _, price) =>
      bar < bars - 1 ? price : (Number(price) * FALL).toPrecision(8),
    );
    await new Replayer(source, engine.log, engine.database, {
      ...{ speed: undefined, liquidity: 1_000_000, warmUpBars: 0 },
      flow: { seed: 3, accounts: 20, tradesPerBar: 3, medianNotional: 20_000, firstBar: 35 },
    }).run(new AbortController().signal);
  };
  await go(bars - 1);
  const keys = new ApiKeys(engine.database);
  const { key: apiKey } = await keys.create({
    label: LEVERED.account,
    scopes: ['quote', 'trade', 'treasury'],
  });
  const client = new ZkriskClient({ url: engine.url, apiKey });
  await client.deposit(LEVERED.account, LEVERED.amount);
  const quote = await client.quote(LEVERED.account, [{ market: LEVERED.market, size: LEVERED.size }]);
  await client.acceptQuote(quote.id);
  await go(1);
  return {
    ...engine,
    go,
    stop: async () => {
      await engine.stop();
      await server.stop();
    },
  };
}
