import {
  conditionalVariances,
  fitGarch,
  type GarchFit,
  forecastVariance,
  nextVariance,
} from '../garch/index.js';
import { gram } from '../dense.js';
import { symmetricEigen } from '../gogarch/index.js';
import { nonlinearShrinkage } from '../lm-go/index.js';

/**
 * DCC-NL: a GARCH(1,1) on each asset, correlations Q_{t+1} = (1−a−b)C + a z_t z_tᵀ + bQ_t with C shrunk nonlinearly, (a, b) by the
 * composite likelihood of contiguous pairs.
 *
 * Source: Engle, Ledoit & Wolf, J. Business & Economic Statistics 37 (2019); Pakel et al. (2021) for the composite likelihood. Over a
 * horizon E[Q] reverts to C at the rate a + b (Engle & Sheppard 2001, section 2.3).
 */
export class DccNonlinear {
  private readonly fits: readonly GarchFit[];
  private readonly variances: Float64Array;
  private readonly target: Float64Array;
  private readonly quasi: Float64Array;
  readonly news: number;
  readonly memory: number;

  /** @param returns n series of T log returns */
  constructor(returns: readonly Float64Array[]) {
    const n = returns.length;
    const length = returns[0].length;
    this.fits = returns.map((series) => fitGarch(series, { mean: 'constant' }));
    this.variances = Float64Array.from(this.fits, (fit) => fit.nextVariance);
    const z = new Float64Array(n * length);
    this.fits.forEach((fit, i) => {
      const variances = conditionalVariances(returns[i], fit.parameters, fit.startUp);
      for (let t = 0; t < length; t++)
        z[i * length + t] = (returns[i][t] - fit.parameters.mu) / Math.sqrt(variances[t]);
    });
    this.target = shrunkCorrelation(z, n, length);
    const series = Array.from({ length: n }, (_, i) => z.subarray(i * length, (i + 1) * length));
    [this.news, this.memory] = fitDynamics(series, this.target);
    this.quasi = Float64Array.from(this.target);
    const row = new Float64Array(n);
    for (let t = 0; t < length; t++) {
      for (let i = 0; i < n; i++) row[i] = series[i][t];
      this.advance(row);
    }
  }

  update(returns: Float64Array): void {
    const z = returns.map((value, i) => (value - this.fits[i].parameters.mu) / Math.sqrt(this.variances[i]));
    this.fits.forEach((fit, i) => {
      this.variances[i] = nextVariance(fit.parameters, returns[i], this.variances[i]);
    });
    this.advance(z);
  }

  horizonCovariance(horizon: number): Float64Array {
    const n = this.fits.length;
    const persistence = this.news + this.memory;
    // Mean of (a+b)^(j−1) over j = 1 … H.
    const share = (1 - persistence ** horizon) / (1 - persistence) / horizon;
    const mean = this.quasi.map((value, at) => this.target[at] + share * (value - this.target[at]));
    const deviations = this.fits.map((fit, i) =>
      Math.sqrt(forecastVariance(fit.parameters, this.variances[i], horizon).cumulative / mean[i * n + i]),
    );
    return mean.map((value, at) => value * (deviations[Math.floor(at / n)] * deviations[at % n]));
  }

  private advance(z: Float64Array): void {
    const n = z.length;
    const { news, memory, quasi, target } = this;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const at = i * n + j;
        quasi[at] = (1 - news - memory) * target[at] + news * (z[i] * z[j]) + memory * quasi[at];
      }
    }
  }
}

function shrunkCorrelation(z: Float64Array, n: number, length: number): Float64Array {
  const sample = correlationOf(gram(z, n, length), n);
  if (n === 1 || n >= length) return sample;
  const { values, vectors } = symmetricEigen(sample, n);
  const shrunk = nonlinearShrinkage(
    values.map((value) => Math.max(value, 1e-12)),
    length,
  );
  const factor = vectors.map((value, at) => value * Math.sqrt(shrunk[at % n]));
  return correlationOf(gram(factor, n, n), n);
}

function correlationOf(covariance: Float64Array, n: number): Float64Array {
  return covariance.map((value, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return value / Math.sqrt(covariance[i * n + i] * covariance[j * n + j]);
  });
}

/** (a, b) by a grid that is refined three times: two bounded numbers, and no start to depend on. */
function fitDynamics(z: readonly Float64Array[], target: Float64Array): [number, number] {
  if (z.length === 1) return [0, 0];
  let [news, memory, newsStep, memoryStep] = [0.05, 0.9, 0.02, 0.04];
  let best = -Infinity;
  for (let level = 0; level < 4; level++) {
    const [aroundNews, aroundMemory] = [news, memory];
    for (let i = -2; i <= 2; i++) {
      for (let j = -2; j <= 2; j++) {
        const a = Math.max(0, aroundNews + i * newsStep);
        const b = Math.max(0, aroundMemory + j * memoryStep);
        if (a + b > 0.999) continue;
        const likelihood = compositeLikelihood(z, target, a, b);
        if (likelihood > best) [best, news, memory] = [likelihood, a, b];
      }
    }
    [newsStep, memoryStep] = [newsStep / 2.5, memoryStep / 2.5];
  }
  return [news, memory];
}

/** Sum over contiguous pairs of −½[ln(1−ρ²) + (z₁² + z₂² − 2ρz₁z₂)/(1−ρ²)]. */
function compositeLikelihood(z: readonly Float64Array[], target: Float64Array, a: number, b: number): number {
  const n = z.length;
  let sum = 0;
  for (let i = 0; i + 1 < n; i++) {
    const c = target[i * n + i + 1];
    const rest = 1 - a - b;
    let [q11, q22, q12] = [1, 1, c];
    for (let t = 0; t < z[i].length; t++) {
      const [x, y] = [z[i][t], z[i + 1][t]];
      const rho = q12 / Math.sqrt(q11 * q22);
      const free = 1 - rho * rho;
      sum -= 0.5 * (Math.log(free) + (x * x + y * y - 2 * rho * x * y) / free);
      q11 = rest + a * x * x + b * q11;
      q22 = rest + a * y * y + b * q22;
      q12 = rest * c + a * x * y + b * q12;
    }
  }
  return sum;
}
