import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '#lib/errors';
import { markParameters } from './mark-parameters.js';
import { MarkedMarket } from './marked-market.js';
import { rescaleFactor } from './rescaled-market.js';

const HOUR = 3_600_000;
const PARAMETERS = markParameters();
const SOURCES = ['x', 'y', 'z'].map((source) => ({ source, weight: 1 }));
const market = (state?: ReturnType<MarkedMarket['snapshot']>) =>
  new MarkedMarket('A', 3, SOURCES, PARAMETERS, state);
const said = (price: number, time: number, confidence = 0) => ({
  ...{ price, text: String(price), time, sequence: 1, confidence },
});
const index = (price: number) => ({
  ...{ price, text: String(price), sources: 1 },
  confidence: 0,
  prices: [price],
});

describe(MarkedMarket, () => {
  it('is stale after three of the usual intervals of its marks, from a minute to three hours', () => {
    const after = (...intervals: readonly number[]) => {
      const one = market();
      let time = 0;
      one.put('100', time, 'first');
      for (const interval of intervals) one.put('100', (time += interval), 'band');
      return one.staleAfterMs / 1000;
    };
    expect([after(), after(50_000, 50_000), after(50_000, 50_000, 50_000)]).toEqual([10_800, 10_800, 150]);
    // The upper median of the latest fifteen; an interval of nothing is none.
    expect(after(90_000, 40_000, 50_000, 60_000)).toBe(180);
    expect(after(40_000, 0, 50_000, 0)).toBe(10_800);
    expect(after(...new Array<number>(9).fill(90_000), ...new Array<number>(8).fill(30_000))).toBe(90);
    expect([after(1, 1, 1), after(2 * HOUR, 2 * HOUR, 2 * HOUR)]).toEqual([60, 10_800]);
  });

  it('has a quality: unknown, uncertain, stale, wide, ok', () => {
    const one = market();
    expect(one.quality(0)).toBeUndefined();
    one.hold(index(100), 0, 0.02);
    expect(one.quality(0)).toBe('uncertain');
    one.put('100', 0, 'first');
    expect([one.quality(3 * HOUR), one.quality(3 * HOUR + 1)]).toEqual(['ok', 'stale']);
    one.last.set('x', said(100, 0, 1));
    one.look(0);
    expect([one.confidence, one.quality(0)]).toEqual([0.01, 'ok']);
    one.last.set('x', said(100, 0, 1.001));
    one.look(0);
    expect(one.quality(0)).toBe('wide');
    one.hold(index(200), 0, 0.02);
    expect(one.quality(0)).toBe('uncertain');
  });

  it('counts a price with the held one while it is within a band of it', () => {
    const one = market();
    one.hold(index(100), 1, 0.02);
    expect(one.hold(index(101), 2, 0.02)).toEqual({
      ...{ price: 101, text: '101', uncertainSince: 1, since: 1, time: 2, ticks: 2 },
    });
    expect(one.hold(index(110), 3, 0.02)).toMatchObject({ uncertainSince: 1, since: 3, time: 3, ticks: 1 });
    expect(one.hold(index(108), 4, 0.02)).toMatchObject({ since: 3, ticks: 2 });
    one.put('108', 5, 'operator');
    expect(one.held).toBeUndefined();
    expect(one.mark).toMatchObject({ market: 'A', text: '108', value: 108, time: 5, by: 'operator' });
  });

  it('takes every price to another unit, once it is halted and has a mark', () => {
    const one = market();
    const factor = rescaleFactor('10');
    expect(() => one.rescale(factor, 7)).toThrow(/must be halted before it is rescaled; it is open/);
    one.mode = 'halted';
    expect(() => one.rescale(factor, 7)).toThrow(/has no mark/);
    one.put('100', 5, 'first');
    one.last.set('x', said(101, 5, 2));
    one.look(5);
    one.hold(index(200), 6, 0.02);
    expect(one.rescale(factor, 7)).toMatchObject({ text: '1000', time: 5, by: 'operator' });
    expect([...one.last]).toEqual([['x', { ...said(1010, 5, 20), text: '1010' }]]);
    expect([one.held, one.index, one.scale, one.termsSince]).toEqual([undefined, undefined, 10, 7]);
    expect([one.average.at(9), one.moves.anchor?.price, one.confidence]).toEqual([1000, 1000, 0]);
    one.rescale(rescaleFactor('0.5'), 8);
    expect([one.scale, one.termsSince]).toEqual([5, 8]);
    one.put('0.000000000001', 9, 'operator');
    expect(() => one.rescale(rescaleFactor('0.1'), 9)).toThrow(InvalidInputError);
  });

  it('is the same after it was plain data, and from nothing where there was none', () => {
    const one = market();
    expect(one.snapshot()).toMatchObject({
      ...{ market: 'A', ordinal: 3, mark: null, held: null, mode: 'open', scale: 1, termsSince: 0 },
      ...{ move: [0, 0], intervals: [], average: null, last: [] },
    });
    for (const time of [0, 50_000, 100_000, 150_000]) one.put('100', time, 'band');
    one.last.set('x', said(100, 150_000));
    one.last.set('y', said(103, 160_000));
    one.look(160_000);
    one.hold(index(200), 160_000, 0.02);
    [one.mode, one.scale, one.termsSince, one.move, one.movedAt] = ['reduce-only', 5, 7, -3, 11];
    const state = JSON.parse(JSON.stringify(one.snapshot())) as ReturnType<MarkedMarket['snapshot']>;
    const copy = market(state);
    expect(copy.snapshot()).toEqual(one.snapshot());
    const told = ({
      mark,
      held,
      mode,
      scale,
      termsSince,
      move,
      movedAt,
      staleAfterMs,
      confidence,
    }: MarkedMarket) => ({
      ...{ mark, held, mode, scale, termsSince, move, movedAt, staleAfterMs, confidence },
    });
    expect(told(copy)).toEqual(told(one));
    expect([copy.index, copy.average.at(200_000)]).toEqual([one.index, 100]);
    expect([copy.mark?.by, copy.held?.ticks, copy.staleAfterMs, copy.move, copy.movedAt]).toEqual([
      'band',
      1,
      150_000,
      -3,
      11,
    ]);
  });
});
