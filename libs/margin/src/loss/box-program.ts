/** Programs min yᵀSy/(2E) − pᵀy over boxes, all with one small matrix S. */
export class BoxProgram {
  private readonly factor: Float64Array;
  private readonly gradient: Float64Array;
  private readonly free: number[] = [];
  /** whether S is positive definite */
  readonly definite: boolean;

  constructor(
    private readonly matrix: ArrayLike<number>,
    private readonly m: number,
  ) {
    this.factor = new Float64Array(m * m);
    this.gradient = new Float64Array(m);
    for (let i = 0; i < m; i++) this.free.push(i);
    this.definite = this.factorise();
  }

  /** S⁻¹·right. */
  solve(right: Float64Array): Float64Array {
    this.free.length = 0;
    for (let i = 0; i < this.m; i++) this.free.push(i);
    this.factorise();
    this.substitute(right);
    return right;
  }

  /**
   * Minimises from y, in place: a sweep over the coordinates finds the active bounds, the system of the free ones is then
   * solved at once; repeated until the bounds are right.
   *
   * @param hessian E·(S_FF)⁻¹ of the free coordinates F is added here: ∂y/∂p
   * @returns the minimum
   */
  minimise(
    equity: number,
    p: Float64Array,
    low: Float64Array,
    high: Float64Array,
    y: Float64Array,
    hessian: Float64Array,
  ): number {
    const { matrix, m, gradient, free } = this;
    const candidate = new Float64Array(m);
    for (let round = 0; round < 100; round++) {
      for (let i = 0; i < m; i++) {
        if (low[i] === high[i]) continue;
        let slope = -equity * p[i];
        for (let j = 0; j < m; j++) slope += matrix[i * m + j] * y[j];
        y[i] = Math.min(Math.max(y[i] - slope / matrix[i * m + i], low[i]), high[i]);
      }
      free.length = 0;
      for (let i = 0; i < m; i++) if (y[i] > low[i] && y[i] < high[i]) free.push(i);
      for (let i = 0; i < m; i++) {
        gradient[i] = -equity * p[i];
        for (let j = 0; j < m; j++) gradient[i] += matrix[i * m + j] * y[j];
      }
      this.factorise();
      const step = Float64Array.from(free, (i) => -gradient[i]);
      this.substitute(step);
      candidate.set(y);
      let inside = true;
      free.forEach((i, k) => {
        candidate[i] += step[k];
        if (!(candidate[i] >= low[i] && candidate[i] <= high[i])) inside = false;
      });
      if (!inside) continue;
      let right = true;
      for (let i = 0; i < m && right; i++) {
        if (low[i] === high[i] || free.includes(i)) continue;
        let slope = -equity * p[i];
        for (let j = 0; j < m; j++) slope += matrix[i * m + j] * candidate[j];
        const rounding = 1e-12 * equity * Math.abs(p[i]);
        if (candidate[i] === low[i] ? slope < -rounding : slope > rounding) right = false;
      }
      y.set(candidate);
      if (right) break;
    }
    let value = 0;
    for (let i = 0; i < m; i++) {
      let product = 0;
      for (let j = 0; j < m; j++) product += matrix[i * m + j] * y[j];
      value += y[i] * ((0.5 * product) / equity - p[i]);
    }
    this.addInverse(equity, hessian);
    return value;
  }

  /** Cholesky's factorisation of the free rows and columns. */
  private factorise(): boolean {
    const { matrix, m, factor, free } = this;
    const n = free.length;
    for (let a = 0; a < n; a++) {
      for (let b = 0; b <= a; b++) {
        let value = matrix[free[a] * m + free[b]];
        for (let k = 0; k < b; k++) value -= factor[a * n + k] * factor[b * n + k];
        if (a === b) {
          if (!(value > 0)) return false;
          factor[a * n + a] = Math.sqrt(value);
        } else factor[a * n + b] = value / factor[b * n + b];
      }
    }
    return true;
  }

  private substitute(right: Float64Array): void {
    const { factor } = this;
    const n = this.free.length;
    for (let a = 0; a < n; a++) {
      for (let k = 0; k < a; k++) right[a] -= factor[a * n + k] * right[k];
      right[a] /= factor[a * n + a];
    }
    for (let a = n - 1; a >= 0; a--) {
      for (let k = a + 1; k < n; k++) right[a] -= factor[k * n + a] * right[k];
      right[a] /= factor[a * n + a];
    }
  }

  private addInverse(equity: number, into: Float64Array): void {
    const { m, free } = this;
    const column = new Float64Array(free.length);
    for (let a = 0; a < free.length; a++) {
      column.fill(0);
      column[a] = 1;
      this.substitute(column);
      for (let b = 0; b < free.length; b++) into[free[b] * m + free[a]] += equity * column[b];
    }
  }
}
