import { describe, expect, it } from 'vitest';
import { randomStream } from '#lib/runtime';
import { itWithRealData, realDataColumns } from '../../../../test/support/real-data.js';
import { referenceVector } from '../../../../test/support/vectors.js';
import { identity, multiplyTransposed } from '../dense.js';
import { distinctOptima, independentComponents, principalComponents, rotated } from './index.js';

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

describe(rotated, () => {
  it('turns by the angle, for small ones and large: cos and sin, and stays orthonormal', () => {
    for (const angle of [1e-6, 0.01, 0.29, 0.7, 1.2]) {
      const turned = rotated(identity(3), Float64Array.of(0, angle, 0, -angle, 0, 0, 0, 0, 0), 3);
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      [c, s, 0, -s, c, 0, 0, 0, 1].forEach((value, at) => {
        expect(Math.abs(turned[at] - value)).toBeLessThan(angle < 0.3 ? 1e-14 : 1e-7);
      });
      const gram = multiplyTransposed(turned, turned, new Float64Array(9), 3, 3, 3);
      gram.forEach((value, at) => {
        expect(Math.abs(value - (at % 4 === 0 ? 1 : 0))).toBeLessThan(1e-13);
      });
    }
  });
});
