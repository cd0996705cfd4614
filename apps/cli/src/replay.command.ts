import { DataSource } from 'typeorm';
import { z } from 'zod';
import { kafkaEnvironment, openLog } from '#lib/events';
import { hostEnvironment } from '#lib/host';
import { readConfig } from '#lib/service';
import { dataSourceOptions, migrate } from '#lib/storage';
import { barsToFirstForecast, forecasterConfig } from '../../forecaster/src/index.js';
import { HouseLiquidator, LiquidatorRepository } from '../../liquidator/src/index.js';
import { csvMarket, Replayer, shortened, simulatedMarket } from '../../zkrisk/src/index.js';
import { note } from './print.js';

export interface ReplayCommandOptions {
  readonly prices?: readonly string[];
  readonly column?: string;
  readonly bars: number;
  readonly seed: number;
  readonly trades: number;
  readonly accounts: number;
  readonly liquidity: number;
  readonly speed?: number;
}

/**
 * Sends a market to services that run elsewhere, bar by bar as they keep up, and executes their liquidation plans. Needs the
 * environment they have: DATABASE_URL and KAFKA_BROKERS.
 */
export async function replayCommand(
  options: ReplayCommandOptions,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<{ source: string; bars: number; seconds: number }> {
  const { DATABASE_URL } = readConfig(hostEnvironment.extend({ DATABASE_URL: z.string() }), environment);
  const connection = dataSourceOptions(DATABASE_URL);
  await migrate(connection);
  const database = await new DataSource(connection).initialize();
  const log = await openLog(readConfig(kafkaEnvironment, environment), 'replay', database);
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      stopping.abort();
    });
  try {
    const { prices, column, bars, seed, trades, accounts, liquidity, speed } = options;
    const market = prices === undefined ? simulatedMarket(seed, bars) : csvMarket(prices, column);
    const source = shortened(market, bars);
    source.notes.forEach(note);
    const house = new HouseLiquidator(new LiquidatorRepository(database));
    const firstBar = barsToFirstForecast(forecasterConfig(environment).FIRST_PARAMETERS);
    const replayer = new Replayer(source, log, database, {
      ...{ speed, liquidity, warmUpBars: 200 },
      liquidator: (manager) => house.reports(manager),
      flow: { seed, accounts, tradesPerBar: trades, medianNotional: 20_000, firstBar },
    });
    const started = performance.now();
    let last = 0;
    await replayer.run(stopping.signal, ({ bar, length }) => {
      last = bar;
      if (process.stderr.isTTY) process.stderr.write(`\rbar ${bar} of ${length ?? '∞'}`);
    });
    return { source: source.description, bars: last, seconds: (performance.now() - started) / 1000 };
  } finally {
    await log.close();
    await database.destroy();
  }
}
