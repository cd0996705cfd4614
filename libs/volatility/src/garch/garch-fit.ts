import { InvalidInputError } from '#lib/errors';
import { minimise, type Minimum } from '../bfgs.js';
import {
  conditionalVariances,
  garchLogLikelihood,
  type GarchParameters,
  type StartUp,
} from './garch-likelihood.js';

export interface GarchOptions {
  /** `zero`: returns are taken as residuals; `constant`: μ is estimated with the rest. Default `zero` */
  readonly mean?: 'zero' | 'constant';
  /** default `mean-square` */
  readonly startUp?: StartUp;
  /** α + β stays below it; default 0.9999 */
  readonly maximumPersistence?: number;
  /** keep a constant variance unless a likelihood-ratio test rejects it at 5 %; default true */
  readonly requireArchEffect?: boolean;
}

export interface GarchFit {
  readonly parameters: GarchParameters;
  readonly logLikelihood: number;
  /** log-likelihood of a constant variance on the same data */
  readonly constantLogLikelihood: number;
  /** `constant` where no ARCH effect was found: α = β = 0 */
  readonly kind: 'garch' | 'constant';
  readonly startUp: StartUp;
  readonly converged: boolean;
  readonly iterations: number;
  readonly gradientNorm: number;
  readonly observations: number;
  /** h_{T+1}, the variance forecast of the next observation */
  readonly nextVariance: number;
}

/** 95 % quantile of χ²(2): the likelihood-ratio test of α = β = 0. */
const ARCH_EFFECT_THRESHOLD = 5.991464547107979;

/** Starts (α, β) of the search; the two likeliest are followed. */
const STARTS = [
  [0.05, 0.9],
  [0.1, 0.8],
  [0.03, 0.96],
  [0.2, 0.5],
  [0.15, 0.84],
] as const;

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const logit = (p: number) => Math.log(p / (1 - p));

/**
 * GARCH(1,1) by Gaussian quasi-maximum likelihood.
 *
 * The search runs on returns scaled to unit variance and on the coordinates (ln ω, logit of persistence, logit
 * of α's share in it, μ), where every point satisfies ω > 0, α, β ≥ 0, α + β < 1.
 *
 * @param returns T returns or residuals
 * @throws {InvalidInputError} for fewer than 30 observations, a non-finite one or a constant series
 */
export function fitGarch(
  returns: Float64Array,
  {
    mean = 'zero',
    startUp = 'mean-square',
    maximumPersistence = 0.9999,
    requireArchEffect = true,
  }: GarchOptions = {},
): GarchFit {
  const length = returns.length;
  if (length < 30)
    throw new InvalidInputError('returns', `too few: GARCH needs at least 30 observations, got ${length}`);
  let sum = 0;
  for (let t = 0; t < length; t++) {
    if (!Number.isFinite(returns[t]))
      throw new InvalidInputError(`returns[${t}]`, `must be a finite number, got ${returns[t]}`);
    sum += returns[t];
  }
  const sampleMean = mean === 'constant' ? sum / length : 0;
  let meanSquare = 0;
  for (const value of returns) meanSquare += (value - sampleMean) ** 2 / length;
  const scale = Math.sqrt(meanSquare);
  if (!(scale > 1e-14 * Math.max(1e-3, Math.abs(sampleMean)))) {
    throw new InvalidInputError('returns', 'are constant: there is no variance to model');
  }
  const scaled = returns.map((value) => value / scale);
  const scaledStartUp = typeof startUp === 'string' ? startUp : { backcast: startUp.backcast / meanSquare };
  const best = search(scaled, sampleMean / scale, mean, scaledStartUp, maximumPersistence);
  const constantLogLikelihood = -0.5 * length * (Math.log(2 * Math.PI * meanSquare) + 1);
  const logLikelihood = -best.minimum.value * length - length * Math.log(scale);
  const arch = !requireArchEffect || 2 * (logLikelihood - constantLogLikelihood) > ARCH_EFFECT_THRESHOLD;
  const parameters: GarchParameters = arch
    ? { ...best.parameters, mu: best.parameters.mu * scale, omega: best.parameters.omega * meanSquare }
    : { mu: sampleMean, omega: meanSquare, alpha: 0, beta: 0 };
  return {
    parameters,
    logLikelihood: arch ? logLikelihood : constantLogLikelihood,
    constantLogLikelihood,
    kind: arch ? 'garch' : 'constant',
    startUp,
    converged: best.minimum.converged,
    iterations: best.minimum.iterations,
    gradientNorm: best.minimum.gradientNorm,
    observations: length,
    nextVariance: conditionalVariances(returns, parameters, startUp)[length],
  };
}

function search(
  returns: Float64Array,
  sampleMean: number,
  mean: 'zero' | 'constant',
  startUp: StartUp,
  maximumPersistence: number,
): { minimum: Minimum; parameters: GarchParameters } {
  const length = returns.length;
  const parametersAt = (x: Float64Array): GarchParameters => {
    const persistence = maximumPersistence * sigmoid(x[1]);
    const alpha = persistence * sigmoid(x[2]);
    return { omega: Math.exp(x[0]), alpha, beta: persistence - alpha, mu: mean === 'constant' ? x[3] : 0 };
  };
  const raw = new Float64Array(4);
  const objective = (x: Float64Array, gradient: Float64Array): number => {
    const parameters = parametersAt(x);
    const value = garchLogLikelihood(returns, parameters, startUp, raw);
    const [gOmega, gAlpha, gBeta, gMu] = raw;
    const share = sigmoid(x[2]);
    const persistence = parameters.alpha + parameters.beta;
    gradient[0] = (-gOmega * parameters.omega) / length;
    gradient[1] = (-(gAlpha * share + gBeta * (1 - share)) * persistence * (1 - sigmoid(x[1]))) / length;
    gradient[2] = (-(gAlpha - gBeta) * persistence * share * (1 - share)) / length;
    if (mean === 'constant') gradient[3] = -gMu / length;
    return -value / length;
  };
  const scratch = new Float64Array(4);
  const starts = STARTS.map(([alpha, beta]) => {
    const persistence = Math.min(alpha + beta, 0.999 * maximumPersistence);
    const start = [
      Math.log(1 - persistence),
      logit(persistence / maximumPersistence),
      logit(alpha / (alpha + beta)),
    ];
    const x = Float64Array.from(mean === 'constant' ? [...start, sampleMean] : start);
    return { x, value: objective(x, scratch) };
  }).sort((a, b) => a.value - b.value);
  let minimum = minimise(objective, starts[0].x);
  const second = minimise(objective, starts.at(-1)!.x, 1e-4, 12);
  // A second basin is followed only where a short run from the least likely start has found a better point.
  if (second.value < minimum.value - 1e-9 || !minimum.converged) {
    const other = minimise(objective, second.x);
    if (other.value < minimum.value) minimum = other;
  }
  return { minimum, parameters: parametersAt(minimum.x) };
}
