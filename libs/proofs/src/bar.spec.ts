import { describe, expect, it } from 'vitest';
import { randomBar } from '../../../test/support/factor-cases.js';
import { standardisedEvar } from '#lib/risk';
import { barStatement, barValues, type BarInput, DECAY_TIMES, stateNumbers } from './index.js';

/** A bar in float64, by the formulas of the model. */
function inFloat({ model, state, returns, exposures, book, alpha, tailFactor }: BarInput) {
  const { units, scores, loadings, levels } = model;
  const K = scores.length;
  const scaled = returns.map((r, i) => r / units[i]);
  const f = scores.map((row) => row.reduce((sum, w, i) => sum + w * scaled[i], 0));
  const own = scaled.map((r, i) => r - loadings[i].reduce((sum, b, k) => sum + b * f[k], 0));
  const next = [...f, ...own].map((shock, j) =>
    DECAY_TIMES.map((tau, i) => state[j][i] + (1 - Math.exp(-1 / tau)) * (shock * shock - state[j][i])),
  );
  const D = ([model.horizon, model.rate] as const).map((weights) =>
    levels.map((level, j) => {
      const group = j < K ? 'common' : 'own';
      return next[j].reduce(
        (sum, O, i) => sum + weights.averages[group][i] * O,
        weights.level[group] * level,
      );
    }),
  );
  const covariance = (d: readonly number[], i: number, j: number) =>
    units[i] *
    units[j] *
    (loadings[i].reduce((sum, b, k) => sum + b * loadings[j][k] * d[k], 0) + (i === j ? d[K + i] : 0));
  const gradient = D.map((d) =>
    units.map((_, i) => exposures.reduce((sum, x, j) => sum + covariance(d, i, j) * x, 0)),
  );
  const variance = gradient.map((values) => values.reduce((sum, value, i) => sum + value * exposures[i], 0));
  const s = Math.sqrt(variance[0]);
  const net = exposures.reduce((sum, x) => sum + x, 0);
  const mean = 100 * (net - book.entry - book.capital - book.liquidity);
  const raised = tailFactor * s;
  const evar = standardisedEvar(mean / raised, Math.log(alpha));
  return {
    next,
    gradient,
    s,
    rate: variance[1] / (2 * s),
    variances: units.map((_, i) => covariance(D[0], i, i)),
    upper: raised * evar.value,
    slope: evar.volatilitySlope,
  };
}

describe('the statement of a bar', () => {
  it('computes a bar on integers as float64 does: volatility, gradients and variances to 10⁻⁴, 300 bars', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const shape = { markets: 1 + (seed % 32), factors: 1 + (seed % 4), capital: [0.5, 2, 8][seed % 3] };
      const input = randomBar(seed, shape);
      const expected = inFloat(input);
      const found = barValues(input);
      const near = (value: bigint, bits: number, number: number, scale: number, what: string) => {
        expect(Math.abs(Number(value) / 2 ** bits - number) / scale, `${what}, bar ${seed}`).toBeLessThan(
          1e-4,
        );
      };
      near(found.s, 24, expected.s, expected.s, 's');
      near(found.rate, 24, expected.rate, expected.rate, 'rate');
      near(found.sandwich.upper, 24, expected.upper, expected.upper, 'upper');
      near(found.sandwich.slope, 24, expected.slope, expected.slope + 1e-3, 'slope');
      const largest = expected.gradient.map((values) => Math.max(...values.map(Math.abs)));
      for (let i = 0; i < shape.markets; i++)
        found.risk.forEach(({ gradient }, term) => {
          near(gradient[i], 152, expected.gradient[term][i], largest[term], `gradient ${i}`);
        });
      stateNumbers(found.after, shape.factors, shape.markets).forEach((averages, j) => {
        averages.forEach((value, i) => {
          expect(Math.abs(value - expected.next[j][i]), `state ${j}`).toBeLessThan(
            3e-4 * (1 + expected.next[j][i]),
          );
        });
      });
    }
  });

  it('refuses what its circuit has no room for, by name', () => {
    const given = randomBar(1, { markets: 3, factors: 2 });
    const refused = (change: Partial<BarInput>) => () => barStatement.inputs({ ...given, ...change });
    const model = (change: Partial<BarInput['model']>) => refused({ model: { ...given.model, ...change } });
    expect(refused({ returns: [1] })).toThrow(/returns/);
    expect(refused({ returns: [600, 0, 0] })).toThrow(/returns/);
    expect(refused({ exposures: [1, 2] })).toThrow(/exposures/);
    expect(refused({ exposures: [0, 0, 0] })).toThrow(/exposures/);
    expect(refused({ tailFactor: 0.99 })).toThrow(/tailFactor/);
    expect(refused({ stateSalt: 'x' })).toThrow(/stateSalt/);
    expect(refused({ state: given.state.slice(1) })).toThrow(/state/);
    expect(refused({ state: given.state.map(() => [-1, 1, 1]) })).toThrow(/state\[0\]\[0\]/);
    expect(refused({ state: given.state.map(() => [5000, 5000, 1]), exposures: [0.1, 0.1, 0.1] })).toThrow(
      /slow averages/,
    );
    expect(model({ units: [0, 1, 1] })).toThrow(/model.units\[0\]/);
    expect(model({ units: [600, 1, 1] })).toThrow(/model.units/);
    expect(model({ levels: [1, 1, 1, 1, -1] })).toThrow(/model.levels\[4\]/);
    expect(
      model({
        loadings: [
          [3, 0],
          [0, 0],
          [0, 0],
        ],
      }),
    ).toThrow(/model.loadings/);
    expect(
      model({
        scores: [
          [9, 0, 0],
          [0, 0, 0],
        ],
      }),
    ).toThrow(/model.scores/);
    expect(() => barStatement.parse({ ...given, extra: 1 })).toThrow(/input/);
    expect(barStatement.parse(JSON.parse(JSON.stringify(given)))).toEqual(given);
  });
});
