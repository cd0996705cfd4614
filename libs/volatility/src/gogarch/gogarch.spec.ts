import { describe, expect, it } from 'vitest';
import { describeWithRealData, itWithRealData, realDataColumns } from '../../../../test/support/real-data.js';
import { referenceVector, relativeError } from '../../../../test/support/vectors.js';
import { identity, multiplyTransposed } from '../dense.js';
import { conditionalVariances, forecastVariance } from '../garch/index.js';
import { randomStream } from '#lib/runtime';
import {
  distinctOptima,
  fitGoGarch,
  goGarchWithRotation,
  IcaNotConvergedError,
  independentComponents,
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

/** Amari distance of P = W·A from a scaled permutation, 0 … 1. */
function amari(product: number[][]): number {
  const m = product.length;
  const rows = product.map(
    (row) => row.reduce((sum, value) => sum + Math.abs(value), 0) / Math.max(...row.map(Math.abs)) - 1,
  );
  const columns = product.map((_, j) => {
    const column = product.map((row) => Math.abs(row[j]));
    return column.reduce((sum, value) => sum + value, 0) / Math.max(...column) - 1;
  });
  return [...rows, ...columns].reduce((sum, value) => sum + value, 0) / (2 * m * (m - 1));
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

describe(independentComponents, () => {
  itWithRealData('separates the reference mixture as well as scikit-learn', () => {
    const { A_mix, runs } = referenceVector<{
      A_mix: number[][];
      runs: { fun: string; algorithm: string; amari_median: number }[];
    }>('ica_sklearn.json');
    const columns = realDataColumns('ica_mixture_X.csv');
    const mixture = ['x1', 'x2', 'x3', 'x4'].map((name) => columns[name]);
    const { whitened, whitening } = principalComponents(mixture);
    const expected = runs.find(({ fun, algorithm }) => fun === 'logcosh' && algorithm === 'parallel')!;
    for (const { rotation, converged } of independentComponents(whitened, 4, {
      starts: 5,
      tolerance: 1e-10,
    })) {
      expect(converged).toBe(true);
      const product = Array.from({ length: 4 }, (_, i) =>
        Array.from({ length: 4 }, (__, j) => {
          let sum = 0;
          for (let k = 0; k < 4; k++)
            for (let l = 0; l < 4; l++) sum += rotation[i * 4 + k] * whitening[k * 4 + l] * A_mix[l][j];
          return sum;
        }),
      );
      expect(amari(product)).toBeCloseTo(expected.amari_median, 5);
    }
  });

  it('ends at a fixed point of symmetric FastICA, also where its iteration wanders', () => {
    // Gaussian but for one factor: FastICA's own iteration does not settle in 400 steps.
    const n = 12;
    const random = randomStream(23);
    const { whitened } = principalComponents(
      Array.from({ length: n }, (_, i) =>
        Float64Array.from({ length: 500 }, () => (i === 0 ? random.normal() ** 3 : random.normal())),
      ),
    );
    const length = 500;
    for (const { rotation, converged, iterations } of independentComponents(whitened, n, {
      tolerance: 1e-12,
    })) {
      expect(converged).toBe(true);
      expect(iterations).toBeLessThan(200);
      const sources = Array.from({ length: n }, (_, i) =>
        Float64Array.from({ length }, (__, t) => {
          let sum = 0;
          for (let l = 0; l < n; l++) sum += rotation[i * n + l] * whitened[l * length + t];
          return sum;
        }),
      );
      const tanh = sources.map((source) => source.map(Math.tanh));
      const moment = (i: number, j: number) =>
        tanh[i].reduce((sum, value, t) => sum + value * sources[j][t], 0) / length;
      const sign = tanh.map((values, i) =>
        Math.sign(values.reduce((sum, value) => sum + 1 - value * value, 0) / length - moment(i, i)),
      );
      for (let i = 0; i < n; i++)
        for (let j = 0; j < i; j++)
          expect(Math.abs(sign[i] * moment(i, j) - sign[j] * moment(j, i))).toBeLessThan(1e-6);
    }
  });

  it('takes optima for one that differ in the order and the signs of their factors only', () => {
    const optimum = (rotation: number[]) => {
      return { rotation: Float64Array.from(rotation), negentropy: 0, converged: true, iterations: 1 };
    };
    const [c, s] = [Math.cos(0.4), Math.sin(0.4)];
    const first = optimum([c, s, 0, -s, c, 0, 0, 0, 1]);
    const same = optimum([0, 0, -1, -s, c, 0, c, s, 0]);
    const other = optimum([1, 0, 0, 0, 1, 0, 0, 0, 1]);
    expect(distinctOptima([first, same, other, first], 3)).toEqual([first, other]);
  });

  it('begins where it is told to, and makes one start of many series', () => {
    const random = randomStream(29);
    const { whitened } = principalComponents(
      Array.from({ length: 5 }, () => Float64Array.from({ length: 600 }, () => random.normal() ** 3)),
    );
    const [found] = independentComponents(whitened, 5, { tolerance: 1e-10 });
    const again = independentComponents(whitened, 5, { starts: 1, first: found.rotation });
    expect(again).toHaveLength(1);
    expect(again[0].iterations).toBe(1);
    expect(again[0].negentropy).toBeCloseTo(found.negentropy, 10);
    const many = Array.from({ length: 51 }, () => Float64Array.from({ length: 80 }, () => random.normal()));
    expect(
      independentComponents(principalComponents(many).whitened, 51, { maximumIterations: 1 }),
    ).toHaveLength(1);
  });

  it('returns orthonormal rotations', () => {
    const random = randomStream(21);
    const { whitened } = principalComponents(
      Array.from({ length: 6 }, () => Float64Array.from({ length: 800 }, () => random.normal() ** 3)),
    );
    for (const { rotation } of independentComponents(whitened, 6)) {
      const gram = multiplyTransposed(rotation, rotation, new Float64Array(36), 6, 6, 6);
      gram.forEach((value, at) => {
        expect(value).toBeCloseTo(at % 7 === 0 ? 1 : 0, 12);
      });
    }
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
