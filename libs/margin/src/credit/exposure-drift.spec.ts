import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uniform } from '../../../../test/support/arbitraries.js';
import { scenarioModel } from '../../../../test/support/scenario-model.js';
import { CreditExposure } from '../index.js';

const HOUR_MS = 3_600_000;
const MARKETS = ['A', 'B', 'C'];

const model = scenarioModel(MARKETS, [
  [-0.1, -0.2, -0.1],
  [0.1, 0.3, 0.1],
  [-0.5, 0, 0],
  [0, 0, 0.4],
]);

const size = uniform(-100, 100);
const step = fc.record({
  account: fc.nat(12),
  cash: uniform(-20, 60),
  sizes: fc.tuple(size, size, size),
  rate: fc.nat(500),
  /** relative moves of the marks, and of funding */
  moves: fc.tuple(uniform(-0.1, 0.1), uniform(-0.1, 0.1), uniform(-0.1, 0.1)),
  funding: uniform(-0.05, 0.05),
  begins: fc.boolean(),
  sweep: fc.oneof(fc.nat(6), fc.constant(40)),
  /** the cap over the largest C_k */
  cap: uniform(0.5, 2),
  grows: uniform(0, 200),
});

describe('sums of deficits at the marks of an earlier pass', () => {
  it('decide every command as sums at the marks of now do', () => {
    let [refused, taken] = [0, 0];
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
        // The second one counts all accounts before each question.
        const [lazy, exact] = [new CreditExposure(model, 100), new CreditExposure(model, 100)];
        const both = [lazy, exact];
        const marks = [1, 1, 1];
        for (const credit of both) for (const market of MARKETS) credit.setMark(market, 1);
        for (const [i, { account, cash, sizes, rate, moves, funding, ...at }] of steps.entries()) {
          MARKETS.forEach((_, m) => (marks[m] *= 1 + moves[m]));
          for (const credit of both) {
            MARKETS.forEach((market, m) => {
              credit.setMark(market, marks[m]);
              credit.setFundingIndex(market, i * funding);
            });
            const positions = MARKETS.map((market, m) => ({
              ...{ market, size: sizes[m], entryNotional: sizes[m] * marks[m], fundingIndex: i * funding },
            }));
            credit.set(`a${account}`, cash, positions, { rate, since: i * HOUR_MS });
            if (at.begins) credit.begin((i + 1) * HOUR_MS);
            credit.sweep(at.sweep);
          }
          const pool = Math.max(1e-3, at.cap * Math.max(...exact.totals));
          const after = { equity: 1, positions: [{ market: 'A', notional: at.grows }] };
          const questions = both.map((credit) =>
            credit.check('new', { equity: 1, positions: [] }, after, { capital: 1, account: null, pool }),
          );
          expect(questions[0]).toEqual(questions[1]);
          if (questions[0] === undefined) taken++;
          else refused++;
        }
        expect(Array.from(lazy.totals)).toEqual(Array.from(exact.totals));
        expect(lazy.passState()).toEqual(exact.passState());
      }),
      // A failing run is long enough to be read: making it shorter takes minutes.
      { endOnFailure: true },
    );
    // Both answers occur.
    expect(Math.min(refused, taken)).toBeGreaterThan(100);
  });
});
