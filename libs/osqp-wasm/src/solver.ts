// Long because one class owns a workspace in the module’s memory, from set-up to release.
import {
  type CscMatrix,
  quadraticForm,
  requireCsc,
  requireFinite,
  requireUpperTriangle,
} from './csc-matrix.js';
import { OsqpError } from './errors.js';
import { type OsqpSettings, settingValues } from './settings.js';
import type { OsqpExports } from './wasm-module.js';

/** minimise ½ xᵀPx + qᵀx subject to l ≤ Ax ≤ u. */
export interface QuadraticProgram {
  /** n×n, positive semi-definite: its upper triangle */
  readonly P: CscMatrix;
  /** n */
  readonly q: Float64Array;
  /** m×n */
  readonly A: CscMatrix;
  /** m; −Infinity where there is no lower bound */
  readonly l: Float64Array;
  /** m; Infinity where there is no upper bound */
  readonly u: Float64Array;
}

export type OsqpStatus =
  | 'solved'
  | 'solved-inaccurate'
  | 'primal-infeasible'
  | 'primal-infeasible-inaccurate'
  | 'dual-infeasible'
  | 'dual-infeasible-inaccurate'
  | 'max-iterations'
  | 'non-convex'
  | 'unsolved';

const STATUSES: Readonly<Record<number, OsqpStatus>> = {
  1: 'solved',
  2: 'solved-inaccurate',
  3: 'primal-infeasible-inaccurate',
  4: 'dual-infeasible-inaccurate',
  [-2]: 'max-iterations',
  [-3]: 'primal-infeasible',
  [-4]: 'dual-infeasible',
  [-7]: 'non-convex',
  [-10]: 'unsolved',
};

export interface OsqpResult {
  readonly status: OsqpStatus;
  /** n; NaN where there is no solution */
  readonly x: Float64Array;
  /** m, multipliers: positive where the upper bound holds x back, negative for the lower; NaN without a solution */
  readonly y: Float64Array;
  /** ½ xᵀPx + qᵀx; Infinity where primal infeasible, −Infinity where dual infeasible */
  readonly objective: number;
  /** −½ xᵀPx − Σ (u·y⁺ + l·y⁻): at most the optimum, up to the dual residual; NaN without a solution */
  readonly dualObjective: number;
  /** ‖Ax − z‖∞ and ‖Px + q + Aᵀy‖∞, unscaled */
  readonly residuals: { readonly primal: number; readonly dual: number };
  readonly iterations: number;
  readonly rhoUpdates: number;
  readonly rhoEstimate: number;
  readonly polish: 'not-run' | 'succeeded' | 'failed';
  /** Proof that no point is feasible: v with Aᵀv ≈ 0 and uᵀv⁺ + lᵀv⁻ < 0, m. */
  readonly primalInfeasibility: Float64Array | undefined;
  /** Proof that the objective has no bound: a direction v with Pv ≈ 0, qᵀv < 0, Av in the recession cone, n. */
  readonly dualInfeasibility: Float64Array | undefined;
}

/** OSQP's own infinity: a bound beyond this value is none. */
const OSQP_INFINITY = 1e30;
const DOUBLE = 8;
const INT = 4;
const RESULT_FIELDS = 8;

/**
 * One problem set up in the module's memory: solved as often as wanted, with new vectors or new values of the stored
 * matrix entries in between. {@link free} gives the memory back.
 */
export class OsqpSolver implements Disposable {
  readonly n: number;
  readonly m: number;
  private P: CscMatrix;
  private A: CscMatrix;
  private l: Float64Array;
  private u: Float64Array;
  private handle: number;
  private readonly checksConvexity: boolean;

  /** @throws {OsqpError} for wrong shapes, values that are not finite, l > u, a P that is not convex, wrong settings */
  constructor(
    private readonly wasm: OsqpExports,
    program: QuadraticProgram,
    settings: OsqpSettings,
  ) {
    const n = program.q.length;
    const m = program.l.length;
    if (n === 0) throw new OsqpError('invalid-shape', 'q', 'must have at least one entry');
    requireLength(program.u, m, 'u');
    requireCsc(program.P, n, n, 'P');
    requireUpperTriangle(program.P, 'P');
    requireCsc(program.A, m, n, 'A');
    requireFinite(program.q, 'q');
    requireBounds(program.l, program.u);
    const values = settingValues(settings);
    this.n = n;
    this.m = m;
    this.P = { ...program.P, values: program.P.values.slice() };
    this.A = { ...program.A, values: program.A.values.slice() };
    this.l = program.l.slice();
    this.u = program.u.slice();
    this.checksConvexity = settings.checkConvexity ?? true;
    if (this.checksConvexity) requireConvex(wasm, this.P);
    this.handle = withMemory(wasm, (memory) => {
      const error = memory.ints(new Int32Array(1));
      const solver = wasm.wasm_setup(
        n,
        m,
        memory.ints(program.P.columnPointers),
        memory.ints(program.P.rowIndices),
        memory.doubles(program.P.values),
        memory.doubles(program.q),
        memory.ints(program.A.columnPointers),
        memory.ints(program.A.rowIndices),
        memory.doubles(program.A.values),
        memory.doubles(program.l),
        memory.doubles(program.u),
        memory.doubles(values),
        error,
      );
      const code = new Int32Array(wasm.memory.buffer, error, 1)[0];
      if (code !== 0) throw setupError(code);
      return solver;
    });
  }

  /**
   * Replaces q, l or u; an omitted one stays.
   *
   * @throws {OsqpError} for wrong lengths, values that are not finite, l > u; nothing is changed then
   */
  updateVectors(vectors: { q?: Float64Array; l?: Float64Array; u?: Float64Array }): void {
    const solver = this.live();
    const { q, l = this.l, u = this.u } = vectors;
    if (q !== undefined) {
      requireLength(q, this.n, 'q');
      requireFinite(q, 'q');
    }
    requireLength(l, this.m, 'l');
    requireLength(u, this.m, 'u');
    requireBounds(l, u);
    withMemory(this.wasm, (memory) => {
      if (q !== undefined) succeed(this.wasm.wasm_update_cost(solver, memory.doubles(q)), 'q');
      if (vectors.l === undefined && vectors.u === undefined) return;
      succeed(this.wasm.wasm_update_bounds(solver, memory.doubles(l), memory.doubles(u)), 'l');
    });
    this.l = l.slice();
    this.u = u.slice();
  }

  /**
   * New values of the stored entries of P or A, in their order; the pattern cannot change.
   *
   * @throws {OsqpError} for wrong lengths or values, or where P is not convex; nothing is changed then
   */
  updateMatrices(values: { P?: Float64Array; A?: Float64Array }): void {
    const solver = this.live();
    const { P, A } = values;
    for (const [name, given, held] of [
      ['P', P, this.P],
      ['A', A, this.A],
    ] as const) {
      if (given === undefined) continue;
      requireLength(given, held.values.length, `${name}.values`);
      requireFinite(given, `${name}.values`);
    }
    if (P === undefined && A === undefined) return;
    if (P !== undefined && this.checksConvexity) requireConvex(this.wasm, { ...this.P, values: P });
    withMemory(this.wasm, (memory) => {
      const code = this.wasm.wasm_update_matrices(
        solver,
        P === undefined ? 0 : memory.doubles(P),
        P?.length ?? 0,
        A === undefined ? 0 : memory.doubles(A),
        A?.length ?? 0,
      );
      if (code !== 0) throw setupError(5);
    });
    if (P !== undefined) this.P = { ...this.P, values: P.slice() };
    if (A !== undefined) this.A = { ...this.A, values: A.slice() };
  }

  /** Where the next solve begins: a guess of x, of y, or both. @throws {OsqpError} for wrong lengths or values */
  warmStart({ x, y }: { x?: Float64Array; y?: Float64Array }): void {
    const solver = this.live();
    if (x !== undefined) {
      requireLength(x, this.n, 'x');
      requireFinite(x, 'x');
    }
    if (y !== undefined) {
      requireLength(y, this.m, 'y');
      requireFinite(y, 'y');
    }
    if (x === undefined && y === undefined) return;
    withMemory(this.wasm, (memory) => {
      const start = (vector: Float64Array | undefined) => (vector === undefined ? 0 : memory.doubles(vector));
      succeed(this.wasm.wasm_warm_start(solver, start(x), start(y)), 'x');
    });
  }

  solve(): OsqpResult {
    const { wasm, n, m } = this;
    const solver = this.live();
    succeed(wasm.wasm_solve(solver), 'solve');
    const fields = withMemory(this.wasm, (memory) => {
      const out = memory.doubles(new Float64Array(RESULT_FIELDS));
      wasm.wasm_result(solver, out);
      return new Float64Array(wasm.memory.buffer, out, RESULT_FIELDS).slice();
    });
    const copy = (pointer: number, length: number) =>
      new Float64Array(wasm.memory.buffer, pointer, length).slice();
    const status = STATUSES[fields[0]] ?? 'unsolved';
    const infeasible = status.startsWith('primal-infeasible') || status.startsWith('dual-infeasible');
    const x = infeasible ? new Float64Array(n).fill(NaN) : copy(wasm.wasm_x(solver), n);
    const y = infeasible ? new Float64Array(m).fill(NaN) : copy(wasm.wasm_y(solver), m);
    return {
      status,
      x,
      y,
      objective: status.startsWith('primal-infeasible')
        ? Infinity
        : status.startsWith('dual-infeasible')
          ? -Infinity
          : fields[4],
      dualObjective: infeasible ? NaN : this.dualObjective(x, y),
      residuals: { primal: fields[5], dual: fields[6] },
      iterations: fields[2],
      rhoUpdates: fields[3],
      rhoEstimate: fields[7],
      polish: fields[1] === 1 ? 'succeeded' : fields[1] === 0 ? 'not-run' : 'failed',
      primalInfeasibility: status.startsWith('primal-infeasible')
        ? copy(wasm.wasm_primal_certificate(solver), m)
        : undefined,
      dualInfeasibility: status.startsWith('dual-infeasible')
        ? copy(wasm.wasm_dual_certificate(solver), n)
        : undefined,
    };
  }

  /** Gives the memory back; the solver cannot be used any more. A second call does nothing. */
  free(): void {
    if (this.handle === 0) return;
    this.wasm.wasm_cleanup(this.handle);
    this.handle = 0;
  }

  [Symbol.dispose](): void {
    this.free();
  }

  private dualObjective(x: Float64Array, y: Float64Array): number {
    let support = 0;
    for (let i = 0; i < y.length; i++) {
      const bound = y[i] > 0 ? this.u[i] : this.l[i];
      // The multiplier of an absent bound is zero up to rounding.
      if (y[i] !== 0 && Math.abs(bound) < OSQP_INFINITY) support += y[i] * bound;
    }
    return -0.5 * quadraticForm(this.P, x) - support;
  }

  private live(): number {
    if (this.handle === 0) throw new OsqpError('freed', 'solver', 'has been freed');
    return this.handle;
  }
}

function withMemory<Result>(wasm: OsqpExports, work: (memory: Scratch) => Result): Result {
  const scratch = new Scratch(wasm);
  try {
    return work(scratch);
  } finally {
    scratch.free();
  }
}

/** Memory of the module that is lent to one call. */
class Scratch {
  private readonly pointers: number[] = [];

  constructor(private readonly wasm: OsqpExports) {}

  doubles(values: Float64Array): number {
    const pointer = this.allocate(values.length * DOUBLE);
    const target = new Float64Array(this.wasm.memory.buffer, pointer, values.length);
    target.set(values);
    for (let i = 0; i < values.length; i++) {
      if (Math.abs(values[i]) > OSQP_INFINITY) target[i] = Math.sign(values[i]) * OSQP_INFINITY;
    }
    return pointer;
  }

  ints(values: Int32Array): number {
    const pointer = this.allocate(values.length * INT);
    new Int32Array(this.wasm.memory.buffer, pointer, values.length).set(values);
    return pointer;
  }

  free(): void {
    for (const pointer of this.pointers) this.wasm.wasm_free(pointer);
  }

  private allocate(bytes: number): number {
    const pointer = this.wasm.wasm_malloc(Math.max(bytes, DOUBLE));
    if (pointer === 0) throw new OsqpError('out-of-memory', 'program', `no memory for ${bytes} bytes`);
    this.pointers.push(pointer);
    return pointer;
  }
}

function requireLength(values: Float64Array, length: number, name: string): void {
  if (values.length !== length) {
    throw new OsqpError('invalid-shape', name, `must have ${length} entries, got ${values.length}`);
  }
}

function requireBounds(l: Float64Array, u: Float64Array): void {
  for (let i = 0; i < l.length; i++) {
    if (Number.isNaN(l[i]) || Number.isNaN(u[i]) || l[i] === Infinity || u[i] === -Infinity) {
      throw new OsqpError('invalid-bounds', `l[${i}]`, `and u[${i}] must be bounds, got ${l[i]} and ${u[i]}`);
    }
    if (l[i] > u[i])
      throw new OsqpError('invalid-bounds', `l[${i}]`, `must not be above u[${i}], got ${l[i]} > ${u[i]}`);
  }
}

/** How far below zero an eigenvalue may be to count as rounding, relative to the largest entry. */
const CONVEXITY_TOLERANCE = 1e-10;

function requireConvex(wasm: OsqpExports, P: CscMatrix): void {
  const largest = P.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (largest === 0) return;
  const code = withMemory(wasm, (memory) =>
    wasm.wasm_convexity(
      P.columns,
      memory.ints(P.columnPointers),
      memory.ints(P.rowIndices),
      // Scaled to a largest entry of one, so that the shift cannot be lost beside it or fall out of range.
      memory.doubles(P.values.map((value) => value / largest)),
      memory.doubles(new Float64Array(P.columns)),
      CONVEXITY_TOLERANCE,
    ),
  );
  if (code !== 0) throw setupError(code);
}

function setupError(code: number): OsqpError {
  switch (code) {
    case 1:
      return new OsqpError('invalid-shape', 'program', 'was refused by OSQP');
    case 2:
      return new OsqpError('invalid-setting', 'settings', 'were refused by OSQP');
    case 4:
    case 5:
      return new OsqpError('non-convex', 'P', 'must be positive semi-definite');
    case 6:
      return new OsqpError('out-of-memory', 'program', 'does not fit into memory');
    default:
      return new OsqpError('failed', 'program', `could not be set up: OSQP's error ${code}`);
  }
}

function succeed(code: number, what: string): void {
  if (code !== 0) throw new OsqpError('failed', what, `was refused by OSQP with error ${code}`);
}
