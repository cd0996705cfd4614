import { InvalidInputError } from '#lib/errors';
import { randomStream } from '#lib/runtime';
import { identity, multiply, multiplyTransposed } from '../dense.js';
import { logCosh } from '../kernel.js';
import { CurvatureMemory } from './curvature-memory.js';
import { orthonormalised, randomRotation, rotated } from './rotations.js';

export interface IcaOptions {
  /** number of starts: `first`, then random ones. Default 3 for at most 50 series; 1 for more, as a search then takes seconds */
  readonly starts?: number;
  /** rotation that the first start begins at, k×k; default the whitened series themselves */
  readonly first?: Float64Array;
  readonly seed?: number;
  /**
   * a search ends when its next step turns no row by more than this, 1 − cos; default 1e-6, and 1e-4 for more than 50 series, the usual
   * default of FastICA's implementations
   */
  readonly tolerance?: number;
  /** default 400 */
  readonly maximumIterations?: number;
}

/** One local optimum of the negentropy. */
export interface IcaResult {
  /** orthonormal U, k×k row-major: sources = U · whitened */
  readonly rotation: Float64Array;
  /** Σ over sources of (E[ln cosh s] − E[ln cosh ν])², ν standard normal */
  readonly negentropy: number;
  readonly converged: boolean;
  readonly iterations: number;
}

/** Series up to which a search takes milliseconds. */
const MANY_SERIES = 50;
/** E[ln cosh ν] of a standard normal ν. */
const GAUSSIAN_LOG_COSH = 0.37456720749143807;
/** Smallest curvature that a step is divided by. */
const SMALLEST_CURVATURE = 0.01;
/** Changes of the sources' signs that are followed: after them the contrast is a fixed smooth function, which has an optimum. */
const SIGN_CHANGES = 5;
/** Two rows are the same factor from this cosine on, whatever its sign. */
const SAME_FACTOR = 0.999;
/** Largest angle of a row that a first try of a step turns by. */
const LARGEST_ANGLE = 0.7;
const LINE_SEARCH_TRIES = 12;

/**
 * Independent components of whitened series with the log-cosh contrast, one result a start, best negentropy first: rotations that are
 * stationary for Σ_i σ_i E[ln cosh s_i], σ_i = 1 for a source with heavy tails and −1 for one with light ones. These are the fixed
 * points of symmetric FastICA with tanh; the search is quasi-Newton on the rotations, so that it descends at each step and
 * ends where FastICA's fixed-point iteration may wander.
 *
 * Source: Ablin, Cardoso & Gramfort, "Faster ICA under orthogonal constraint", ICASSP (2018), algorithm 1 (Picard-O); Hyvärinen, IEEE
 * Trans. Neural Networks 10 (1999), for the contrast.
 *
 * @param whitened k×T, row-major, unit second moments
 */
export function independentComponents(
  whitened: Float64Array,
  k: number,
  options: IcaOptions = {},
): IcaResult[] {
  const few = k <= MANY_SERIES;
  const { starts = few ? 3 : 1, seed = 1, tolerance = few ? 1e-6 : 1e-4, maximumIterations = 400 } = options;
  if (!Number.isInteger(starts) || starts < 1)
    throw new InvalidInputError('starts', `must be a whole number of at least 1, got ${starts}`);
  const random = randomStream(seed);
  const results = Array.from({ length: k === 1 ? 1 : starts }, (_, start) => {
    const rotation = start === 0 ? (options.first ?? identity(k)) : randomRotation(k, random);
    return search(whitened, rotation, k, tolerance, maximumIterations);
  });
  return results.sort((a, b) => Number(b.converged) - Number(a.converged) || b.negentropy - a.negentropy);
}

/** The optima that differ in more than the order and the signs of their factors, the best of each kind. */
export function distinctOptima(optima: readonly IcaResult[], k: number): IcaResult[] {
  return optima.filter((optimum, at) =>
    optima.slice(0, at).every((earlier) => {
      const cosines = multiplyTransposed(
        optimum.rotation,
        earlier.rotation,
        new Float64Array(k * k),
        k,
        k,
        k,
      );
      for (let i = 0; i < k; i++)
        if (cosines.subarray(i * k, (i + 1) * k).every((cosine) => Math.abs(cosine) < SAME_FACTOR))
          return true;
      return false;
    }),
  );
}

/** A rotation, and its sources with their moments. */
interface Sources {
  readonly rotation: Float64Array;
  /** tanh s, k×T */
  readonly tanh: Float64Array;
  /** E[ln cosh s] of each source */
  readonly logCosh: Float64Array;
  /** E[1 − tanh² s] */
  readonly slopes: Float64Array;
}

function sourcesOf(rotation: Float64Array, whitened: Float64Array, k: number): Sources {
  const length = whitened.length / k;
  const tanh = multiply(rotation, whitened, new Float64Array(k * length), k, k, length);
  const sums = logCosh(tanh, k, length);
  return {
    ...{ rotation, tanh },
    logCosh: Float64Array.from({ length: k }, (_, i) => sums[2 * i] / length),
    slopes: Float64Array.from({ length: k }, (_, i) => sums[2 * i + 1] / length),
  };
}

function search(
  whitened: Float64Array,
  start: Float64Array,
  k: number,
  tolerance: number,
  maximumIterations: number,
): IcaResult {
  let current = sourcesOf(start, whitened, k);
  const memory = new CurvatureMemory();
  let signs: Int8Array | undefined;
  let changes = 0;
  let iterations = 0;
  let converged = k === 1;
  while (!converged && iterations < maximumIterations) {
    iterations++;
    const moments = tanhMoments(current, whitened, k);
    const curvatures = current.slopes.map((slope, i) => slope - moments[i * k + i]);
    const found = Int8Array.from(curvatures, (value) => (value < 0 ? -1 : 1));
    if (signs === undefined) signs = found;
    else if (changes < SIGN_CHANGES && found.some((sign, i) => sign !== signs![i])) {
      changes++;
      signs = found;
      memory.forget();
    }
    const gradient = pairGradient(moments, signs, k);
    memory.learn(gradient);
    const direction = memory.direction(gradient, (vector) => {
      for (let i = 0, at = 0; i < k; i++) {
        for (let j = 0; j < i; j++) {
          const curvature = signs![i] * curvatures[i] + signs![j] * curvatures[j];
          vector[at++] /= Math.max(curvature, SMALLEST_CURVATURE);
        }
      }
    });
    const turn = largestTurn(direction, k);
    converged = turn < tolerance;
    if (converged) break;
    const step = Math.min(1, LARGEST_ANGLE / Math.sqrt(2 * turn));
    const next = descend({ whitened, k, signs, current, gradient, direction, step });
    if (next !== undefined) {
      memory.stepped(next.step, gradient);
      current = next.sources;
    } else if (memory.isEmpty) break;
    else memory.forget();
  }
  const rotation = orthonormalised(current.rotation, k);
  const negentropy = current.logCosh.reduce((sum, value) => sum + (value - GAUSSIAN_LOG_COSH) ** 2, 0);
  return { rotation, negentropy, converged, iterations };
}

/** E[tanh(s_i)·s_j], k×k. */
function tanhMoments({ rotation, tanh }: Sources, whitened: Float64Array, k: number): Float64Array {
  const length = whitened.length / k;
  const product = multiplyTransposed(tanh, whitened, new Float64Array(k * k), k, length, k);
  return multiplyTransposed(product, rotation, new Float64Array(k * k), k, k, k).map((sum) => sum / length);
}

/** Slope of the contrast in the angle of each pair of sources, k(k−1)/2: (1, 0), (2, 0), (2, 1) … */
function pairGradient(moments: Float64Array, signs: Int8Array, k: number): Float64Array {
  const gradient = new Float64Array((k * (k - 1)) / 2);
  for (let i = 0, at = 0; i < k; i++) {
    for (let j = 0; j < i; j++)
      gradient[at++] = signs[i] * moments[i * k + j] - signs[j] * moments[j * k + i];
  }
  return gradient;
}

/** Largest 1 − cos that a row turns by, to second order. */
function largestTurn(direction: Float64Array, k: number): number {
  const squares = new Float64Array(k);
  for (let i = 0, at = 0; i < k; i++) {
    for (let j = 0; j < i; j++) {
      const square = direction[at++] ** 2;
      squares[i] += square;
      squares[j] += square;
    }
  }
  return squares.reduce((largest, value) => Math.max(largest, value / 2), 0);
}

/** The skew-symmetric matrix of the angles of pairs. */
function skewMatrix(angles: Float64Array, k: number): Float64Array {
  const skew = new Float64Array(k * k);
  for (let i = 0, at = 0; i < k; i++) {
    for (let j = 0; j < i; j++, at++) {
      skew[i * k + j] = angles[at];
      skew[j * k + i] = -angles[at];
    }
  }
  return skew;
}

/** The first of ever shorter steps that lowers the contrast as its slope promises; undefined where none does. */
function descend({
  whitened,
  k,
  signs,
  current,
  gradient,
  direction,
  step,
}: {
  whitened: Float64Array;
  k: number;
  signs: Int8Array;
  current: Sources;
  gradient: Float64Array;
  direction: Float64Array;
  step: number;
}): { sources: Sources; step: Float64Array } | undefined {
  const contrast = ({ logCosh: means }: Sources) =>
    means.reduce((sum, value, i) => sum + signs[i] * value, 0);
  const before = contrast(current);
  const slope = direction.reduce((sum, value, at) => sum - value * gradient[at], 0);
  for (let tries = 0; tries < LINE_SEARCH_TRIES; tries++, step *= 0.5) {
    const angles = direction.map((value) => -step * value);
    const sources = sourcesOf(rotated(current.rotation, skewMatrix(angles, k), k), whitened, k);
    if (contrast(sources) <= before + 1e-4 * step * slope + 1e-15) return { sources, step: angles };
  }
  return undefined;
}
