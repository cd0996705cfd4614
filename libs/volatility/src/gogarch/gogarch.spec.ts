import { describe, expect, it } from 'vitest';
import { describeWithRealData, realDataColumns } from '../../../../test/support/real-data.js';
import { referenceVector, relativeError } from '../../../../test/support/vectors.js';
import { identity } from '../dense.js';
import { conditionalVariances, forecastVariance } from '../garch/index.js';
import { randomStream } from '#lib/runtime';
import {
  fitGoGarch,
  goGarchWithRotation,
  IcaNotConvergedError,
  marchenkoPasturCount,
  principalComponents,
} from './index.js';

interface GoGarchVector {
  assets: string[];
  A: number[][];
  U: number[][];
  K: number[][];
  llh: number;
  Sigma_1: number[][];
  Sigma_T: number[][];
  Sigma_forecast: number[][][];
}

const options = { garch: { maximumPersistence: 0.999, requireArchEffect: false } };

function weekly(assets: readonly string[]): Float64Array[] {
  const columns = realDataColumns('dji30_weekly_returns.csv');
  return assets.map((name) => columns[name]);
}

/** rmgarch's rotation, brought from its whitening basis to ours. */
function rotationOf({ A }: GoGarchVector, returns: readonly Float64Array[]): Float64Array {
  // With A = K⁻¹U our rotation is R = (whitening · A)ᵀ, whatever basis K is in.
  const { whitening } = principalComponents(returns);
  const n = A.length;
  const rotation = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    for (let k = 0; k < n; k++)
      for (let i = 0; i < n; i++) rotation[j * n + k] += whitening[k * n + i] * A[i][j];
  }
  return rotation;
}

describeWithRealData('rmgarch', () => {
  it.each(['n3_fastica_tanh_const', 'n5_fastica_tanh_const', 'n3_radical_const', 'n5_radical_const'])(
    '%s: the same Σ, likelihood and forecasts with ICA fixed',
    (name) => {
      const expected = referenceVector<GoGarchVector>('gogarch', `gogarch_${name}.json`);
      const returns = weekly(expected.assets);
      const { model, diagnostics } = goGarchWithRotation(
        returns,
        rotationOf(expected, returns),
        options.garch,
      );
      expect(Math.abs(diagnostics.logLikelihood! - expected.llh)).toBeLessThan(0.05);
      const n = model.assets;
      const length = returns[0].length;
      const variances = model.garch.map((fit, k) => {
        const factor = Float64Array.from({ length }, (_, t) =>
          returns.reduce(
            (sum, series, i) => sum + model.unmixing[k * n + i] * (series[t] - model.mean[i]),
            0,
          ),
        );
        return conditionalVariances(factor, fit.parameters, fit.startUp);
      });
      const sigma = (d: (k: number) => number) =>
        Array.from({ length: n }, (_, i) =>
          Array.from({ length: n }, (__, j) =>
            variances.reduce(
              (sum, ___, k) => sum + model.mixing[i * n + k] * d(k) * model.mixing[j * n + k],
              0,
            ),
          ),
        );
      const compare = (actual: number[][], wanted: number[][], tolerance: number) => {
        const scale = Math.max(...wanted.flat().map(Math.abs));
        actual.flat().forEach((value, at) => {
          expect(Math.abs(value - wanted.flat()[at])).toBeLessThan(tolerance * scale);
        });
      };
      compare(
        sigma((k) => variances[k][0]),
        expected.Sigma_1,
        1e-6,
      );
      compare(
        sigma((k) => variances[k][length - 1]),
        expected.Sigma_T,
        2e-3,
      );
      expected.Sigma_forecast.forEach((wanted, step) => {
        compare(
          sigma((k) => forecastVariance(model.garch[k].parameters, variances[k][length], step + 1).marginal),
          wanted,
          2e-3,
        );
      });
    },
  );

  it('is matched with ICA free: no lower likelihood on 3 and 5 stocks', () => {
    for (const name of ['n3', 'n5']) {
      const expected = referenceVector<GoGarchVector>('gogarch', `gogarch_${name}_fastica_tanh_const.json`);
      const { diagnostics } = fitGoGarch(weekly(expected.assets), {
        ...options,
        ica: { starts: 8, tolerance: 1e-10 },
      });
      expect(diagnostics.logLikelihood).toBeGreaterThan(expected.llh - 0.05);
    }
  });
});

describeWithRealData('maximum likelihood over rotations', () => {
  it('reaches 6218.40 where ICA alone reaches 6207.78', () => {
    const { diagnostics } = fitGoGarch(weekly(['AA', 'AXP', 'BA']), { ...options, polish: true });
    expect(diagnostics.logLikelihood).toBeCloseTo(6218.3998, 3);
    expect(diagnostics.polish?.converged).toBe(true);
    expect(diagnostics.polish?.gain).toBeCloseTo(10.62, 0);
  });
});

/** Returns of a few strong common factors and small noise. */
function factorReturns(n: number, factors: number, length: number, seed: number): Float64Array[] {
  const random = randomStream(seed);
  const loadings = Array.from({ length: n }, (_, i) =>
    Array.from({ length: factors }, (__, k) => (i % factors === k ? 1 : 0.2 * random.normal())),
  );
  const common = Array.from({ length: factors }, () =>
    Float64Array.from({ length }, () => 0.01 * random.normal() ** 3),
  );
  return loadings.map((row) =>
    Float64Array.from({ length }, (_, t) =>
      row.reduce((sum, loading, k) => sum + loading * common[k][t], 0.002 * random.normal()),
    ),
  );
}

describe(fitGoGarch, () => {
  it('keeps the unconditional covariance: Z·Zᵀ + Ψ is the sample covariance with all, some and few factors', () => {
    const returns = factorReturns(6, 3, 600, 31);
    const { covariance } = principalComponents(returns);
    for (const factors of ['all', 3, 'marchenko-pastur'] as const) {
      const { model } = fitGoGarch(returns, { factors });
      const { mixing, droppedLoadings, factors: k, assets: n } = model;
      const rest = n - k;
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          let value = 0;
          for (let l = 0; l < rest; l++)
            value += droppedLoadings[i * rest + l] * droppedLoadings[j * rest + l];
          for (let l = 0; l < k; l++) value += mixing[i * k + l] * mixing[j * k + l];
          expect(Math.abs(value - covariance[i * n + j])).toBeLessThan(1e-12);
        }
      }
    }
  });

  it('cuts by Marchenko–Pastur at the number of factors there are, at least two', () => {
    const returns = factorReturns(12, 3, 1000, 33);
    expect(fitGoGarch(returns, { factors: 'marchenko-pastur' }).model.factors).toBe(3);
    const random = randomStream(5);
    const noise = principalComponents(
      Array.from({ length: 8 }, () => Float64Array.from({ length: 2000 }, () => random.normal())),
    );
    expect(marchenkoPasturCount(noise.covariance, 8, 2000)).toBe(2);
  });

  it('names constant and collinear series', () => {
    const [a, b] = factorReturns(2, 2, 300, 35);
    expect(() => fitGoGarch([a, new Float64Array(300)])).toThrow(/returns\[1\].*constant/);
    expect(() => fitGoGarch([a, b, a.map((value, t) => value + b[t])])).toThrow(/collinear.*rank 2/);
  });

  it('never returns a rotation that has not converged', () => {
    const returns = factorReturns(5, 4, 400, 37);
    expect(() => fitGoGarch(returns, { ica: { maximumIterations: 1, tolerance: 1e-15 } })).toThrow(
      IcaNotConvergedError,
    );
  });

  it('says so where the returns are no different from Gaussian ones, and keeps principal components where asked to', () => {
    const random = randomStream(43);
    const noise = Array.from({ length: 4 }, () => Float64Array.from({ length: 500 }, () => random.normal()));
    expect(() => fitGoGarch(noise)).toThrow(/nothing to find.*Gaussian/);
    const { model, diagnostics } = fitGoGarch(noise, { withoutConvergence: 'principal-components' });
    expect(diagnostics.ica).toMatchObject({ converged: false, starts: 0 });
    expect(model.mixing).toEqual(goGarchWithRotation(noise, identity(4)).model.mixing);
  });

  it('survives being written as JSON', () => {
    const { model } = fitGoGarch(factorReturns(3, 2, 300, 39), { factors: 2 });
    expect(JSON.parse(JSON.stringify(model))).toEqual(model);
    expect(relativeError(model.mixing[0], model.mixing[0])).toBe(0);
  });
});
