import { inverse, Matrix } from 'ml-matrix';
import type { GarchFit } from './garch-fit.js';
import { firstVariance, garchLogLikelihood, type GarchParameters } from './garch-likelihood.js';

export interface GarchStandardErrors {
  /** from the inverse Hessian of the log-likelihood: [ω, α, β] or [ω, α, β, μ] */
  readonly hessian: readonly number[];
  /** Bollerslev–Wooldridge sandwich, valid where returns are not Gaussian */
  readonly robust: readonly number[];
}

/**
 * Standard errors of a fit. The Hessian is the central difference of the analytic gradient; the outer product
 * of scores uses the per-observation gradients, obtained as differences of the recursion's partial sums.
 *
 * Source: Bollerslev & Wooldridge, Econometric Reviews 11 (1992).
 */
export function garchStandardErrors(
  returns: Float64Array,
  fit: GarchFit,
  mean: 'zero' | 'constant',
): GarchStandardErrors {
  const { mu, omega, alpha, beta } = fit.parameters;
  const point = mean === 'constant' ? [omega, alpha, beta, mu] : [omega, alpha, beta];
  const size = point.length;
  const at = (x: readonly number[]): GarchParameters => ({
    omega: x[0],
    alpha: x[1],
    beta: x[2],
    mu: x[3] ?? mu,
  });
  const gradientAt = (x: readonly number[]) => {
    const gradient = new Float64Array(4);
    garchLogLikelihood(returns, at(x), fit.startUp, gradient);
    return gradient;
  };
  const information = Matrix.zeros(size, size);
  for (let i = 0; i < size; i++) {
    const step = 1e-5 * Math.max(Math.abs(point[i]), i === 3 ? Math.sqrt(omega) : 1e-3);
    const up = gradientAt(point.map((value, j) => (j === i ? value + step : value)));
    const down = gradientAt(point.map((value, j) => (j === i ? value - step : value)));
    for (let j = 0; j < size; j++) information.set(i, j, -(up[j] - down[j]) / (2 * step));
  }
  const covariance = inverse(Matrix.add(information, information.transpose()).mul(0.5));
  const outer = outerProductOfScores(returns, fit, size);
  const sandwich = covariance.mmul(outer).mmul(covariance);
  const roots = (matrix: Matrix) => Array.from({ length: size }, (_, i) => Math.sqrt(matrix.get(i, i)));
  return { hessian: roots(covariance), robust: roots(sandwich) };
}

function outerProductOfScores(returns: Float64Array, fit: GarchFit, size: number): Matrix {
  const { mu, alpha, beta, omega } = fit.parameters;
  const outer = Matrix.zeros(size, size);
  let h = firstVariance(returns, fit.parameters, fit.startUp);
  const initial = fit.startUp === 'mean-square' ? 0 : (h - omega) / (alpha + beta);
  const sensitivity = [fit.startUp === 'mean-square' ? 0 : 1, initial, initial, 0];
  for (const value of returns) {
    const e = value - mu;
    const weight = (0.5 / h) * ((e * e) / h - 1);
    const score = sensitivity.map((dh, i) => weight * dh + (i === 3 ? e / h : 0));
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) outer.set(i, j, outer.get(i, j) + score[i] * score[j]);
    }
    const inputs = [1, e * e, h, -2 * alpha * e];
    for (let i = 0; i < 4; i++) sensitivity[i] = inputs[i] + beta * sensitivity[i];
    h = omega + alpha * e * e + beta * h;
  }
  return outer;
}
