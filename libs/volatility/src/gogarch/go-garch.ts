import { ZkriskError } from '#lib/errors';
import { identity, multiply } from '../dense.js';
import { conditionalVariances, type GarchFit, type GarchOptions } from '../garch/index.js';
import { distinctOptima, type IcaOptions, independentComponents } from './independent-components.js';
import { isGaussian } from './mardia.js';
import { type FactorCount, type PrincipalComponents, principalComponents } from './principal-components.js';
import { fitRotation, polishRotation } from './rotation-likelihood.js';

export interface GoGarchOptions {
  readonly factors?: FactorCount;
  readonly ica?: IcaOptions;
  readonly garch?: GarchOptions;
  /** which of the converged starts is kept; default `likelihood` */
  readonly selection?: 'likelihood' | 'negentropy';
  /**
   * the remedy where ICA finds no optimum, or where there is nothing to find (returns no different from Gaussian ones): `throw`, or keep
   * the principal components themselves as factors, which is Orthogonal GARCH (Alexander 2001), and say so. Default `throw`
   */
  readonly withoutConvergence?: 'throw' | 'principal-components';
  /** improve the rotation by maximum likelihood; default false */
  readonly polish?: boolean;
}

/** ICA found no optimum from any start; a rotation that has not converged is never used silently. */
export class IcaNotConvergedError extends ZkriskError {
  readonly code = 'ica-not-converged';
}

/**
 * A fitted GO-GARCH model, plain data: r_t = μ + Z f_t (+ dropped components), Σ_t = Z D_t Zᵀ (+ Ψ).
 * Matrices are row-major; JSON.stringify and back loses nothing.
 */
export interface GoGarchModel {
  /** n */
  readonly assets: number;
  /** k ≤ n */
  readonly factors: number;
  /** μ, n */
  readonly mean: readonly number[];
  /** Z, n×k */
  readonly mixing: readonly number[];
  /** W with W·Z = I, k×n */
  readonly unmixing: readonly number[];
  readonly garch: readonly GarchFit[];
  /** G, n×(n−k), Ψ = GGᵀ: loadings of the components that were dropped, of constant variance one */
  readonly droppedLoadings: readonly number[];
}

export interface GoGarchDiagnostics {
  readonly observations: number;
  /** T·ln|det W| + Σ factor log-likelihoods; null where factors were dropped and W is not square */
  readonly logLikelihood: number | null;
  readonly factorLogLikelihood: number;
  readonly ica: {
    /** false where the factors are principal components for want of anything better */
    readonly converged: boolean;
    readonly iterations: number;
    readonly negentropy: number;
    readonly starts: number;
  };
  readonly polish: { readonly converged: boolean; readonly iterations: number; readonly gain: number } | null;
  /** standardised residuals ε = D^{−½}f, k series of T, for correlations between clusters and tests of fit */
  readonly standardisedFactors: readonly Float64Array[];
}

export interface GoGarchResult {
  readonly model: GoGarchModel;
  readonly diagnostics: GoGarchDiagnostics;
}

/**
 * GO-GARCH: PCA, a rotation by ICA, a GARCH(1,1) on each factor.
 *
 * Source: van der Weide (2002) for the model, Broda & Paolella, J. Financial Econometrics 7 (2009) for ICA as
 * its estimator.
 *
 * @param returns n series of T log returns
 * @throws {InvalidInputError} for constant or collinear series or too few observations
 * @throws {IcaNotConvergedError} when no start converges
 */
export function fitGoGarch(returns: readonly Float64Array[], options: GoGarchOptions = {}): GoGarchResult {
  const components = principalComponents(returns, options.factors);
  const { kept: k, whitened } = components;
  const garchOptions: GarchOptions = { ...options.garch, mean: 'zero' };
  const gaussian = k > 1 && isGaussian(whitened, k);
  const candidates = gaussian
    ? []
    : independentComponents(whitened, k, { ...options.ica, first: marketAxes(components) });
  const converged = candidates.filter((candidate) => candidate.converged);
  if (converged.length === 0 && options.withoutConvergence !== 'principal-components') {
    throw new IcaNotConvergedError(
      gaussian
        ? 'ICA has nothing to find: the returns are no different from Gaussian ones (Mardia’s kurtosis at 5 %)'
        : `ICA did not converge from any of ${candidates.length} starts within ${candidates[0].iterations} iterations; ` +
            'raise maximumIterations or starts, or keep fewer factors',
    );
  }
  const principal = { rotation: identity(k), negentropy: 0, converged: false };
  const usable =
    converged.length === 0
      ? [{ ...principal, iterations: candidates[0]?.iterations ?? 0 }]
      : distinctOptima(converged, k);
  const considered = options.selection === 'negentropy' ? usable.slice(0, 1) : usable;
  const fitted = considered.map((ica) => ({ ica, ...fitRotation(whitened, k, ica.rotation, garchOptions) }));
  const best = fitted.reduce((a, b) => (b.logLikelihood > a.logLikelihood ? b : a));
  const polished = options.polish === true && k > 1 ? polishRotation(whitened, k, best, garchOptions) : null;
  const { rotation, fits, logLikelihood } = polished ?? best;
  const { ica } = best;
  return assemble(components, rotation, fits, returns, {
    factorLogLikelihood: logLikelihood,
    ica: {
      converged: ica.converged,
      iterations: ica.iterations,
      negentropy: ica.negentropy,
      starts: candidates.length,
    },
    polish: polished && {
      converged: polished.converged,
      iterations: polished.iterations,
      gain: polished.logLikelihood - best.logLikelihood,
    },
  });
}

/**
 * The rotation that turns principal components into the markets' own axes, so that source i is market i as little changed as whitening
 * allows: much of a market's risk is its own, and a search that begins there is shorter than from the principal components and ends no worse.
 * These themselves where fewer are kept.
 */
function marketAxes({ kept, whitening, eigenvalues, mean }: PrincipalComponents): Float64Array {
  const n = mean.length;
  if (kept < n) return identity(kept);
  const result = new Float64Array(n * n);
  for (let k = 0; k < n; k++)
    for (let i = 0; i < n; i++) result[i * n + k] = whitening[k * n + i] * Math.sqrt(eigenvalues[k]);
  return result;
}

/** The model that a given rotation of the whitened returns makes, e.g. one estimated elsewhere. */
export function goGarchWithRotation(
  returns: readonly Float64Array[],
  rotation: Float64Array,
  garch: GarchOptions = {},
): GoGarchResult {
  const components = principalComponents(returns);
  const { fits, logLikelihood } = fitRotation(components.whitened, components.kept, rotation, {
    ...garch,
    mean: 'zero',
  });
  return assemble(components, rotation, fits, returns, {
    factorLogLikelihood: logLikelihood,
    ica: { converged: true, iterations: 0, negentropy: NaN, starts: 0 },
    polish: null,
  });
}

function assemble(
  components: PrincipalComponents,
  rotation: Float64Array,
  fits: readonly GarchFit[],
  returns: readonly Float64Array[],
  diagnostics: Pick<GoGarchDiagnostics, 'factorLogLikelihood' | 'ica' | 'polish'>,
): GoGarchResult {
  const { kept: k, whitened, eigenvalues, whitening, dewhitening, dropped } = components;
  const n = returns.length;
  const length = returns[0].length;
  const unmixing = multiply(rotation, whitening, new Float64Array(k * n), k, k, n);
  const mixing = new Float64Array(n * k);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < k; j++) {
      for (let l = 0; l < k; l++) mixing[i * k + j] += dewhitening[i * k + l] * rotation[j * k + l];
    }
  }
  const factors = multiply(rotation, whitened, new Float64Array(k * length), k, k, length);
  const standardisedFactors = fits.map((fit, i) => {
    const factor = factors.subarray(i * length, (i + 1) * length);
    const variances = conditionalVariances(factor, fit.parameters, fit.startUp);
    return factor.map((value, t) => value / Math.sqrt(variances[t]));
  });
  const logDeterminant = -0.5 * eigenvalues.slice(0, k).reduce((sum, value) => sum + Math.log(value), 0);
  return {
    model: {
      assets: n,
      factors: k,
      mean: Array.from(components.mean),
      mixing: Array.from(mixing),
      unmixing: Array.from(unmixing),
      garch: fits,
      droppedLoadings: Array.from(dropped),
    },
    diagnostics: {
      observations: length,
      logLikelihood: k === n ? length * logDeterminant + diagnostics.factorLogLikelihood : null,
      standardisedFactors,
      ...diagnostics,
    },
  };
}
