import { describe, expect, it } from 'vitest';
import { BarBuilder, RejectedTickError, type Tick } from './index.js';

const tick = (market: string, time: number, price: number, sequence = time): Tick => ({
  market,
  time,
  price,
  sequence,
});

describe(BarBuilder, () => {
  it('closes a bar with the last price at or before its end', () => {
    const builder = new BarBuilder(100, 300);
    expect(builder.add(tick('A', 150, 1))).toEqual([]);
    builder.add(tick('A', 200, 2));
    builder.add(tick('B', 190, 9));
    const [bar] = builder.add(tick('A', 201, 3));
    expect(bar.end).toBe(200);
    expect(Object.fromEntries(bar.prices)).toEqual({ A: 2, B: 9 });
  });

  it('lets a late tick of the open bar count by publish time, and refuses one of a closed bar', () => {
    const builder = new BarBuilder(100, 300);
    builder.add(tick('A', 150, 1));
    builder.add(tick('A', 190, 2));
    builder.add(tick('A', 170, 7));
    const [bar] = builder.add(tick('A', 210, 3));
    expect(bar.prices.get('A')).toBe(2);
    expect(() => builder.add(tick('A', 199, 5))).toThrow(/is late/);
  });

  it.each([
    [NaN, 'not-finite'],
    [Infinity, 'not-finite'],
    [0, 'not-positive'],
    [-3, 'not-positive'],
  ])('refuses the price %s by market and sequence number', (price, rejection) => {
    const builder = new BarBuilder(100, 300);
    expect(() => builder.add(tick('A', 10, price, 77))).toThrow(new RegExp(`A #77.*${rejection}`));
  });

  it('refuses a duplicate', () => {
    const builder = new BarBuilder(100, 300);
    builder.add(tick('A', 10, 1, 5));
    expect(() => builder.add(tick('A', 10, 1, 5))).toThrow(RejectedTickError);
  });

  it('fills silent bars with the last price and names a market that has been silent too long', () => {
    const builder = new BarBuilder(100, 250);
    builder.add(tick('A', 50, 1));
    builder.add(tick('B', 60, 2));
    const bars = builder.add(tick('A', 450, 1.5));
    expect(bars.map(({ end }) => end)).toEqual([100, 200, 300, 400]);
    expect(bars.map(({ stale }) => [...stale])).toEqual([[], [], ['A'], ['A', 'B']]);
    const [bar] = builder.closeBefore(501);
    expect([...bar.stale]).toEqual(['B']);
  });

  it('makes a bounded number of bars of a silence of any length', () => {
    const builder = new BarBuilder(100, 300);
    builder.add(tick('A', 50, 1));
    const bars = builder.add(tick('A', 1e12, 2));
    expect(bars).toHaveLength(1000);
    expect(bars.at(-1)?.end).toBe(1e12 - 100);
    expect([...bars[0].stale]).toEqual(['A']);
  });

  it('goes on from a snapshot as if it had never stopped', () => {
    const first = new BarBuilder(100, 300);
    first.add(tick('A', 50, 1));
    const second = new BarBuilder(
      100,
      300,
      JSON.parse(JSON.stringify(first.snapshot())) as ReturnType<typeof first.snapshot>,
    );
    expect(second.add(tick('A', 150, 2))).toEqual(first.add(tick('A', 150, 2)));
  });
});
