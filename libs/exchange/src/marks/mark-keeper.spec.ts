// Long because it is one list: every way in which a price becomes a mark, or does not.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalSources } from '../../../../test/support/price-sources.js';
import { markParameters } from './mark-parameters.js';
import type { ConfirmedMark } from './confirmed-mark.js';
import { MarkKeeper } from './mark-keeper.js';
import { type MarketOrderKind, marketOrderSeal } from './market-order.js';
import { TickRefusedError } from './tick-refusal.js';

const HOUR = 3_600_000;
const T0 = Date.UTC(2025, 0, 1);
const uniform = (low: number, high: number) =>
  fc.integer({ min: 0, max: 1_000_000 }).map((share) => low + (share / 1_000_000) * (high - low));

/** Sends hourly bars of prices from one source; returns the marks that each bar confirms. */
function bars(keeper: MarkKeeper, rows: readonly Readonly<Record<string, number>>[], from = 0) {
  return rows.map((row, i) => {
    const time = T0 + (from + i) * HOUR;
    const marks = Object.entries(row).flatMap(([market, price]) =>
      keeper.take({ market, price: price.toPrecision(10), time, sequence: from + i }),
    );
    keeper.watermark(time);
    return marks;
  });
}

const calm = (length: number, markets: readonly string[], from = 0) =>
  Array.from({ length }, (_, t) =>
    Object.fromEntries(
      markets.map((market, j) => [market, 100 * Math.exp(0.005 * Math.sin(1.7 * (from + t) + j))]),
    ),
  );
const by = (marks: readonly ConfirmedMark[]) => marks.map((mark) => `${mark.market} ${mark.by}`);

describe(MarkKeeper.name, () => {
  it.each([0.5, 100, 1000, 1 / 1000])(
    'holds back one print of × %d and goes on at the next bar',
    (factor) => {
      const keeper = new MarkKeeper(markParameters());
      bars(keeper, calm(50, ['A']));
      const before = keeper.mark('A')!;
      const [marks] = bars(keeper, [{ A: 100 * factor }], 50);
      expect(marks).toEqual([]);
      expect(keeper.mark('A')).toEqual(before);
      expect(keeper.quality('A')).toBe('uncertain');
      const [after] = bars(keeper, calm(1, ['A'], 51), 51);
      expect(by(after)).toEqual(['A band']);
      expect(keeper.quality('A')).toBe('ok');
    },
  );

  it('follows a true fall of 30 % seen by three sources at once, and by one a bar later', () => {
    const three = new MarkKeeper(markParameters({ sources: equalSources({ A: 'x y z' }) }));
    const send = (price: number, time: number) =>
      ['x', 'y', 'z'].flatMap((source) =>
        three.take({ market: 'A', source, price: String(price), time, sequence: 1 }),
      );
    for (let t = 0; t < 20; t++) send(100 + 0.1 * (t % 3), T0 + t * HOUR);
    expect(by(send(70, T0 + 20 * HOUR)).at(-1)).toBe('A sources');
    expect(three.mark('A')!.text).toBe('70');

    const one = new MarkKeeper(markParameters());
    bars(one, calm(20, ['A']));
    const [first, second] = bars(one, [{ A: 70 }, { A: 70.3 }], 20);
    expect(first).toEqual([]);
    expect(by(second)).toEqual(['A repeated']);
  });

  it('confirms a crash that the markets share, and not a print of one of them', () => {
    const markets = ['A', 'B', 'C', 'D', 'E'];
    const keeper = new MarkKeeper(markParameters());
    bars(keeper, calm(50, markets));
    const [print] = bars(keeper, [{ A: 50, B: 100, C: 100, D: 100, E: 100 }], 50);
    expect(by(print)).toEqual(['B band', 'C band', 'D band', 'E band']);
    bars(keeper, calm(1, markets, 51), 51);
    const [crash] = bars(keeper, [{ A: 78, B: 70, C: 74, D: 80, E: 72 }], 52);
    expect(new Set(by(crash))).toEqual(new Set(markets.map((market) => `${market} common`)));
    expect(keeper.mark('A')!.text).toBe('78');
  });

  it('moves less than half a band while one source of three lies, by any factor, for any time', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ factor: uniform(-8, 8), steps: fc.integer({ min: 1, max: 6 }) }), {
          minLength: 1,
          maxLength: 30,
        }),
        (lies) => {
          const parameters = markParameters({ sources: equalSources({ default: 'x y liar' }) });
          const keeper = new MarkKeeper(parameters);
          let sequence = 0;
          const send = (source: string, price: number) =>
            keeper.take({
              ...{ market: 'A', source, price: price.toPrecision(12) },
              ...{ time: T0 + sequence * 1000, sequence: sequence++ },
            });
          for (let i = 0; i < 9; i++) send(['x', 'y', 'liar'][i % 3], 100 + 0.01 * (i % 2));
          for (const { factor, steps } of lies) {
            for (let step = 0; step < steps; step++) {
              send('liar', 100 * Math.exp((factor * step) / steps));
              if (step % 2 === 0) send('x', 100);
              else send('y', 100.01);
              const moved = Math.abs(Math.log(keeper.mark('A')!.value / 100));
              expect(moved).toBeLessThan(parameters.bandMinimum / 2);
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is uncertain, not wrong, while two sources of three lie together', () => {
    const keeper = new MarkKeeper(markParameters({ sources: equalSources({ A: 'x y z' }) }));
    const send = (source: string, price: string, time: number) =>
      keeper.take({ market: 'A', source, price, time, sequence: 1 });
    for (const source of ['x', 'y', 'z']) send(source, '100', T0);
    for (let t = 1; t < 200; t++) {
      for (const source of ['x', 'y']) send(source, '150', T0 + t * HOUR);
      send('z', '100', T0 + t * HOUR);
      keeper.watermark(T0 + t * HOUR);
      expect(keeper.mark('A')!.text).toBe('100');
    }
    expect(keeper.held('A')).toMatchObject({ text: '150', uncertainSince: T0 + HOUR });
    expect(keeper.confirm('A')).toMatchObject({ text: '150', by: 'operator' });
  });

  it('is uncertain and keeps its mark while two sources of three jump together, by any factor, for any time', () => {
    fc.assert(
      fc.property(
        fc.record({
          factor: uniform(0.06, 8),
          up: fc.boolean(),
          apart: uniform(-0.01, 0.01),
          ticks: fc.integer({ min: 1, max: 60 }),
          everyMs: fc.integer({ min: 100, max: 60_000 }),
        }),
        ({ factor, up, apart, ticks, everyMs }) => {
          const keeper = new MarkKeeper(markParameters({ sources: equalSources({ A: 'x y z' }) }));
          let sequence = 0;
          let time = T0;
          const send = (source: string, price: number) => {
            keeper.take({ market: 'A', source, price: price.toPrecision(12), time, sequence: sequence++ });
            time += everyMs;
          };
          for (let i = 0; i < 30; i++) send(['x', 'y', 'z'][i % 3], 100 + 0.01 * (i % 2));
          const lie = 100 * Math.exp(up ? factor : -factor);
          for (let tick = 0; tick < ticks; tick++) {
            send('x', lie);
            send('y', lie * Math.exp(apart));
            send('z', 100);
            expect(Math.abs(keeper.mark('A')!.value - 100)).toBeLessThan(0.011);
            expect(keeper.quality('A')).toBe('uncertain');
          }
          // The truth again: nothing has to be done.
          for (const source of ['x', 'y', 'z']) send(source, 100);
          expect([keeper.quality('A'), keeper.mark('A')!.value]).toEqual(['ok', 100]);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('treats many small steps within its window as one move', () => {
    const keeper = new MarkKeeper(markParameters());
    bars(keeper, calm(20, ['A']));
    const start = keeper.mark('A')!.value;
    const t1 = T0 + 20 * HOUR;
    // The first step rolls the window; from then on a liar who climbs 1 % a second is held at the band.
    for (let s = 0; s < 40; s++) {
      const price = (start * 1.01 ** (s + 1)).toPrecision(12);
      keeper.take({ market: 'A', price, time: t1 + s * 1000, sequence: 100 + s });
      if (keeper.quality('A') === 'uncertain') break;
    }
    expect(keeper.mark('A')!.value / start).toBeLessThan(1.04);
    expect(keeper.quality('A')).toBe('uncertain');
  });

  it('refuses what it cannot use, by name', () => {
    const keeper = new MarkKeeper(
      markParameters({ sources: equalSources({ A: 'x' }), orderSecret: 'secret' }),
    );
    const refusal = (action: () => unknown) => {
      try {
        action();
      } catch (error) {
        return error instanceof TickRefusedError ? error.refusal : String(error);
      }
      return 'taken';
    };
    const tick = { market: 'A', source: 'x', price: '100', time: T0, sequence: 5 };
    expect(refusal(() => keeper.take(tick))).toBe('taken');
    expect(refusal(() => keeper.take(tick))).toBe('duplicate');
    expect(refusal(() => keeper.take({ ...tick, sequence: 4 }))).toBe('late');
    expect(refusal(() => keeper.take({ ...tick, time: T0 - 1, sequence: 9 }))).toBe('late');
    expect(refusal(() => keeper.take({ ...tick, sequence: 6 }))).toBe('taken');
    expect(refusal(() => keeper.take({ ...tick, source: 'y' }))).toBe('unknown-source');
    expect(refusal(() => keeper.take({ ...tick, price: '0', sequence: 7 }))).toBe('not-positive');
    const ahead = { ...tick, time: T0 + HOUR, sequence: 8 };
    expect(refusal(() => keeper.take({ ...ahead, appendedAt: T0 + HOUR - 5001 }))).toBe('from-the-future');
    expect(refusal(() => keeper.watermark(T0 + HOUR, T0))).toBe('from-the-future');
    expect(refusal(() => keeper.watermark(T0 + 26 * HOUR))).toBe('step-too-large');
    const order = {
      ...{ order: 'accept-time' as const, market: '*', by: 'ops', reason: 'an outage' },
      issuedAt: T0 + 30 * HOUR,
    };
    keeper.order({ ...order, seal: marketOrderSeal('secret', order) });
    expect(refusal(() => keeper.watermark(T0 + 26 * HOUR))).toBe('taken');
    keeper.setMode('A', 'closed');
    expect(refusal(() => keeper.take({ ...tick, time: T0 + 27 * HOUR }))).toBe('closed');
  });

  it('never makes an honest tick late, whatever the others are dated', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            kind: fc.constantFrom('tick', 'watermark', 'honest'),
            dated: uniform(-1e9, 1e9),
            price: uniform(-7, 7),
          }),
          { minLength: 1, maxLength: 60 },
        ),
        (messages) => {
          const keeper = new MarkKeeper(
            markParameters({ sources: equalSources({ default: 'honest other' }) }),
          );
          messages.forEach(({ kind, dated, price }, i) => {
            const appendedAt = T0 + i * 1000;
            const time = Math.round(appendedAt + dated);
            try {
              if (kind === 'honest') {
                const tick = { market: 'A', source: 'honest', price: '100', time: appendedAt, sequence: i };
                expect(() => keeper.take({ ...tick, appendedAt })).not.toThrow();
              } else if (kind === 'watermark') keeper.watermark(time, appendedAt);
              else {
                const text = (100 * Math.exp(price)).toPrecision(9);
                keeper.take({
                  ...{ market: i % 2 ? 'A' : 'B', source: 'other', price: text },
                  ...{ time, sequence: i, appendedAt },
                });
              }
            } catch (error) {
              if (!(error instanceof TickRefusedError)) throw error;
            }
            expect(keeper.now).toBeLessThanOrEqual(appendedAt);
          });
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is restored as it was: the same ticks then make the same marks', () => {
    const markets = ['A', 'B', 'C', 'D'];
    const rows = calm(60, markets).map((row, t) => (t % 7 === 3 ? { ...row, A: row.A * (1 + t / 50) } : row));
    const whole = new MarkKeeper(markParameters());
    const expected = bars(whole, rows);
    let restored = new MarkKeeper(markParameters());
    const got = rows.flatMap((row, t) => {
      const marks = bars(restored, [row], t);
      const state: unknown = JSON.parse(JSON.stringify(restored.snapshot()));
      restored = new MarkKeeper(markParameters(), state as ReturnType<MarkKeeper['snapshot']>);
      return marks;
    });
    expect(got).toEqual(expected);
    expect(restored.snapshot()).toEqual(whole.snapshot());
  });

  it('is stale after three of its own intervals, within bounds', () => {
    const keeper = new MarkKeeper(markParameters());
    for (let t = 0; t < 20; t++)
      keeper.take({ market: 'A', price: '100', time: T0 + t * 120_000, sequence: t });
    expect(keeper.staleAfter('A')).toBe(360_000);
    const last = T0 + 19 * 120_000;
    keeper.watermark(last + 360_000);
    expect(keeper.quality('A')).toBe('ok');
    keeper.watermark(last + 360_001);
    expect(keeper.quality('A')).toBe('stale');
  });

  it('carries out the operator’s orders, sealed and each once', () => {
    const orderSecret = 'a secret of the services that is long enough';
    const keeper = new MarkKeeper(markParameters({ orderSecret }));
    bars(keeper, calm(20, ['A']));
    bars(keeper, [{ A: 150 }], 20);
    const given = (order: MarketOrderKind, issuedAt: number, secret = orderSecret) => {
      const unsealed = { order, market: 'A', by: 'ops', reason: 'a test', issuedAt };
      return { ...unsealed, seal: marketOrderSeal(secret, unsealed) };
    };
    expect(() => keeper.order(given('confirm', 1, 'another secret'))).toThrow('not sealed by the operator');
    expect(() => keeper.order({ ...given('confirm', 1), order: 'halt' })).toThrow('not sealed');
    expect(() => new MarkKeeper(markParameters()).order(given('halt', 1))).toThrow('MARKET_ORDER_SECRET');
    const confirm = given('confirm', 1);
    expect(keeper.order(confirm)).toMatchObject([{ market: 'A', text: '150', by: 'operator' }]);
    expect(() => keeper.order(confirm)).toThrow('has been taken already');
    expect(() => keeper.order(given('refuse', 2))).toThrow('no move to refuse');
    bars(keeper, [{ A: 400 }], 21);
    expect(keeper.state('A')).toBe('uncertain');
    keeper.order(given('refuse', 3));
    expect([keeper.state('A'), keeper.mark('A')?.text]).toEqual(['ok', '150']);
    for (const [order, state] of [
      ['halt', 'halted'],
      ['reduce-only', 'reduce-only'],
      ['resume', 'ok'],
    ] as const) {
      keeper.order(given(order, keeper.snapshot().orderedAt + 1));
      expect(keeper.state('A')).toBe(state);
    }
  });
});
