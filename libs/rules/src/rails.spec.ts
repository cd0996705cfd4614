import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uniforms } from '../../../test/support/arbitraries.js';
import { checkRails, RAIL_TERMS, railed } from './rails.js';

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const weights = (n: number) =>
  uniforms(n, 0.05, 1).map((values) => {
    const free = 1 - n * RAIL_TERMS.lowest;
    return values.map((value) => RAIL_TERMS.lowest + (free * value) / sum(values));
  });

describe('the contract’s rails in floating point', () => {
  it('keep weights that sum to one, none below the lowest, none further than a step, whatever is asked for', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 8 }).chain((n) => fc.tuple(weights(n), uniforms(n, -3, 3))),
        ([current, target]) => {
          const next = railed(current, target, RAIL_TERMS);
          expect(sum(next)).toBeCloseTo(1, 12);
          next.forEach((weight, i) => {
            expect(weight).toBeGreaterThanOrEqual(RAIL_TERMS.lowest - 1e-12);
            expect(Math.abs(weight - current[i])).toBeLessThanOrEqual(RAIL_TERMS.step + 1e-12);
          });
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('let through what is within them, and slow all alike where one is too fast', () => {
    const close = (found: number[], expected: number[]) =>
      found.forEach((weight, i) => {
        expect(weight).toBeCloseTo(expected[i], 12);
      });
    close(railed([0.5, 0.3, 0.2], [0.505, 0.297, 0.198], RAIL_TERMS), [0.505, 0.297, 0.198]);
    const fast = { lowest: 0.03, step: 0.1, reach: 0.05 };
    close(railed([0.5, 0.3, 0.2], [0.6, 0.25, 0.15], fast), [0.55, 0.275, 0.175]);
    // A shortfall goes where there is room, in proportion.
    close(railed([0.5, 0.3, 0.2], [0, 0, 0], { ...fast, reach: 1 }), [0.5, 0.3, 0.2]);
  });

  it('refuse terms that no pool can have', () => {
    expect(() => checkRails({ ...RAIL_TERMS, lowest: 0.5 }, 2)).toThrow(/lowest/);
    expect(() => checkRails({ ...RAIL_TERMS, step: 0 }, 2)).toThrow(/step/);
    expect(() => checkRails({ ...RAIL_TERMS, reach: 1.1 }, 2)).toThrow(/reach/);
  });
});
