import {
  fitGarch,
  type GarchFit,
  type GarchOptions,
  conditionalVariances,
  forecastVariance,
  nextVariance,
} from '../garch/index.js';

/**
 * A univariate GARCH(1,1) on each asset; correlations constant (CCC) or taken as zero.
 *
 * Source: Bollerslev, Review of Economics and Statistics 72 (1990).
 */
export class CccGarch {
  private readonly fits: readonly GarchFit[];
  private readonly state: Float64Array;
  private readonly correlation: Float64Array;

  /** @param returns n series of T log returns */
  constructor(
    returns: readonly Float64Array[],
    readonly correlations: 'constant' | 'zero',
    options: GarchOptions = {},
  ) {
    const n = returns.length;
    const length = returns[0].length;
    this.fits = returns.map((series) => fitGarch(series, { mean: 'constant', ...options }));
    this.state = Float64Array.from(this.fits, (fit) => fit.nextVariance);
    this.correlation = new Float64Array(n * n);
    for (let i = 0; i < n; i++) this.correlation[i * n + i] = 1;
    if (correlations === 'zero') return;
    const standardised = this.fits.map((fit, i) => {
      const variances = conditionalVariances(returns[i], fit.parameters, fit.startUp);
      return returns[i].map((value, t) => (value - fit.parameters.mu) / Math.sqrt(variances[t]));
    });
    const norms = standardised.map((series) =>
      Math.sqrt(series.reduce((sum, value) => sum + value * value, 0)),
    );
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) {
        let sum = 0;
        for (let t = 0; t < length; t++) sum += standardised[i][t] * standardised[j][t];
        this.correlation[i * n + j] = this.correlation[j * n + i] = sum / (norms[i] * norms[j]);
      }
    }
  }

  update(returns: Float64Array): void {
    this.fits.forEach((fit, i) => {
      this.state[i] = nextVariance(fit.parameters, returns[i], this.state[i]);
    });
  }

  horizonCovariance(horizon: number): Float64Array {
    const n = this.fits.length;
    const deviations = this.fits.map((fit, i) =>
      Math.sqrt(forecastVariance(fit.parameters, this.state[i], horizon).cumulative),
    );
    return this.correlation.map((value, at) => value * (deviations[Math.floor(at / n)] * deviations[at % n]));
  }
}
