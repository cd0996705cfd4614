import type { Osqp, OsqpResult, OsqpSettings, OsqpSolver, QuadraticProgram } from 'osqp-wasm';

/** Quadratic programs of one pattern, solved one after the other: set up once, then only their numbers change. */
export class RepeatedProgram implements Disposable {
  private solver: OsqpSolver | undefined;

  constructor(
    private readonly osqp: Osqp,
    private readonly settings: OsqpSettings,
  ) {}

  /** @param start where the first solve begins; the others begin where the one before has ended */
  solve(program: QuadraticProgram, start?: Float64Array): OsqpResult {
    if (this.solver === undefined) {
      this.solver = this.osqp.setup(program, this.settings);
      if (start !== undefined) this.solver.warmStart({ x: start });
    } else {
      this.solver.updateMatrices({ P: program.P.values, A: program.A.values });
      this.solver.updateVectors(program);
    }
    return this.solver.solve();
  }

  [Symbol.dispose](): void {
    this.solver?.free();
  }
}
