import { describe, expect, it } from 'vitest';
import { equalSources } from '../../../../test/support/price-sources.js';
import { InvalidInputError } from '#lib/errors';
import { UnknownMarketError } from './errors.js';
import { markParameters, type MarkParameters } from './mark-parameters.js';
import { MarkKeeper } from './mark-keeper.js';
import { type MarketOrder, marketOrderSeal } from './market-order.js';

const HOUR = 3_600_000;
const T0 = Date.UTC(2025, 0, 1);

/** A keeper with a number for each tick; markets have one source unless they are named. */
class Keeper extends MarkKeeper {
  private sequence = 0;
  private issued = 0;
  constructor(sources: Readonly<Record<string, string>> = {}, changes: Partial<MarkParameters> = {}) {
    super(markParameters({ sources: equalSources(sources), orderSecret: 's', ...changes }));
  }
  tick(market: string, price: number | string, time = T0, source?: string, confidence?: string) {
    const tick = {
      market,
      price: String(price),
      time,
      sequence: ++this.sequence,
      ...(confidence && { confidence }),
    };
    return this.take({ ...tick, ...(source && { source }) }).map(
      ({ market: name, text, by }) => `${name} ${text} ${by}`,
    );
  }
  give(order: MarketOrder['order'], market: string, more: Partial<MarketOrder> = {}) {
    const unsealed = { order, market, by: 'olga', reason: 'a test', issuedAt: T0 + ++this.issued, ...more };
    return this.order({ ...unsealed, seal: marketOrderSeal('s', unsealed) });
  }
  changedNames() {
    return this.changes().markets.map(({ market }) => market);
  }
}

describe('a keeper of marks', () => {
  it('tells nothing of a market that it has not seen', () => {
    const keeper = new Keeper({ A: 'x y' });
    expect([
      keeper.names(),
      keeper.isKnown('A'),
      keeper.mark('A'),
      keeper.held('A'),
      keeper.average('A'),
    ]).toEqual([...[[], false, undefined, undefined, undefined]]);
    expect([
      keeper.quality('A'),
      keeper.state('A'),
      keeper.mode('A'),
      keeper.scale('A'),
      keeper.termsSince('A'),
    ]).toEqual([...[undefined, undefined, 'open', 1, 0]]);
    expect([
      keeper.sources('A'),
      keeper.sources('B'),
      keeper.confidence('A'),
      keeper.staleAfter('A'),
    ]).toEqual([...[{ fresh: 0, known: 2 }, { fresh: 0, known: 1 }, 0, 3 * HOUR]]);
    // Names of objects are no markets’ sources.
    expect(keeper.sources('constructor')).toEqual({ fresh: 0, known: 1 });
    for (const order of ['confirm', 'refuse', 'halt', 'rescale', 'delist'] as const)
      expect(() => keeper.give(order, 'A', { factor: '10', price: '1' })).toThrow(UnknownMarketError);
  });

  it('tells what it knows of one that it has', () => {
    const keeper = new Keeper({ A: 'x y' });
    expect(keeper.tick('A', 100, T0, 'x', '2')).toEqual([]);
    expect([keeper.isKnown('A'), keeper.mark('A'), keeper.sources('A'), keeper.quality('A')]).toEqual([
      ...[true, undefined, { fresh: 1, known: 2 }, undefined],
    ]);
    expect(keeper.tick('A', 100.5, T0 + 1000, 'y')).toEqual(['A 100 first']);
    expect([keeper.sources('A'), keeper.now, keeper.average('A')]).toEqual([
      { fresh: 2, known: 2 },
      T0 + 1000,
      100,
    ]);
    expect([keeper.confidence('A'), keeper.quality('A'), keeper.state('A')]).toEqual([0.02, 'wide', 'wide']);
    keeper.tick('B', 7);
    expect(keeper.names()).toEqual(['A', 'B']);
    keeper.give('reduce-only', 'A');
    expect([keeper.mode('A'), keeper.state('A')]).toEqual(['reduce-only', 'reduce-only']);
    expect(keeper.snapshot().markets.map(({ market, ordinal }) => [market, ordinal])).toEqual([
      ['A', 0],
      ['B', 1],
    ]);
  });

  it('takes a first mark where its sources agree within half a band, and holds it back where they do not', () => {
    const first = (x: number, y: number) => {
      const keeper = new Keeper({ A: 'x y' });
      keeper.tick('A', x, T0, 'x');
      return keeper.tick('A', y, T0, 'y');
    };
    expect([first(100, 100.9), first(100, 101.2)]).toEqual([['A 100 first'], []]);
    const keeper = new Keeper({ A: 'x y' });
    keeper.tick('A', 100, T0, 'x');
    keeper.tick('A', 150, T0, 'y');
    expect([keeper.quality('A'), keeper.held('A')?.text]).toEqual(['uncertain', '100']);
    expect(keeper.tick('A', 100.5, T0 + 1000, 'y')).toEqual(['A 100 first']);
  });

  it('needs a quorum of fresh sources', () => {
    const keeper = new Keeper({ A: 'x y z' });
    expect([keeper.tick('A', 100, T0, 'x'), keeper.tick('A', 100, T0, 'y')]).toEqual([[], ['A 100 first']]);
    const later = T0 + 3 * HOUR + 1;
    expect([keeper.tick('A', 101, later, 'z'), keeper.tick('A', 101, later, 'x')]).toEqual([
      [],
      ['A 101 band'],
    ]);
  });

  it('confirms a larger move of one source by its repetition, not at once nor of a price that has changed its unit', () => {
    const repeated = (price: number, ...after: readonly number[]) => {
      const keeper = new Keeper();
      keeper.tick('A', 100);
      return [HOUR, ...after.map((ms) => HOUR + ms)].map((ms) => keeper.tick('A', price, T0 + ms).length);
    };
    // The band of an hour is 10 %.
    expect(repeated(109)).toEqual([1]);
    expect([repeated(130, 4999), repeated(130, 5000), repeated(130, 2500, 5000)]).toEqual([
      [0, 0],
      [0, 1],
      [0, 0, 1],
    ]);
    expect([repeated(299, 5000), repeated(301, 5000), repeated(33, 5000)]).toEqual([
      [0, 1],
      [0, 0],
      [0, 0],
    ]);
  });

  it('confirms a larger move that all but a third of the sources make', () => {
    const moved = (names: string, movers: number) => {
      const keeper = new Keeper({ A: names });
      const all = names.split(' ');
      for (const source of all) keeper.tick('A', 100, T0, source);
      const marks = all.slice(0, movers).map((source) => keeper.tick('A', 150, T0 + 1000, source));
      return marks.at(-1);
    };
    expect([moved('x y z', 2), moved('x y z', 3)]).toEqual([[], ['A 150 sources']]);
    // Where two of four stay, the median is the price nearer to the mark.
    expect([moved('w x y z', 2), moved('w x y z', 3)]).toEqual([['A 100 band'], ['A 150 sources']]);
  });

  it('counts a source as agreeing within half a band alone, and confirms no first mark against one', () => {
    const keeper = new Keeper({ A: 'x y z' });
    for (const source of ['x', 'y', 'z']) keeper.tick('A', 100, T0, source);
    for (const source of ['x', 'y']) keeper.tick('A', 150, T0 + 1000, source);
    // 2 % from the others, where the band is 2 %.
    expect(keeper.tick('A', 147, T0 + 1000, 'z')).toEqual([]);
    expect(keeper.tick('A', 149, T0 + 1000, 'z')).toEqual(['A 150 sources']);
    const first = new Keeper({ A: 'w x y z' });
    const ticks = [
      ['w', 100],
      ['x', 150],
      ['y', 100],
      ['z', 100],
    ] as const;
    expect(ticks.map(([source, price]) => first.tick('A', price, T0, source))).toEqual([[], [], [], []]);
  });

  it('takes no market that stands still for one that moves with the others', () => {
    const keeper = new Keeper();
    for (const market of ['A', 'B', 'C', 'D', 'E']) keeper.tick(market, 100);
    for (const [market, price] of [
      ['A', 70],
      ['B', 72],
      ['C', 74],
    ] as const)
      keeper.tick(market, price, T0 + HOUR);
    expect(keeper.tick('D', 100.1, T0 + HOUR)).toEqual(['D 100.1 band']);
  });

  it('confirms a move that other markets make, where there are enough of them', () => {
    const common = (moves: Readonly<Record<string, number>>) => {
      const keeper = new Keeper();
      for (const market of ['A', 'B', 'C', 'D', 'E']) keeper.tick(market, 100);
      return Object.entries(moves).flatMap(([market, price]) => keeper.tick(market, price, T0 + HOUR));
    };
    expect(common({ A: 70, B: 72, C: 74 })).toEqual([]);
    const all = common({ A: 70, B: 72, C: 74, D: 71 });
    expect(all.map((mark) => mark.split(' ')[0]).sort()).toEqual(['A', 'B', 'C', 'D']);
    expect(all.every((mark) => mark.endsWith('common'))).toBe(true);
    // The others have fallen by 30 %: A may have fallen by half or half as much again, and ten deviations, not risen.
    expect(common({ A: 140, B: 72, C: 74, D: 71, E: 70 }).some((mark) => mark.startsWith('A'))).toBe(false);
  });
});

describe('orders for a market', () => {
  const held = () => {
    const keeper = new Keeper();
    keeper.tick('A', 100);
    keeper.tick('A', 150, T0 + 1000);
    return keeper;
  };

  it('confirm or refuse the move that is held back, where one is', () => {
    const keeper = held();
    keeper.changedNames();
    expect(keeper.give('confirm', 'A')).toMatchObject([{ text: '150', by: 'operator', time: T0 + 1000 }]);
    expect([keeper.mark('A')?.text, keeper.held('A'), keeper.quality('A'), keeper.changedNames()]).toEqual([
      '150',
      undefined,
      'ok',
      ['A'],
    ]);
    expect(() => keeper.give('confirm', 'A')).toThrow(/no move to confirm/);
    expect(() => keeper.give('refuse', 'A')).toThrow(/no move to refuse/);
    const other = held();
    other.changedNames();
    expect(other.give('refuse', 'A')).toEqual([]);
    expect([other.mark('A')?.text, other.held('A'), other.quality('A'), other.changedNames()]).toEqual([
      '100',
      undefined,
      'ok',
      ['A'],
    ]);
    expect(other.snapshot().markets[0].move[0]).toBe(0);
  });

  it('restrict it and open it again', () => {
    const keeper = held();
    keeper.changedNames();
    for (const [order, mode] of [
      ['halt', 'halted'],
      ['reduce-only', 'reduce-only'],
      ['resume', 'open'],
    ] as const) {
      expect(keeper.give(order, 'A')).toEqual([]);
      expect([keeper.mode('A'), keeper.changedNames()]).toEqual([mode, ['A']]);
    }
  });

  it('rescale it: a move that is held back is discarded', () => {
    const keeper = held();
    expect(() => keeper.give('rescale', 'A', { factor: '10' })).toThrow(InvalidInputError);
    keeper.give('halt', 'A');
    keeper.changedNames();
    expect(keeper.give('rescale', 'A', { factor: '10' })).toMatchObject([{ text: '1000' }]);
    expect([keeper.scale('A'), keeper.termsSince('A'), keeper.held('A'), keeper.changedNames()]).toEqual([
      10,
      T0,
      undefined,
      ['A'],
    ]);
    keeper.give('resume', 'A');
    expect(keeper.tick('A', 1010, T0 + 2000)).toEqual(['A 1010 band']);
  });

  it('delist it at a price, and list it anew from nothing, in its place', () => {
    const keeper = held();
    keeper.tick('B', 7, T0 + 1000);
    keeper.give('halt', 'A');
    expect(() => keeper.give('delist', 'A')).toThrow(/^price: is needed/);
    expect(() => keeper.give('delist', 'A', { price: '0' })).toThrow(/must be positive/);
    keeper.changedNames();
    expect(keeper.give('delist', 'A', { price: '90' })).toMatchObject([
      { text: '90', by: 'operator', time: T0 },
    ]);
    expect([keeper.mode('A'), keeper.mark('A')?.text, keeper.held('A'), keeper.changedNames()]).toEqual([
      'closed',
      '90',
      undefined,
      ['A'],
    ]);
    const since = keeper.termsSince('A');
    expect(since).toBe(T0 + 1000);
    expect(() => keeper.tick('A', 91, T0 + 2000)).toThrow(/closed/);
    for (const order of ['halt', 'reduce-only'] as const)
      expect(() => keeper.give(order, 'A')).toThrow(/is delisted/);
    keeper.give('resume', 'A');
    expect([keeper.mode('A'), keeper.mark('A'), keeper.termsSince('A'), keeper.changedNames()]).toEqual([
      'open',
      undefined,
      since,
      ['A'],
    ]);
    expect(keeper.snapshot().markets[0]).toMatchObject({ market: 'A', ordinal: 0 });
    expect(keeper.tick('A', 5, T0 + 3000)).toEqual(['A 5 first']);
  });

  it('are taken once each, and leave marks alone where they are the books’', () => {
    const keeper = held();
    expect(keeper.give('bust', '*')).toEqual([]);
    const unsealed = { order: 'halt' as const, market: 'A', by: 'olga', reason: 'a test', issuedAt: T0 };
    expect(() => keeper.order({ ...unsealed, seal: marketOrderSeal('s', unsealed) })).toThrow(/issued later/);
    expect(keeper.snapshot().orderedAt).toBe(T0 + 1);
    // An order that is refused may be given again.
    expect(() => keeper.give('delist', 'A', { price: '1' })).toThrow(/must be halted/);
    expect(keeper.snapshot().orderedAt).toBe(T0 + 1);
    expect(() => new MarkKeeper(markParameters()).order({ ...unsealed, seal: 'x' })).toThrow(/not set/);
  });
});
