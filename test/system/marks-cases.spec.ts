import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MarketOrder, marketOrderSeal } from '#lib/exchange';
import { outgoing, TOPICS } from '#lib/messages';
import { csvMarket, type Engine, type MarketSource } from '../../apps/zkrisk/src/index.js';
import {
  changed,
  ORDER_SECRET,
  replayBeginning,
  type ReplayedBeginning,
  type ReplayedPrices,
  replayPrices,
} from '../support/replayed-prices.js';

// The price files that once made the pool insolvent, replayed with the right answer beside them. All replays of a file go on from copies of one exchange.

const CASES = join(process.cwd(), 'test/cases');
const MARKETS = ['BTC', 'ETH', 'SOL'];
const number = (amount: bigint) => Number(amount) / 1e8;
const worth = ({ capital, liquidity }: ReplayedPrices) => number(capital + liquidity);
const share = (a: number, b: number) => Math.abs(a / b - 1);

/** An order of the operator, in the log. */
async function order(engine: Engine, at: number, asked: Partial<MarketOrder> & Pick<MarketOrder, 'order'>) {
  const unsealed = { market: 'XRP', by: 'olga', reason: 'redenominated', issuedAt: at, ...asked };
  const payload = { kind: 'order', ...unsealed, seal: marketOrderSeal(ORDER_SECRET, unsealed) } as const;
  const header = { id: `order-${at}`, sequence: at, time: at };
  await engine.log.publish([{ ...outgoing(TOPICS.prices, 'XRP', header, payload), appendedAt: at }]);
  await engine.log.drained(new AbortController().signal);
}

describe('a print that is wrong at a bar, of the only source (bad-tick-late)', () => {
  const PRINT_AT = 200;
  const file = csvMarket([join(CASES, 'bad-tick-late.csv')]);
  const pricesAt = (bar: number) => [...file.rows(bar)][0].prices;
  /** as it would have been: between its neighbours */
  const truth = Math.sqrt(Number(pricesAt(PRINT_AT - 1)[1]) * Number(pricesAt(PRINT_AT + 1)[1]));
  const printed = (factor: number): MarketSource =>
    changed(file, MARKETS, 220, (bar, market, price) =>
      bar === PRINT_AT && market === 'ETH' ? (truth * factor).toFixed(8) : price,
    );
  let after: ReplayedBeginning;
  let clean: ReplayedPrices;
  beforeAll(async () => {
    after = await replayBeginning(changed(file, MARKETS, PRINT_AT - 1, (_, __, price) => price));
    clean = await replayPrices(printed(1), { after });
  }, 180_000);
  afterAll(() => after.stop());

  it.each([0.5, 100, 1000])(
    '× %d: no liquidation that the clean run lacks, P + L within 0.1 %, ρ within 1 %',
    async (factor) => {
      expect(clean.events.filter(({ kind }) => kind === 'trade-booked').length).toBeGreaterThan(100);
      const disturbed = await replayPrices(printed(factor), { truth: printed(1), after });
      const accounts = new Set(clean.liquidated.map((entry) => entry.split('@')[0]));
      for (const entry of disturbed.liquidated) expect(accounts).toContain(entry.split('@')[0]);
      // 0.015 % and 0.5 %: orders of the bar at which the market is uncertain are booked a bar later, at its prices.
      expect(share(worth(disturbed), worth(clean))).toBeLessThan(0.001);
      expect(share(disturbed.riskMeasure, clean.riskMeasure)).toBeLessThan(0.01);
      expect([disturbed.imbalance, disturbed.shortfall]).toEqual([0n, 0n]);
    },
    180_000,
  );
});

describe('a market that is redenominated by its only source (rename-x1000)', () => {
  const RENAMED_AT = 130;
  const file = csvMarket([join(CASES, 'rename-x1000.csv')]);
  const markets = ['BTC', 'ETH', 'XRP'];
  const renamed = changed(file, markets, 160, (_, __, price) => price);
  const same = changed(file, markets, 160, (bar, market, price) =>
    market === 'XRP' && bar >= RENAMED_AT ? (Number(price) / 1000).toFixed(9) : price,
  );
  let after: ReplayedBeginning;
  let clean: ReplayedPrices;
  beforeAll(async () => {
    after = await replayBeginning(changed(file, markets, RENAMED_AT - 1, (_, __, price) => price));
    clean = await replayPrices(same, { after });
  }, 180_000);
  afterAll(() => after.stop());

  it('stays uncertain for as long as nobody says what it is: nothing is liquidated or paid at the new numbers', async () => {
    let states = '';
    const left = await replayPrices(renamed, {
      truth: same,
      after,
      before: (bar, engine) => {
        if (bar > RENAMED_AT) states += `${engine.pricer.engine.board.marks.quality('XRP')} `;
        return Promise.resolve();
      },
    });
    expect(new Set(states.trim().split(' '))).toEqual(new Set(['uncertain', 'stale']));
    expect([left.imbalance, left.shortfall]).toEqual([0n, 0n]);
    expect(number(left.bankruptcies)).toBeLessThan(0.001 * worth(clean));
    expect(share(worth(left), worth(clean))).toBeLessThan(0.02);
  }, 180_000);

  it('goes on as if nothing had been, once the operator has rescaled it: the same P + L to a millionth', async () => {
    const rescaled = await replayPrices(renamed, {
      truth: same,
      after,
      unit: (bar, market) => (bar >= RENAMED_AT && market === 'XRP' ? 1000 : 1),
      before: async (bar, engine) => {
        if (bar !== RENAMED_AT) return;
        const { now } = engine.pricer.engine.board;
        await order(engine, now + 1000, { order: 'halt' });
        await order(engine, now + 2000, { order: 'rescale', factor: '1000' });
        await order(engine, now + 3000, { order: 'resume' });
        expect(engine.forecaster.forecast()!.markets).toContain('XRP');
      },
    });
    expect(rescaled.events.filter(({ kind }) => kind === 'market-rescaled')).toHaveLength(1);
    expect(share(worth(rescaled), worth(clean))).toBeLessThan(1e-6);
    expect(share(rescaled.riskMeasure, clean.riskMeasure)).toBeLessThan(1e-6);
    expect(rescaled.liquidated).toEqual(clean.liquidated);
    expect(clean.liquidated.length).toBeGreaterThan(0);
    expect([rescaled.imbalance, rescaled.shortfall]).toEqual([0n, 0n]);
  }, 180_000);
});
