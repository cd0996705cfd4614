import { ApiKeys } from '#lib/host';
import { type Engine, Replayer, simulatedMarket, startEngine } from '../../apps/zkrisk/src/index.js';
import { startTestDatabase } from './database.js';
import { QUICK_MODEL } from './topology.js';

/** A running engine that asks for keys, with a forecast and a few trades. */
export interface KeyedEngine extends Engine {
  readonly keys: ApiKeys;
  readonly databaseUrl: string;
}

const BARS = 45;

/** @param environment settings besides those of a quick model */
export async function startKeyedEngine(environment: NodeJS.ProcessEnv = {}): Promise<KeyedEngine> {
  const server = await startTestDatabase();
  const engine = await startEngine({
    ...QUICK_MODEL,
    ...{ DATABASE_URL: server.url, PORT: '0', LOG_LEVEL: 'silent', API_KEYS: 'required' },
    ...environment,
  });
  await new Replayer(simulatedMarket(5, BARS), engine.log, engine.database, {
    ...{ speed: undefined, liquidity: 1_000_000, warmUpBars: 0 },
    flow: { seed: 3, accounts: 20, tradesPerBar: 1, medianNotional: 10_000, firstBar: 35 },
  }).run(new AbortController().signal);
  return {
    ...engine,
    keys: new ApiKeys(engine.database),
    databaseUrl: server.url,
    stop: async () => {
      await engine.stop();
      await server.stop();
    },
  };
}
