/** Steps that are remembered. */
const STEPS = 40;

/**
 * Limited-memory BFGS: steps and the changes of the gradient along them, and the direction they lead to.
 *
 * Source: Nocedal & Wright, "Numerical Optimization", algorithm 7.4; a step whose curvature is not positive is not remembered.
 */
export class CurvatureMemory {
  private pairs: {
    readonly step: Float64Array;
    readonly change: Float64Array;
    readonly inverse: number;
  }[] = [];
  private last: { readonly step: Float64Array; readonly gradient: Float64Array } | undefined;

  get isEmpty(): boolean {
    return this.pairs.length === 0;
  }

  forget(): void {
    this.pairs = [];
    this.last = undefined;
  }

  /** @param gradient where the step began */
  stepped(step: Float64Array, gradient: Float64Array): void {
    this.last = { step, gradient };
  }

  /** @param gradient where the last step ended */
  learn(gradient: Float64Array): void {
    if (this.last === undefined) return;
    const { step, gradient: before } = this.last;
    const change = gradient.map((value, at) => value - before[at]);
    const curvature = dot(step, change);
    if (curvature > 0) this.pairs = [...this.pairs, { step, change, inverse: 1 / curvature }].slice(-STEPS);
  }

  /**
   * Inverse Hessian times the gradient.
   *
   * @param divide divides a vector, in place, by a first approximation of the Hessian
   */
  direction(gradient: Float64Array, divide: (vector: Float64Array) => void): Float64Array {
    const result = Float64Array.from(gradient);
    const shares = this.pairs.map(() => 0);
    for (let at = this.pairs.length - 1; at >= 0; at--) {
      const { step, change, inverse } = this.pairs[at];
      shares[at] = inverse * dot(step, result);
      for (let i = 0; i < result.length; i++) result[i] -= shares[at] * change[i];
    }
    divide(result);
    this.pairs.forEach(({ step, change, inverse }, at) => {
      const share = shares[at] - inverse * dot(change, result);
      for (let i = 0; i < result.length; i++) result[i] += share * step[i];
    });
    return result;
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
