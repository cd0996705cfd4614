/**
 * The pool's risk linearised at a point of [0,1]ⁿ under a tilt: never above the risk anywhere, whatever the point and the
 * tilt. A tilt is written as its shift t + 2m/s.
 */
export interface Linearisation {
  readonly point: readonly number[];
  readonly shift: number;
}

/** μ of one piece of R: a scenario by its number, or the tangent of the EVaR at a point. */
export type LossWeight =
  | { readonly scenario: number; readonly evar?: undefined; readonly multiplier: number }
  | { readonly evar: readonly number[]; readonly scenario?: undefined; readonly multiplier: number };

/** Weights in the Lagrangian, and where it was linearised. */
export interface DualWitness {
  /** λ ≥ 0, of the margin constraint */
  readonly margin: number;
  /** μ ≥ 0; none with linear margin */
  readonly losses: readonly LossWeight[];
  /** ν ≥ 0, together at most λ */
  readonly premium: readonly (Linearisation & { readonly multiplier: number })[];
}

/** Numbers that bound the program from both sides and can be checked without a solver. */
export interface Certificate {
  /** that no feasible plan has a lower objective, or that no plan is feasible */
  readonly proves: 'optimality' | 'infeasibility';
  /** shift of the tilt that bounds h0 from both sides */
  readonly poolShift: number;
  /** shift of the tilt that bounds h(m, s(w)) from above at the plan's w */
  readonly primalShift: number;
  readonly dual: DualWitness;
}
