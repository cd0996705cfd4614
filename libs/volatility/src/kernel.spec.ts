import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomStream } from '#lib/runtime';
import { kernelMultiply, kernelMultiplyTransposed, logCosh } from './kernel.js';

const size = fc.integer({ min: 1, max: 13 });
const normals = (count: number, seed: number) => {
  const random = randomStream(seed);
  return Float64Array.from({ length: count }, () => random.normal());
};

describe('products in vectors', () => {
  it('are the sums of products, whatever the sizes: none divides by the width of a vector or a block', () => {
    fc.assert(
      fc.property(size, fc.integer({ min: 1, max: 600 }), size, fc.integer(), (m, k, n, seed) => {
        const a = normals(m * k, seed);
        const b = normals(k * n, seed + 1);
        const turned = Float64Array.from({ length: k * n }, (_, at) => b[(at % k) * n + Math.floor(at / k)]);
        const c = new Float64Array(m * n);
        const d = new Float64Array(m * n);
        kernelMultiply(a, b, c, m, k, n);
        kernelMultiplyTransposed(a, turned, d, m, k, n);
        for (let i = 0; i < m; i++) {
          for (let j = 0; j < n; j++) {
            let sum = 0;
            for (let l = 0; l < k; l++) sum += a[i * k + l] * b[l * n + j];
            expect(Math.abs(c[i * n + j] - sum)).toBeLessThan(1e-12);
            expect(Math.abs(d[i * n + j] - sum)).toBeLessThan(1e-12);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('read the same matrix on both sides, and keep nothing of an earlier, larger product', () => {
    const large = normals(60 * 700, 5);
    kernelMultiplyTransposed(large, large, new Float64Array(3600), 60, 700, 60);
    const a = normals(3 * 5, 7);
    const gram = new Float64Array(9);
    kernelMultiplyTransposed(a, a, gram, 3, 5, 3);
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 3; j++) {
        let sum = 0;
        for (let t = 0; t < 5; t++) sum += a[i * 5 + t] * a[j * 5 + t];
        expect(gram[i * 3 + j]).toBeCloseTo(sum, 13);
      }
    }
  });
});

describe(logCosh, () => {
  it('is tanh, ln cosh and the slope of tanh to the last digits, at odd lengths and far out', () => {
    for (const length of [1, 2, 3, 255, 256, 257, 1001]) {
      const before = normals(2 * length, length).map((value, at) => value * (at % 7 === 0 ? 30 : 2));
      const after = before.slice();
      const sums = logCosh(after, 2, length);
      for (let i = 0; i < 2; i++) {
        const row = before.subarray(i * length, (i + 1) * length);
        let [means, slopes] = [0, 0];
        row.forEach((value, t) => {
          const tanh = Math.tanh(value);
          expect(Math.abs(after[i * length + t] - tanh)).toBeLessThan(4e-16);
          means += Math.abs(value) + Math.log1p(Math.exp(-2 * Math.abs(value))) - Math.LN2;
          slopes += 1 - tanh * tanh;
        });
        expect(Math.abs(sums[2 * i] - means)).toBeLessThan(1e-13 * length);
        expect(Math.abs(sums[2 * i + 1] - slopes)).toBeLessThan(1e-13 * length);
      }
    }
    expect([...logCosh(Float64Array.of(0, 1e3, -1e3), 3, 1)]).toEqual([
      0,
      1,
      1e3 - Math.LN2,
      0,
      1e3 - Math.LN2,
      0,
    ]);
  });
});
