import { describe, expect, it } from 'vitest';
import { markParameters } from './mark-parameters.js';
import { MarkKeeper } from './mark-keeper.js';

const HOUR = 3_600_000;
const T0 = Date.UTC(2025, 0, 1);

/** Markets at 100, of which some move an hour later. */
function moved(markets: readonly string[], movers: Readonly<Record<string, number>>) {
  const keeper = new MarkKeeper(markParameters());
  let sequence = 0;
  const tick = (market: string, price: number, time: number) =>
    keeper.take({ market, price: String(price), time, sequence: ++sequence });
  for (const market of markets) tick(market, 100, T0);
  const marks = Object.entries(movers).flatMap(([market, price]) => tick(market, price, T0 + HOUR));
  return { keeper, marks };
}

describe('a move that is held back', () => {
  it('is common where half of the known markets make it', () => {
    const movers = { A: 70, B: 72, C: 74, D: 71 };
    expect(moved('ABCDEFG'.split(''), movers).marks).toHaveLength(4);
    expect(moved('ABCDEFGH'.split(''), movers).marks).toEqual([]);
  });

  it('is still held, and still common, after the keeper was plain data', () => {
    const { keeper } = moved('ABCDE'.split(''), { A: 70, B: 72, C: 74 });
    const copy = new MarkKeeper(markParameters(), keeper.snapshot());
    const marks = copy.take({ market: 'D', price: '71', time: T0 + HOUR, sequence: 1e6 });
    expect(marks.map(({ market, by }) => `${market} ${by}`).sort()).toEqual(
      ['A', 'B', 'C', 'D'].map((name) => `${name} common`),
    );
  });
});

describe('a tick', () => {
  it('is late where its source has sent a later one, also under a number that was used', () => {
    const keeper = new MarkKeeper(markParameters());
    const tick = { market: 'A', price: '100', time: T0, sequence: 5 };
    keeper.take(tick);
    expect(() => keeper.take({ ...tick, time: T0 - 1 })).toThrow(/^late/);
    expect(() => keeper.take(tick)).toThrow(/^duplicate/);
  });
});
