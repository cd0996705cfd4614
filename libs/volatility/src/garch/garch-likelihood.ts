/** h_{t+1} = ω + α·e_t² + β·h_t */
export interface GarchParameters {
  /** constant mean of the returns; 0 where none is estimated */
  readonly mu: number;
  readonly omega: number;
  readonly alpha: number;
  readonly beta: number;
}

/**
 * Variance of the first observation. Packages differ, and so do their estimates:
 * `mean-square`      h₁ = mean(e²)                  (rugarch)
 * `one-step`         h₁ = ω + (α+β)·mean(e²)        (Fiorentini–Calzolari–Panattoni, fGarch)
 * `{ backcast: v }`  h₁ = ω + (α+β)·v               (arch; v in squared return units)
 */
export type StartUp = 'mean-square' | 'one-step' | { readonly backcast: number };

const LOG_2PI = Math.log(2 * Math.PI);

/** arch's default backcast: the first 75 squared residuals weighted by 0.94^t. */
export function weightedBackcast(residuals: Float64Array): number {
  const length = Math.min(75, residuals.length);
  let sum = 0;
  let weights = 0;
  for (let t = 0, weight = 1; t < length; t++, weight *= 0.94) {
    sum += weight * residuals[t] * residuals[t];
    weights += weight;
  }
  return sum / weights;
}

/**
 * Gaussian log-likelihood of a GARCH(1,1) with its gradient in (ω, α, β, μ).
 *
 * Source: Bollerslev, J. Econometrics 31 (1986); analytic gradient after Fiorentini, Calzolari & Panattoni,
 * J. Applied Econometrics 11 (1996), equations 4–6.
 *
 * @param returns T
 * @param gradient receives [∂ω, ∂α, ∂β, ∂μ]; entry 3 is only meaningful where the mean is estimated
 * @returns Σ_t −½(ln 2π + ln h_t + e_t²/h_t), −∞ where a variance is not positive
 */
export function garchLogLikelihood(
  returns: Float64Array,
  { mu, omega, alpha, beta }: GarchParameters,
  startUp: StartUp,
  gradient: Float64Array,
): number {
  const length = returns.length;
  const persistence = alpha + beta;
  let meanSquare = 0;
  let meanResidual = 0;
  for (let t = 0; t < length; t++) {
    const e = returns[t] - mu;
    meanSquare += e * e;
    meanResidual += e;
  }
  meanSquare /= length;
  meanResidual /= length;
  let h: number;
  let hOmega = 0;
  let hPersistence = 0;
  let hMu = 0;
  if (startUp === 'mean-square') {
    h = meanSquare;
    hMu = -2 * meanResidual;
  } else {
    const initial = startUp === 'one-step' ? meanSquare : startUp.backcast;
    h = omega + persistence * initial;
    hOmega = 1;
    hPersistence = initial;
    if (startUp === 'one-step') hMu = -2 * meanResidual * persistence;
  }
  let hAlpha = hPersistence;
  let hBeta = hPersistence;
  let gOmega = 0;
  let gAlpha = 0;
  let gBeta = 0;
  let gMu = 0;
  let squares = 0;
  let logs = 0;
  // ln h is summed as the logarithm of products of eight: a logarithm costs more than the rest of the step.
  let product = 1;
  for (let t = 0; t < length; t++) {
    const e = returns[t] - mu;
    const e2 = e * e;
    const inverse = 1 / h;
    const ratio = e2 * inverse;
    const weight = inverse * (ratio - 1);
    squares += ratio;
    product *= h;
    if ((t & 7) === 7) {
      logs += Math.log(product);
      product = 1;
    }
    gOmega += weight * hOmega;
    gAlpha += weight * hAlpha;
    gBeta += weight * hBeta;
    gMu += weight * hMu + 2 * e * inverse;
    hOmega = 1 + beta * hOmega;
    hAlpha = e2 + beta * hAlpha;
    hBeta = h + beta * hBeta;
    hMu = beta * hMu - 2 * alpha * e;
    h = omega + alpha * e2 + beta * h;
  }
  logs += Math.log(product);
  gradient[0] = 0.5 * gOmega;
  gradient[1] = 0.5 * gAlpha;
  gradient[2] = 0.5 * gBeta;
  gradient[3] = 0.5 * gMu;
  const logLikelihood = -0.5 * (length * LOG_2PI + logs + squares);
  return Number.isFinite(logLikelihood) ? logLikelihood : -Infinity;
}

/** First variance of the recursion under a start-up convention. */
export function firstVariance(returns: Float64Array, parameters: GarchParameters, startUp: StartUp): number {
  let meanSquare = 0;
  for (const value of returns) meanSquare += (value - parameters.mu) ** 2 / returns.length;
  if (startUp === 'mean-square') return meanSquare;
  const initial = startUp === 'one-step' ? meanSquare : startUp.backcast;
  return parameters.omega + (parameters.alpha + parameters.beta) * initial;
}

/** One step of the filter: variance of the next observation. */
export function nextVariance(
  { mu, omega, alpha, beta }: GarchParameters,
  observed: number,
  variance: number,
): number {
  const e = observed - mu;
  return omega + alpha * e * e + beta * variance;
}

/** h_1 … h_{T+1}: the conditional variance of each observation and, last, of the one to come. */
export function conditionalVariances(
  returns: Float64Array,
  parameters: GarchParameters,
  startUp: StartUp,
): Float64Array {
  const variances = new Float64Array(returns.length + 1);
  variances[0] = firstVariance(returns, parameters, startUp);
  for (let t = 0; t < returns.length; t++)
    variances[t + 1] = nextVariance(parameters, returns[t], variances[t]);
  return variances;
}
