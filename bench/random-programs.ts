import { type CscMatrix, cscFromDense, type QuadraticProgram, upperTriangleFromDense } from 'osqp-wasm';
import { randomStream } from '#lib/runtime';

/**
 * A hundred random quadratic programs, n = 10 … 200: every fourth with a singular P, every tenth without a feasible
 * point, every twentieth without a bound.
 */
export function randomPrograms(count = 100): QuadraticProgram[] {
  return Array.from({ length: count }, (_, index) => {
    const n = 10 + Math.round((190 * index) / (count - 1));
    return randomProgram(index + 1, n, index % 4 === 0, index % 10 === 5, index % 20 === 12);
  });
}

function randomProgram(
  seed: number,
  n: number,
  singular: boolean,
  infeasible: boolean,
  unbounded: boolean,
): QuadraticProgram {
  const random = randomStream(seed);
  const m = 2 * n;
  const rank = singular ? Math.ceil(n / 2) : n;
  const P = new Float64Array(n * n);
  for (let k = 0; k < rank; k++) {
    const row: [number, number][] = [];
    for (let i = 0; i < n; i++) if (random.uniform() < 0.1) row.push([i, random.normal()]);
    for (const [i, a] of row) for (const [j, b] of row) P[i * n + j] += a * b;
  }
  if (!singular) for (let i = 0; i < n; i++) P[i * n + i] += 0.01;
  const dense = new Float64Array(m * n);
  for (let row = 0; row < m; row++) {
    // The lower half is the box, so that a singular P leaves the optimum bounded.
    if (row >= n) dense[row * n + row - n] = 1;
    else for (let i = 0; i < n; i++) if (random.uniform() < 0.15) dense[row * n + i] = random.normal();
  }
  const inside = Float64Array.from({ length: n }, () => random.normal());
  const l = new Float64Array(m);
  const u = new Float64Array(m);
  for (let row = 0; row < m; row++) {
    let value = 0;
    for (let i = 0; i < n; i++) value += dense[row * n + i] * inside[i];
    const exact = row < n && row % 11 === 0;
    l[row] = exact ? value : value - random.uniform();
    u[row] = exact ? value : value + random.uniform();
  }
  if (infeasible) {
    // One row asks for more than the box around the others allows.
    let most = 0;
    for (let i = 0; i < n; i++) most += Math.abs(dense[i]) * (Math.abs(inside[i]) + 2);
    l[0] = most + 1;
    u[0] = most + 2;
  }
  const q = Float64Array.from({ length: n }, () => random.normal());
  if (unbounded) {
    for (let i = 0; i < n; i++) P[i] = P[i * n] = 0;
    for (let row = 0; row < m; row++) dense[row * n] = row === n ? 1 : 0;
    q[0] = -1;
    l[n] = 0;
    u[n] = Infinity;
    for (let row = 0; row < n; row++) {
      let value = 0;
      for (let i = 0; i < n; i++) value += dense[row * n + i] * inside[i];
      l[row] = value - 1;
      u[row] = value + 1;
    }
  }
  const A: CscMatrix = cscFromDense(m, n, dense);
  return { P: upperTriangleFromDense(n, P), q, A, l, u };
}

/** As JSON for the peer: infinities become OSQP's own. */
export function plain({ P, q, A, l, u }: QuadraticProgram): object {
  const finite = (values: Float64Array) => Array.from(values, (v) => Math.max(-1e30, Math.min(1e30, v)));
  const matrix = ({ rows, columns, columnPointers, rowIndices, values }: CscMatrix) => ({
    shape: [rows, columns],
    pointers: Array.from(columnPointers),
    indices: Array.from(rowIndices),
    values: Array.from(values),
  });
  return { P: matrix(P), q: finite(q), A: matrix(A), l: finite(l), u: finite(u) };
}
