import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Replayer, startEngine } from '../apps/zkrisk/src/index.js';
import type { Figure } from './harness.js';
import { marketsOf } from './quotes-by-markets.js';

const MARKETS = 24;
const BARS = 500;
const WARM_UP = 200;

/**
 * Bars a second that the services of one process, on embedded parts, follow a replay at: 24 markets, 2,000 accounts, three trades a
 * bar. The first bars open accounts and wait for a model: they are not counted.
 */
export async function replayRate(): Promise<Figure> {
  const directory = mkdtempSync(join(tmpdir(), 'zkrisk-bench-'));
  const engine = await startEngine({
    PORT: '0',
    ZKRISK_DATA_DIR: directory,
    LOG_LEVEL: 'silent',
    FIRST_PARAMETERS: '{"forecast":{"minimumBars":60}}',
    // As `zkrisk --once` has it where nothing is settled.
    COMMITS_WAIT: 'off',
  });
  try {
    const options = {
      ...{ speed: undefined, liquidity: 6.25e6, warmUpBars: 0 },
      flow: { seed: 1, accounts: 2000, tradesPerBar: 3, medianNotional: 20_000, firstBar: 65 },
    };
    const follow = (bars: number) =>
      new Replayer(marketsOf(MARKETS, bars), engine.log, engine.database, options).run(
        new AbortController().signal,
      );
    await follow(WARM_UP);
    const started = performance.now();
    await follow(BARS);
    const perSecond = (BARS - WARM_UP) / ((performance.now() - started) / 1000);
    return {
      ...{ name: 'replay by the services, 24 markets, 2,000 accounts', ours: perSecond, unit: 'bars/s' },
      ...{ peer: null, ratio: null, target: '≥ 150 bars/s', met: perSecond >= 150 },
    };
  } finally {
    await engine.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}
