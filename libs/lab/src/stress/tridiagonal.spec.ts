import fc from 'fast-check';
import { EigenvalueDecomposition, inverse, Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { uniforms } from '../../../../test/support/arbitraries.js';
import { largestEigenvalue, resolventForm, tridiagonalised } from './tridiagonal.js';

/** A symmetric matrix, some of whose entries are nothing, and a vector. */
const drawn = fc.integer({ min: 1, max: 12 }).chain((n) =>
  fc.record({
    n: fc.constant(n),
    entries: uniforms(n * n, -3, 3),
    kept: fc.array(fc.boolean(), { minLength: n * n, maxLength: n * n }),
    vector: uniforms(n, -2, 2),
    above: fc.constantFrom(0.01, 1, 100),
  }),
);

describe(tridiagonalised, () => {
  it('leaves eigenvalues and (λ − A)⁻¹ as they were', () => {
    fc.assert(
      fc.property(drawn, ({ n, entries, kept, vector, above }) => {
        const matrix = new Float64Array(n * n);
        for (let i = 0; i < n; i++)
          for (let j = 0; j <= i; j++)
            matrix[i * n + j] = matrix[j * n + i] = kept[i * n + j] ? entries[i * n + j] : 0;
        const dense = Matrix.from1DArray(n, n, matrix);
        const values = new EigenvalueDecomposition(dense, { assumeSymmetric: true }).realEigenvalues;
        const form = tridiagonalised(matrix.slice(), Float64Array.from(vector));
        const top = Math.max(...values);
        const scale = 1 + Math.max(...values.map(Math.abs));
        expect(Math.abs(largestEigenvalue(form) - top)).toBeLessThan(1e-11 * scale);
        const column = Matrix.columnVector(vector);
        const lambda = top + above;
        const expected = column
          .transpose()
          .mmul(inverse(Matrix.eye(n, n, lambda).sub(dense)))
          .mmul(column)
          .get(0, 0);
        expect(Math.abs(resolventForm(form, lambda) / expected - 1)).toBeLessThan(1e-8 / above + 1e-9);
        expect(resolventForm(form, top - 0.01 * scale)).toBe(Infinity);
      }),
      { numRuns: 100 },
    );
  });
});
