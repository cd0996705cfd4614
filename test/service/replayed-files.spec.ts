import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { csvMarket, Replayer, shortened, startEngine } from '../../apps/zkrisk/src/index.js';
import { startTestDatabase } from '../support/database.js';

const path = (name: string) => join(import.meta.dirname, '..', '..', '..', 'test', 'cases', `${name}.csv`);

describe('the engine', () => {
  it.each([
    // Below the books' last digit a price is rounded to the nearest.
    ['sci-price', 2, 'PEPE', '0.000010283640'],
    ['listed-later', 50, 'XRP', undefined],
    ['listed-later', 51, 'XRP', '0.440287'],
    ['epoch-us', 2, 'XRP', '0.514182'],
  ])('of %s, bar %i, has the mark of %s', async (name, bars, market, mark) => {
    const server = await startTestDatabase();
    const engine = await startEngine({ PORT: '0', DATABASE_URL: server.url, LOG_LEVEL: 'silent' });
    try {
      await new Replayer(shortened(csvMarket([path(name)]), bars), engine.log, engine.database, {
        ...{ speed: undefined, liquidity: 1_000_000, warmUpBars: 0 },
        flow: { seed: 3, accounts: 5, tradesPerBar: 0, medianNotional: 10_000, firstBar: 45 },
      }).run(new AbortController().signal);
      const known = engine.pricer.engine.board.mark(market);
      expect(known === undefined ? undefined : known.value).toBe(
        mark === undefined ? undefined : Number(mark),
      );
      expect(engine.log.deadLetters).toBe(0);
    } finally {
      await engine.stop();
      await server.stop();
    }
  });
});
