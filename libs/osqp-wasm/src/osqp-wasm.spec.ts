import { beforeAll, describe, expect, it } from 'vitest';
import {
  type CscMatrix,
  cscFromDense,
  loadOsqp,
  multiply,
  type Osqp,
  type OsqpError,
  type QuadraticProgram,
  upperTriangleFromDense,
} from './index.js';

let osqp: Osqp;
beforeAll(async () => {
  osqp = await loadOsqp();
});

const PRECISE = { epsAbs: 1e-9, epsRel: 1e-9, polish: true, maxIter: 50_000, adaptiveRhoInterval: 50 };

/** Lehmer's generator: the same programs on every machine. */
function uniforms(seed: number): () => number {
  let state = BigInt(seed) * 2654435761n + 1n;
  return () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & ((1n << 64n) - 1n);
    return Number(state >> 11n) / 2 ** 53;
  };
}

/** The example of OSQP's own documentation. */
const EXAMPLE: QuadraticProgram = {
  P: upperTriangleFromDense(2, [4, 1, 1, 2]),
  q: Float64Array.of(1, 1),
  A: cscFromDense(3, 2, [1, 1, 1, 0, 0, 1]),
  l: Float64Array.of(1, 0, 0),
  u: Float64Array.of(1, 0.7, 0.7),
};

function randomProgram(seed: number, n: number, singular: boolean): QuadraticProgram {
  const random = uniforms(seed);
  const rank = singular ? Math.ceil(n / 2) : n + 3;
  const m = Math.ceil(1.5 * n);
  const factor = Array.from({ length: rank * n }, () => random() - 0.5);
  const P = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < rank; k++) P[i * n + j] += factor[k * n + i] * factor[k * n + j];
    }
  }
  const dense = Array.from({ length: m * n }, () => (random() < 0.4 ? random() - 0.5 : 0));
  const A = cscFromDense(m, n, dense);
  const inside = multiply(
    A,
    Float64Array.from({ length: n }, () => random() - 0.5),
  );
  return {
    P: upperTriangleFromDense(n, P),
    // In the range of P and Aᵀ: bounded below even where P is singular, because the box of A holds.
    q: transposedTimes(
      A,
      Float64Array.from({ length: m }, () => random() - 0.5),
    ),
    A,
    l: inside.map((value) => value - random()),
    u: inside.map((value, i) => (i % 7 === 0 ? value : value + random())),
  };
}

function transposedTimes({ columns, columnPointers, rowIndices, values }: CscMatrix, y: Float64Array) {
  const product = new Float64Array(columns);
  for (let j = 0; j < columns; j++) {
    for (let at = columnPointers[j]; at < columnPointers[j + 1]; at++)
      product[j] += values[at] * y[rowIndices[at]];
  }
  return product;
}

function symmetricTimes(P: CscMatrix, x: Float64Array): Float64Array {
  const product = multiply(P, x);
  const other = transposedTimes(P, x);
  return product.map((value, i) => {
    const diagonal =
      P.rowIndices[P.columnPointers[i + 1] - 1] === i ? P.values[P.columnPointers[i + 1] - 1] : 0;
    return value + other[i] - diagonal * x[i];
  });
}

const largest = (values: Float64Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

function refusal(work: () => unknown): Pick<OsqpError, 'code' | 'argument'> {
  try {
    work();
  } catch (error) {
    const { code, argument } = error as OsqpError;
    return { code, argument };
  }
  throw new Error('was not refused');
}

describe('OsqpSolver', () => {
  it('solves the example of OSQP’s documentation', () => {
    using solver = osqp.setup(EXAMPLE, PRECISE);
    const result = solver.solve();
    expect(result.status).toBe('solved');
    expect(result.x[0]).toBeCloseTo(0.3, 9);
    expect(result.x[1]).toBeCloseTo(0.7, 9);
    expect(Array.from(result.y)).toEqual([
      expect.closeTo(-2.9, 8) as number,
      expect.closeTo(0, 8) as number,
      expect.closeTo(0.2, 8) as number,
    ]);
    expect(result.objective).toBeCloseTo(1.88, 9);
    expect(result.dualObjective).toBeCloseTo(1.88, 9);
    expect(result.polish).toBe('succeeded');
  });

  it.each(Array.from({ length: 24 }, (_, i) => [i, 5 + 5 * i, i % 4 === 0] as const))(
    'meets the optimality conditions: random program %i, n = %i, singular P: %s',
    (seed, n, singular) => {
      const program = randomProgram(seed, n, singular);
      using solver = osqp.setup(program, PRECISE);
      const { status, x, y, objective, dualObjective } = solver.solve();
      expect(status).toBe('solved');
      const ax = multiply(program.A, x);
      const gradient = symmetricTimes(program.P, x);
      const pull = transposedTimes(program.A, y);
      expect(largest(gradient.map((value, i) => value + program.q[i] + pull[i]))).toBeLessThan(1e-7);
      ax.forEach((value, i) => {
        expect(value).toBeGreaterThan(program.l[i] - 1e-7);
        expect(value).toBeLessThan(program.u[i] + 1e-7);
        const slack = y[i] > 0 ? program.u[i] - value : value - program.l[i];
        expect(Math.abs(y[i] * slack)).toBeLessThan(1e-6);
      });
      expect(Math.abs(objective - dualObjective)).toBeLessThan(1e-7 * Math.max(1, Math.abs(objective)));
    },
  );

  it('proves that a program has no feasible point', () => {
    const program = { ...EXAMPLE, l: Float64Array.of(3, 0, 0), u: Float64Array.of(4, 0.7, 0.7) };
    using solver = osqp.setup(program, PRECISE);
    const { status, primalInfeasibility: v, objective, x } = solver.solve();
    expect(status).toBe('primal-infeasible');
    expect(objective).toBe(Infinity);
    expect(Array.from(x).every(Number.isNaN)).toBe(true);
    const scale = largest(v!);
    expect(largest(transposedTimes(program.A, v!)) / scale).toBeLessThan(1e-4);
    const support = v!.reduce((sum, value, i) => sum + value * (value > 0 ? program.u[i] : program.l[i]), 0);
    expect(support / scale).toBeLessThan(-0.1);
  });

  it('proves that a program has no bound', () => {
    const program: QuadraticProgram = {
      P: upperTriangleFromDense(2, [1, 0, 0, 0]),
      q: Float64Array.of(0, -1),
      A: cscFromDense(2, 2, [1, 0, 0, 1]),
      l: Float64Array.of(-1, 0),
      u: Float64Array.of(1, Infinity),
    };
    using solver = osqp.setup(program, PRECISE);
    const { status, dualInfeasibility: v, objective } = solver.solve();
    expect(status).toBe('dual-infeasible');
    expect(objective).toBe(-Infinity);
    expect(Math.abs(v![0]) / largest(v!)).toBeLessThan(1e-4);
    expect(v![1]).toBeGreaterThan(0);
  });

  it('solves after updates what a fresh set-up solves', () => {
    const before = randomProgram(1, 20, false);
    const scaled = (values: Float64Array, by: number) => values.map((value) => value * by);
    const after: QuadraticProgram = {
      P: { ...before.P, values: scaled(before.P.values, 1.3) },
      q: scaled(before.q, -0.4),
      A: { ...before.A, values: scaled(before.A.values, 0.9) },
      l: before.l.map((value) => value - 0.1),
      u: before.u.map((value) => value + 0.2),
    };
    using updated = osqp.setup(before, PRECISE);
    updated.solve();
    updated.updateMatrices({ P: after.P.values, A: after.A.values });
    updated.updateVectors({ q: after.q, l: after.l, u: after.u });
    using fresh = osqp.setup(after, PRECISE);
    const [a, b] = [updated.solve(), fresh.solve()];
    expect(a.status).toBe('solved');
    expect(Math.abs(a.objective - b.objective)).toBeLessThan(1e-8 * Math.max(1, Math.abs(b.objective)));
    expect(Math.abs(a.dualObjective - b.objective)).toBeLessThan(1e-7 * Math.max(1, Math.abs(b.objective)));
    expect(largest(a.x.map((value, i) => value - b.x[i]))).toBeLessThan(1e-6);
  });

  it('takes a warm start', () => {
    const program = randomProgram(2, 40, false);
    using cold = osqp.setup(program, { epsAbs: 1e-6, epsRel: 1e-6 });
    const { x, y, iterations } = cold.solve();
    using warm = osqp.setup(program, { epsAbs: 1e-6, epsRel: 1e-6 });
    warm.warmStart({ x, y });
    expect(warm.solve().iterations).toBeLessThan(iterations);
  });

  it('says so where the iterations do not suffice', () => {
    using solver = osqp.setup(randomProgram(3, 30, false), { ...PRECISE, maxIter: 5 });
    expect(solver.solve().status).toBe('max-iterations');
  });

  it('gives all memory back over 20,000 set-ups', () => {
    const program = randomProgram(4, 10, false);
    const solveOnce = () => {
      using solver = osqp.setup(program);
      solver.solve();
    };
    for (let i = 0; i < 100; i++) solveOnce();
    const held = osqp.memoryBytes();
    for (let i = 0; i < 20_000; i++) solveOnce();
    expect(osqp.memoryBytes()).toBe(held);
  });

  describe('refuses', () => {
    const cases: [string, Partial<QuadraticProgram>, Pick<OsqpError, 'code' | 'argument'>][] = [
      ['a q of no entries', { q: new Float64Array(0) }, { code: 'invalid-shape', argument: 'q' }],
      [
        'a P of another size',
        { P: upperTriangleFromDense(1, [1]) },
        { code: 'invalid-shape', argument: 'P' },
      ],
      [
        'an entry of P below the diagonal',
        { P: cscFromDense(2, 2, [4, 1, 1, 2]) },
        { code: 'invalid-shape', argument: 'P.rowIndices' },
      ],
      [
        'an A of another size',
        { A: cscFromDense(2, 2, [1, 0, 0, 1]) },
        { code: 'invalid-shape', argument: 'A' },
      ],
      ['bounds of two lengths', { u: Float64Array.of(1) }, { code: 'invalid-shape', argument: 'u' }],
      ['l above u', { l: Float64Array.of(1, 0.8, 0) }, { code: 'invalid-bounds', argument: 'l[1]' }],
      [
        'a bound that is NaN',
        { u: Float64Array.of(NaN, 1, 1) },
        { code: 'invalid-bounds', argument: 'l[0]' },
      ],
      [
        'a q that is not finite',
        { q: Float64Array.of(1, Infinity) },
        { code: 'invalid-value', argument: 'q[1]' },
      ],
      [
        'row indices that do not rise',
        { A: { ...EXAMPLE.A, rowIndices: Int32Array.of(1, 0, 0, 2) } },
        { code: 'invalid-shape', argument: 'A.rowIndices' },
      ],
      [
        'values that are missing',
        { A: { ...EXAMPLE.A, values: Float64Array.of(1) } },
        { code: 'invalid-shape', argument: 'A' },
      ],
      // Convex on the rows of A is not enough: OSQP itself accepts this one.
      [
        'a P that is not convex',
        { P: upperTriangleFromDense(2, [1, 0, 0, -1]) },
        { code: 'non-convex', argument: 'P' },
      ],
      [
        'a P with a small negative eigenvalue',
        { P: upperTriangleFromDense(2, [1e6, 1e6, 1e6, 1e6 - 1]) },
        { code: 'non-convex', argument: 'P' },
      ],
    ];
    it.each(cases)('%s', (_name, change, expected) => {
      expect(refusal(() => osqp.setup({ ...EXAMPLE, ...change }))).toEqual(expected);
    });

    it('settings that OSQP does not have or cannot take', () => {
      const misspelt = { epsabs: 1 } as object;
      expect(refusal(() => osqp.setup(EXAMPLE, misspelt)).argument).toBe('settings.epsabs');
      expect(refusal(() => osqp.setup(EXAMPLE, { alpha: 2 })).argument).toBe('settings.alpha');
      expect(refusal(() => osqp.setup(EXAMPLE, { maxIter: 0.5 })).argument).toBe('settings.maxIter');
    });

    it('updates that do not fit, and goes on as before', () => {
      using solver = osqp.setup(EXAMPLE, PRECISE);
      expect(refusal(() => solver.updateVectors({ q: Float64Array.of(1) })).code).toBe('invalid-shape');
      expect(refusal(() => solver.updateVectors({ l: Float64Array.of(2, 0, 0) })).code).toBe(
        'invalid-bounds',
      );
      expect(refusal(() => solver.updateMatrices({ P: Float64Array.of(1, 2, 1) })).code).toBe('non-convex');
      expect(refusal(() => solver.updateMatrices({ A: Float64Array.of(1) })).code).toBe('invalid-shape');
      expect(refusal(() => solver.warmStart({ y: Float64Array.of(1) })).code).toBe('invalid-shape');
      expect(solver.solve().objective).toBeCloseTo(1.88, 9);
    });

    it('a solver that has been freed', () => {
      const solver = osqp.setup(EXAMPLE);
      solver.free();
      solver.free();
      expect(refusal(() => solver.solve()).code).toBe('freed');
    });
  });
});
