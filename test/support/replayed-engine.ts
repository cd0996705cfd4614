import { type Engine, Replayer, simulatedMarket, startEngine } from '../../apps/zkrisk/src/index.js';
import { startTestDatabase, type TestDatabase } from './database.js';
import { quickParameters } from './quick-parameters.js';
import { QUICK_MODEL } from './topology.js';

/** A running engine behind which a market of a seed has been replayed; plans that came of it are open. */
export interface ReplayedEngine extends Engine {
  /** Replays bars that come after those that were. */
  go(bars: number): Promise<void>;
}

const SEED = 5;
/** Linear margin that replayed traders, at most 5.5 times levered, break by moves of a percent or two. */
const TIGHT = quickParameters({
  margin: { mode: 'linear', rates: { default: { maintenance: 0.175, initial: 0.18 }, markets: {} } },
});

/** @param environment settings besides those of a quick model */
export async function startReplayedEngine(
  bars: number,
  environment: NodeJS.ProcessEnv = {},
): Promise<ReplayedEngine> {
  const server: TestDatabase = await startTestDatabase();
  const engine = await startEngine({
    ...{ ...QUICK_MODEL, FIRST_PARAMETERS: TIGHT },
    ...{ DATABASE_URL: server.url, PORT: '0', LOG_LEVEL: 'error', HOUSE_LIQUIDATOR: 'off' },
    ...environment,
  });
  let done = 0;
  const go = async (more: number) => {
    done += more;
    await new Replayer(simulatedMarket(SEED, done), engine.log, engine.database, {
      ...{ speed: undefined, liquidity: 1_000_000, warmUpBars: 0 },
      flow: { seed: 3, accounts: 20, tradesPerBar: 3, medianNotional: 20_000, firstBar: 35 },
    }).run(new AbortController().signal);
  };
  await go(bars);
  return {
    ...engine,
    go,
    stop: async () => {
      await engine.stop();
      await server.stop();
    },
  };
}
