import { covarianceMatrix, covarianceTimes } from '#lib/risk';
import { kernelMultiply, kernelMultiplyTransposed } from '#lib/volatility';
import { deviationOf, type StressBook } from './stress-book.js';
import { largestEigenvalue, resolventForm, tridiagonalised } from './tridiagonal.js';

/** How far, in standard deviations of the forecast (Mahalanobis), the nearest move is that costs the pool an amount. */
export interface InsolvencyDistance {
  /** no move nearer than this costs the amount: certified */
  readonly atLeast: number;
  /** this move costs it */
  readonly atMost: number;
  readonly moves: Float64Array | null;
}

/** Distances past it are of no interest. */
const FARTHEST = 1000;
const BISECTIONS = 30;
const REFINEMENTS = 6;
const COARSE = 8;
const FINE = 22;
/** Bounds within this share of one another are not refined. */
const CLOSE = 1e-4;
const ASCENTS = 12;
/** Multiples of its equity from which an account's deficit is bounded by a parabola and no longer by a chord. */
const CHORD_UNTIL = [1.4, 3];

/**
 * Bounds, from both sides, of min ‖r‖ over rᵀΣ⁻¹r = ‖r‖² with ℓ(r) ≥ amount; see {@link StressBook} for ℓ.
 *
 * From below: within the ellipsoid of radius d the deficit of an account, (u − E)⁺ with u = −x·r ≤ d·s, is at most the chord
 * (ds − E)⁺(u + ds)/(2ds), and at most u²/(4E). With either for each account ℓ is at most a quadratic function, whose maximum over the
 * ellipsoid is bounded by Lagrange duality: v·r + rᵀQr ≤ λd² + ¼ vᵀ(λΣ⁻¹ − Q)⁻¹v for every λ that makes the matrix positive. An account
 * with ds ≤ E has no deficit. From above: ℓ is convex, so stepping to the ellipsoid's point in the direction of its gradient never
 * lowers it; from several starts.
 */
export function insolvencyDistance(book: StressBook, amount: number): InsolvencyDistance {
  if (amount <= book.loss(new Float64Array(book.n)))
    return { atLeast: 0, atMost: 0, moves: new Float64Array(book.n) };
  const root = covarianceRoot(book);
  const cheap = (d: number) => chordBound(book, d);
  if (cheap(FARTHEST) < amount) return { atLeast: FARTHEST, atMost: Infinity, moves: null };
  let [low, high] = bisect(0, FARTHEST, BISECTIONS, (d) => cheap(d) >= amount);
  const atLeastByChord = low;
  const above = nearestFound(book, amount, low);
  // Between the chord's bound and the best move found the quadratic bound may be tighter.
  if (above.distance <= low * (1 + CLOSE))
    return { atLeast: low, atMost: above.distance, moves: above.moves };
  [low, high] = bisect(low, Math.min(above.distance, FARTHEST), REFINEMENTS, (d) =>
    reaches(book, root, d, amount),
  );
  return {
    atLeast: Math.max(atLeastByChord, Math.min(low, high)),
    atMost: above.distance,
    moves: above.moves,
  };
}

/** @returns an interval at whose low end the test fails and at whose high end it holds, or the whole one */
function bisect(low: number, high: number, steps: number, test: (d: number) => boolean): [number, number] {
  for (let step = 0; step < steps && high - low > 1e-9 * high; step++) {
    const middle = (low + high) / 2;
    if (test(middle)) high = middle;
    else low = middle;
  }
  return [low, high];
}

/** d‖x − Σβx_a‖ + ½Σ(ds_a − E_a)⁺, β = (ds − E)⁺/(2ds): all deficits by their chords. */
function chordBound(book: StressBook, d: number): number {
  const vector = Float64Array.from(book.net);
  let constant = 0;
  for (let a = 0; a < book.accounts; a++) {
    const reach = d * book.deviation[a];
    const deficit = reach - book.equity[a];
    if (deficit <= 0) continue;
    // An account without equity owes already: its chord is steeper than its deficit, which is linear there.
    const slope = book.equity[a] >= -reach ? deficit / (2 * reach) : 1;
    constant += slope === 1 ? -book.equity[a] : deficit / 2;
    for (let at = book.start[a]; at < book.start[a + 1]; at++)
      vector[book.market[at]] -= slope * book.notional[at];
  }
  return d * deviationOf(book.forecast, vector) + constant;
}

/** Whether the least of the mixed bounds, chords up to a multiple of the equity and parabolas past it, is an amount or more. */
function reaches(book: StressBook, root: Float64Array, d: number, amount: number): boolean {
  if (chordBound(book, d) < amount) return false;
  return CHORD_UNTIL.every((until) => mixedBound(book, root, d, until) >= amount);
}

function mixedBound(book: StressBook, root: Float64Array, d: number, until: number): number {
  const { n } = book;
  const vector = Float64Array.from(book.net);
  const curvature = new Float64Array(n * n);
  let constant = 0;
  for (let a = 0; a < book.accounts; a++) {
    const reach = d * book.deviation[a];
    const equity = book.equity[a];
    const deficit = reach - equity;
    if (deficit <= 0) continue;
    const [first, end] = [book.start[a], book.start[a + 1]];
    if (equity <= 0 || reach <= until * equity) {
      const slope = equity >= -reach ? deficit / (2 * reach) : 1;
      constant += slope === 1 ? -equity : deficit / 2;
      for (let at = first; at < end; at++) vector[book.market[at]] -= slope * book.notional[at];
      continue;
    }
    const weight = 1 / (4 * equity);
    for (let i = first; i < end; i++)
      for (let j = first; j < end; j++)
        curvature[book.market[i] * n + book.market[j]] += weight * book.notional[i] * book.notional[j];
  }
  return constant + ellipsoidBound(vector, curvature, root, d);
}

/** min over λ of λd² + ¼ṽᵀ(λ − UQUᵀ)⁻¹ṽ: ṽ = Uv, Σ = UᵀU. */
function ellipsoidBound(
  vector: Float64Array,
  curvature: Float64Array,
  upper: Float64Array,
  d: number,
): number {
  const n = vector.length;
  const half = kernelMultiply(upper, curvature, new Float64Array(n * n), n, n, n);
  const turned = kernelMultiplyTransposed(half, upper, new Float64Array(n * n), n, n, n);
  const form = tridiagonalised(turned, kernelMultiply(upper, vector, new Float64Array(n), n, n, 1));
  const top = Math.max(0, largestEigenvalue(form));
  const bound = (lambda: number) => lambda * d * d + resolventForm(form, lambda) / 4;
  const size = Math.hypot(...form.vector);
  // At the optimum ‖u‖ = d: λ − μ is at most ‖ṽ‖/(2d) above the largest eigenvalue.
  let low = top * (1 + 1e-12) + (1e-9 * size) / d;
  let high = top + size / (2 * d) + 1e-12;
  for (let step = 0; step < 60; step++) {
    const [a, b] = [low + 0.382 * (high - low), low + 0.618 * (high - low)];
    if (bound(a) < bound(b)) high = b;
    else low = a;
  }
  return bound((low + high) / 2);
}

/** An upper triangular U with UᵀU = Σ, pivots floored at nothing; row-major. */
function covarianceRoot({ forecast, n }: StressBook): Float64Array {
  const sigma = covarianceMatrix(forecast);
  const root = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let value = sigma[i * n + j];
      for (let k = 0; k < j; k++) value -= root[i * n + k] * root[j * n + k];
      const pivot = root[j * n + j];
      if (i === j) root[i * n + i] = Math.sqrt(Math.max(value, 0));
      else root[i * n + j] = pivot > 0 ? value / pivot : 0;
    }
  return Float64Array.from(root, (_, at) => root[(at % n) * n + Math.floor(at / n)]);
}

/** The nearest move found that costs the amount: ascents from several directions, at distances by bisection. */
function nearestFound(
  book: StressBook,
  amount: number,
  from: number,
): { distance: number; moves: Float64Array | null } {
  let nearest = Infinity;
  let best: Float64Array | undefined;
  for (const start of startsOf(book)) {
    const costs = (d: number) => ascend(book, start, d, amount).loss >= amount;
    let high = nearest === Infinity ? Math.max(2 * from, 1) : nearest;
    while (nearest === Infinity && high < FARTHEST && !costs(high)) high *= 2;
    if (!costs(high)) continue;
    const [, distance] = bisect(from, high, COARSE, costs);
    if (distance < nearest || best === undefined) [nearest, best] = [distance, start];
  }
  if (best === undefined) return { distance: Infinity, moves: null };
  const start = best;
  const [, distance] = bisect(from, nearest, FINE, (d) => ascend(book, start, d, amount).loss >= amount);
  return { distance, moves: ascend(book, start, distance, Infinity).moves };
}

function startsOf(book: StressBook): Float64Array[] {
  const starts = [book.net, book.net.map((value) => -value)];
  // Where one side of the accounts is wiped out: shorts' losses, longs' losses.
  for (const side of [-1, 1]) {
    const x = new Float64Array(book.n);
    book.notional.forEach((notional, at) => {
      if (Math.sign(notional) === side) x[book.market[at]] -= notional;
    });
    starts.push(x);
  }
  return starts.filter((x) => deviationOf(book.forecast, x) > 0);
}

/**
 * From a direction to a point of the ellipsoid of radius d where the gradient's direction is the point's own, or where the loss is `enough`:
 * it never falls on the way.
 */
function ascend(
  book: StressBook,
  direction: Float64Array,
  d: number,
  enough: number,
): { readonly moves: Float64Array; readonly loss: number } {
  let [gradient, nextGradient] = [new Float64Array(book.n), new Float64Array(book.n)];
  let moves = pointOf(book, direction, d);
  let loss = book.lossWith(moves, gradient);
  for (let step = 0; step < ASCENTS && !(loss >= enough); step++) {
    const next = pointOf(book, gradient, d);
    const reached = book.lossWith(next, nextGradient);
    if (!(reached > loss * (1 + 1e-12))) break;
    [moves, loss] = [next, reached];
    [gradient, nextGradient] = [nextGradient, gradient];
  }
  return { moves, loss };
}

/** dΣg/√(gᵀΣg): where a linear loss g·r is largest. */
function pointOf(book: StressBook, direction: Float64Array, d: number): Float64Array {
  const size = deviationOf(book.forecast, direction);
  if (size === 0) return new Float64Array(book.n);
  return covarianceTimes(book.forecast, direction).map((value) => (d * value) / size);
}
