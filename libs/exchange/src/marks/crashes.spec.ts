import { readFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { describeWithRealData, realDataPath } from '../../../../test/support/real-data.js';

import { MarkKeeper } from './mark-keeper.js';
import { markParameters } from './mark-parameters.js';

interface Held {
  readonly market: string;
  readonly at: string;
  /** bars until it was confirmed or came back */
  readonly bars: number;
  /** how far the mark was off at most, natural log */
  readonly gap: number;
}

/** Runs all markets as one source through the band: every price that was held back, in order. */
function heldBack(): Held[] {
  const [header, ...lines] = readFileSync(realDataPath('hourly_close_24.csv'), 'utf8').trim().split('\n');
  const markets = header.split(',').slice(1);
  const keeper = new MarkKeeper(markParameters());
  const open = new Map<string, { at: string; bars: number; gap: number }>();
  const held: Held[] = [];
  for (const [i, line] of lines.entries()) {
    const [text, ...prices] = line.split(',');
    const time = Date.parse(text);
    for (const [j, market] of markets.entries()) keeper.take({ market, price: prices[j], time, sequence: i });
    keeper.watermark(time);
    for (const [j, market] of markets.entries()) {
      const known = open.get(market);
      if (keeper.held(market) === undefined) {
        if (known) held.push({ market, ...known });
        open.delete(market);
        continue;
      }
      const gap = Math.abs(Math.log(Number(prices[j]) / keeper.mark(market)!.value));
      const { at = text, bars = 0, gap: before = 0 } = known ?? {};
      open.set(market, { at, bars: bars + 1, gap: Math.max(before, gap) });
    }
  }
  return held;
}

describeWithRealData('crashes pass the band', () => {
  let all: Held[];
  beforeAll(() => {
    all = heldBack();
  }, 120_000);

  it.each([
    // The file begins in 2022: May 2021 is not in it.
    ['Terra', '2022-05-07', '2022-05-14'],
    ['Celsius', '2022-06-11', '2022-06-20'],
    ['FTX', '2022-11-06', '2022-11-12'],
  ])('%s: at most two market-bars of thousands wait, each for one bar', (name, from, to) => {
    const held = all.filter(({ at }) => at >= from && at < to);
    const said = held.map(
      ({ market, at, bars, gap }) =>
        `${market} ${at.slice(0, 13)} ${bars} bar(s) ${(100 * gap).toFixed(1)} %`,
    );
    process.stdout.write(`${name}: ${held.length} held back${['', ...said].join('; ')}\n`);
    expect(held.length).toBeLessThanOrEqual(2);
    for (const { bars, gap } of held) {
      expect(bars).toBe(1);
      expect(gap).toBeLessThan(0.2);
    }
  });
});
