import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { actionTable, permits } from './action-table.js';
import { indexPrice, type SourcePrice } from './index-price.js';
import { firstRules } from '../parameters/risk-rules.js';
import { markParametersOf } from './mark-parameters.js';
import { TimeWeightedAverage } from './time-weighted-average.js';

const at = (price: number, time = 0): SourcePrice => ({
  ...{ price, text: String(price), time, sequence: 0, confidence: 0 },
});

describe(indexPrice.name, () => {
  const sources = [
    { source: 'a', weight: 1 },
    { source: 'b', weight: 1 },
    { source: 'c', weight: 3 },
  ];
  it('is the weighted median: half of the weight decides', () => {
    const last = new Map([
      ['a', at(1)],
      ['b', at(2)],
      ['c', at(9)],
    ]);
    expect(indexPrice(sources, last, 0, 10, undefined)).toMatchObject({ price: 9, sources: 3 });
    expect(indexPrice(sources.slice(0, 2), last, 0, 10, 1.9)).toMatchObject({ price: 2, sources: 2 });
    expect(indexPrice(sources.slice(0, 2), last, 0, 10, 1.1)).toMatchObject({ price: 1 });
  });

  it('leaves out sources that are silent for too long', () => {
    const last = new Map([
      ['a', at(1, 100)],
      ['c', at(9, 0)],
    ]);
    expect(indexPrice(sources, last, 100, 50, undefined)).toMatchObject({ price: 1, sources: 1 });
    expect(indexPrice(sources, last, 200, 50, undefined)).toBeUndefined();
  });
});

describe('an index price', () => {
  const priced = (price: number, time: number, confidence: number): SourcePrice => ({
    ...{ price, text: `${price}.0`, time, sequence: 0, confidence },
  });
  const equal = ['a', 'b', 'c', 'd', 'e'].map((source) => ({ source, weight: 1 }));

  it('of one source is its price as it wrote it, until it is too old', () => {
    const last = new Map([['a', priced(7, 100, 0.5)]]);
    expect(indexPrice(equal.slice(0, 1), last, 150, 50, 1)).toEqual({
      ...{ price: 7, text: '7.0', sources: 1, confidence: 0.5, prices: [7] },
    });
    expect(indexPrice(equal.slice(0, 1), last, 151, 50, 1)).toBeUndefined();
    expect(indexPrice(equal.slice(1, 2), last, 150, 50, 1)).toBeUndefined();
  });

  it('of several has them in order, and half of their middle as its confidence', () => {
    const last = new Map([10, 2, 8, 4, 6].map((price, i) => ['abcde'[i], priced(price, 100, 0)]));
    expect(indexPrice(equal, last, 150, 50, undefined)).toEqual({
      ...{ price: 6, text: '6.0', sources: 5, confidence: 2, prices: [2, 4, 6, 8, 10] },
    });
    // Between prices quartiles are linear: of 2, 4, 8, 10 they are 3.5 and 8.5.
    last.delete('e');
    expect(indexPrice(equal, last, 150, 50, 5)).toMatchObject({ price: 4, confidence: 2.5 });
    expect(indexPrice(equal, last, 150, 50, 6)).toMatchObject({ price: 8, prices: [2, 4, 8, 10] });
    expect(indexPrice(equal, last, 150, 50, undefined)).toMatchObject({ price: 4 });
    last.set('a', priced(10, 100, 3));
    expect(indexPrice(equal, last, 150, 50, 5)).toMatchObject({ confidence: 3 });
    last.set('a', priced(10, 99, 3));
    expect(indexPrice(equal, last, 150, 50, 5)).toMatchObject({ price: 4, sources: 3, confidence: 1.5 });
  });
});

describe(permits.name, () => {
  it('lets nothing be opened, paid or liquidated at an uncertain or stale mark, nor anything in a halted market', () => {
    for (const action of [
      'increase',
      'reduce',
      'liquidate',
      'withdraw',
      'liquidity',
      'funding',
      'bar',
    ] as const) {
      expect(permits(action, 'uncertain', 'open')).toBe(false);
      expect(permits(action, 'stale', 'open')).toBe(false);
      expect(permits(action, 'ok', 'halted')).toBe(false);
      expect(permits(action, 'ok', 'closed')).toBe(false);
      expect(permits(action, 'ok', 'open')).toBe(true);
    }
    expect(permits('increase', 'wide', 'open')).toBe(false);
    expect(permits('reduce', 'wide', 'open')).toBe(true);
    expect(permits('liquidate', 'wide', 'open')).toBe(true);
    expect(permits('withdraw', 'wide', 'open')).toBe(false);
    expect(permits('increase', 'ok', 'reduce-only')).toBe(false);
    expect(permits('reduce', 'ok', 'reduce-only')).toBe(true);
    expect(actionTable().split('\n')).toHaveLength(9);
  });
});

describe(markParametersOf, () => {
  it('names sources that it refuses, and takes spans in bars', () => {
    const of = (marks: object) => firstRules({ model: { barSeconds: 60 }, marks }).parameters;
    const sources = { A: [{ source: 'x', weight: 2 }, { source: 'y' }] };
    expect(markParametersOf(of({ sources, staleAfterBars: 5 }), undefined)).toMatchObject({
      sources: {
        A: [
          { source: 'x', weight: 2 },
          { source: 'y', weight: 1 },
        ],
        default: [{ source: 'default', weight: 1 }],
      },
      ...{ sourceStaleMs: 300_000, maximumStaleMs: 300_000, minimumStaleMs: 60_000 },
    });
    const refusal = (list: object[]) => () => of({ sources: { A: list } });
    expect(refusal([{ source: 'x' }, { source: 'x' }])).toThrow('must name each source once');
    expect(refusal([{ source: 'x', weight: -1 }])).toThrow(/weight/);
    expect(refusal([])).toThrow(/sources/);
  });
});

describe(TimeWeightedAverage.name, () => {
  it('is nothing before a price, the price at its time, and goes on with it', () => {
    const average = new TimeWeightedAverage(100);
    expect([average.at(0), average.snapshot()]).toEqual([undefined, null]);
    average.set(10, 1000);
    expect([average.at(1000), average.at(900), average.at(1050)]).toEqual([10, 10, 10]);
    average.set(20, 1050);
    expect([average.at(1050), average.at(1100), average.at(1125), average.at(1300)]).toEqual([
      10, 15, 17.5, 20,
    ]);
    // A late price counts from the last time on.
    average.set(40, 1010);
    expect([average.at(1050), average.at(1100)]).toEqual([10, 25]);
    average.rescale(0.5);
    expect([average.at(1050), average.at(1100)]).toEqual([5, 12.5]);
  });

  it('keeps a checkpoint a sixtieth of the span, and one before it', () => {
    const average = new TimeWeightedAverage(60);
    for (let time = 0; time <= 300; time += 0.5) average.set(time, time);
    const { checkpoints } = average.snapshot()!;
    expect(checkpoints.map(([time]) => time)).toEqual(Array.from({ length: 61 }, (_, i) => 240 + i));
    expect(average.at(300)).toBeCloseTo(269.75, 10);
  });

  it('is the mean of the step function over its span', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 5, max: 40 }), fc.integer({ min: 1, max: 1000 })), {
          minLength: 1,
          maxLength: 50,
        }),
        (steps) => {
          const span = 300;
          const average = new TimeWeightedAverage(span);
          let time = 0;
          const path: { time: number; price: number }[] = [];
          for (const [gap, price] of steps) {
            average.set(price, (time += gap));
            path.push({ time, price });
          }
          const end = time + 7;
          const begin = Math.max(end - span, path[0].time);
          let sum = 0;
          path.forEach(({ time: from, price }, i) => {
            const until = path.at(i + 1)?.time ?? end;
            sum += price * Math.max(0, Math.min(until, end) - Math.max(from, begin));
          });
          expect(average.at(end)).toBeCloseTo(sum / (end - begin), 8);
          const restored = new TimeWeightedAverage(span, average.snapshot() ?? undefined);
          expect(restored.at(end)).toBe(average.at(end));
        },
      ),
    );
  });
});
