import { type FeasiblePoint, repair } from './candidates.js';
import { capsOf, lowerBound } from '../certificate/bounds.js';
import type { DualWitness } from '../certificate/witness.js';
import { relativeGap } from '../certificate/plan.js';
import type { LiquidationProgram } from '../program/program.js';
import { linearWitness } from './linear-lagrangian.js';

/** The best of both sides so far. */
export class Bracket {
  private upper: FeasiblePoint;
  private bound = 0;
  private witness: DualWitness = { margin: 0, losses: [], premium: [] };

  constructor(
    private readonly program: LiquidationProgram,
    private readonly anchor: FeasiblePoint,
  ) {
    this.upper = anchor;
  }

  get objective(): number {
    return this.upper.objective;
  }
  /** see {@link capsOf} */
  get caps(): Float64Array {
    return capsOf(this.program, this.upper.objective);
  }
  get gap(): number {
    return relativeGap(this.upper.objective, this.bound);
  }

  /** A point made feasible, if it then is better. */
  takePoint(from: Float64Array): void {
    const point = repair(this.program, from, this.anchor.w);
    if (point && point.objective < this.upper.objective) this.upper = point;
  }

  /** A witness, if its bound is better. */
  takeBound(
    bound: number,
    multipliers: readonly number[],
    cuts: readonly { point: number[]; shift: number }[],
  ): void {
    if (!(bound > this.bound)) return;
    this.bound = bound;
    this.witness = linearWitness(
      multipliers[0],
      cuts.map((cut, k) => ({ ...cut, multiplier: multipliers[k + 1] })),
    );
  }

  /** A witness as the certificate has it, if its bound is better. */
  takeWitness(witness: DualWitness): void {
    const bound = lowerBound(this.program, witness, this.upper.objective);
    if (!(bound > this.bound)) return;
    this.bound = bound;
    this.witness = witness;
  }

  /** The best point, and the witness of the best bound. */
  get best(): { readonly w: Float64Array; readonly witness: DualWitness } {
    return { w: this.upper.w, witness: this.witness };
  }
}
