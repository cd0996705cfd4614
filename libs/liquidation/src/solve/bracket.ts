import { type FeasiblePoint, repair } from './candidates.js';
import { capsOf, type DualWitness } from '../certificate/certificate.js';
import { relativeGap } from '../certificate/plan.js';
import type { LiquidationProgram } from '../program/program.js';

/** The best of both sides so far. */
export class Bracket {
  private upper: FeasiblePoint;
  private bound = 0;
  private witness: DualWitness = { linear: 0, cuts: [] };

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
    const weighted = cuts.map((cut, k) => ({ ...cut, multiplier: multipliers[k + 1] }));
    this.witness = { linear: multipliers[0], cuts: weighted.filter(({ multiplier }) => multiplier > 0) };
  }

  /** The best point, and what proves the best bound. */
  get best(): { readonly w: Float64Array; readonly witness: DualWitness } {
    return { w: this.upper.w, witness: this.witness };
  }
}
