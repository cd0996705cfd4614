import { InvalidInputError } from '#lib/errors';
import { BoxProgram } from './box-program.js';

/** Positions that must become smaller, and by how much in each market. */
export interface DeleverageProblem {
  /** Σ of relative price changes, m×m row-major, positive definite */
  readonly covariance: readonly number[];
  readonly accounts: readonly {
    /** E > 0, money */
    readonly equity: number;
    /** signed notionals by market, money */
    readonly notionals: readonly number[];
  }[];
  /** Q_i: positive closes longs, negative shorts, money */
  readonly reduce: readonly number[];
}

export interface Deleverage {
  /** y_a: positions each account keeps by market, money */
  readonly kept: readonly (readonly number[])[];
  /** p_i: marginal cost of a market's kept position in Σ yᵀΣy/(2E) */
  readonly prices: readonly number[];
}

const MOST_STEPS = 200;
export const DELEVERAGE_TOLERANCE = 1e-9;

/**
 * Water-filling in several markets: min Σ_a y_aᵀΣy_a/(2E_a) with Σ_a(x_a−y_a) = Q, y_ai between 0 and x_ai on the side that
 * is reduced and y_ai = x_ai on the other. Newton's method on the dual, whose variables are one price a market; given the
 * prices each account is a program of its own. In one market everybody keeps min(|x_a|, ℓE_a).
 *
 * Source: Campbell et al. on auto-deleveraging, theorems 2.4, 2.9, 3.8.
 *
 * @throws {InvalidInputError} naming the field that does not fit
 */
export function deleverage(problem: DeleverageProblem): Deleverage {
  requireProblem(problem);
  const { covariance, accounts, reduce } = problem;
  const m = reduce.length;
  const box = new BoxProgram(covariance, m);
  const boxes = accounts.map(({ notionals }) => sideOf(notionals, reduce));
  const y = accounts.map(({ notionals }) => Float64Array.from(notionals));
  const target = reduce.map((q, i) => accounts.reduce((sum, { notionals }) => sum + notionals[i], 0) - q);
  const scale = reduce.map((q) => Math.abs(q));
  let prices = new Float64Array(m);
  const solveAt = (p: Float64Array) => {
    let value = 0;
    const rest = Float64Array.from(target);
    const hessian = new Float64Array(m * m);
    for (let i = 0; i < m; i++) value += p[i] * target[i];
    accounts.forEach(({ equity }, a) => {
      const { low, high } = boxes[a];
      value += box.minimise(equity, p, low, high, y[a], hessian);
      for (let i = 0; i < m; i++) rest[i] -= y[a][i];
    });
    return { value, rest, hessian };
  };
  let at = solveAt(prices);
  for (let step = 0; step < MOST_STEPS; step++) {
    if (at.rest.every((left, i) => Math.abs(left) <= 1e-12 * Math.max(scale[i], Math.abs(target[i]), 1e-30)))
      break;
    const direction = newtonStep(at.hessian, at.rest, covariance, accounts, m, scale);
    const slope = direction.reduce((sum, value, i) => sum + value * at.rest[i], 0);
    let moved = false;
    for (let length = 1; length > 1e-12; length *= 0.5) {
      const trial = prices.map((price, i) => price + length * direction[i]);
      const next = solveAt(trial);
      // The dual's own rounding must not stop its last step.
      if (next.value >= at.value + 1e-4 * length * slope - 1e-14 * Math.abs(at.value)) {
        prices = trial;
        at = next;
        moved = true;
        break;
      }
    }
    if (!moved) {
      at = solveAt(prices);
      break;
    }
  }
  settleRest(y, boxes, at.rest, m);
  return { kept: y.map((row) => Array.from(row)), prices: Array.from(prices) };
}

/** H·dp = rest, with a little added where no account is free to move. */
function newtonStep(
  hessian: Float64Array,
  rest: Float64Array,
  covariance: readonly number[],
  accounts: DeleverageProblem['accounts'],
  m: number,
  scale: readonly number[],
): Float64Array {
  const equity = accounts.reduce((sum, account) => sum + account.equity, 0);
  const matrix = Float64Array.from(hessian);
  const right = Float64Array.from(rest);
  for (let i = 0; i < m; i++) {
    if (scale[i] === 0) {
      for (let j = 0; j < m; j++) matrix[i * m + j] = matrix[j * m + i] = i === j ? 1 : 0;
      right[i] = 0;
    } else matrix[i * m + i] += 1e-9 * (equity / covariance[i * m + i]) + 1e-300;
  }
  return new BoxProgram(matrix, m).solve(right);
}

/** Gives the remainder after the last step to accounts with room. */
function settleRest(y: readonly Float64Array[], boxes: readonly Box[], rest: Float64Array, m: number): void {
  for (let i = 0; i < m; i++) {
    for (let a = 0; a < y.length && rest[i] !== 0; a++) {
      const moved = Math.min(Math.max(y[a][i] + rest[i], boxes[a].low[i]), boxes[a].high[i]);
      rest[i] -= moved - y[a][i];
      y[a][i] = moved;
    }
  }
}

interface Box {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** Bounds of an account's final positions. */
function sideOf(notionals: readonly number[], reduce: readonly number[]): Box {
  const low = Float64Array.from(notionals);
  const high = Float64Array.from(notionals);
  reduce.forEach((q, i) => {
    if (q > 0 && notionals[i] > 0) low[i] = 0;
    if (q < 0 && notionals[i] < 0) high[i] = 0;
  });
  return { low, high };
}

/** Result of a check. */
export interface DeleverageVerdict {
  readonly failures: readonly string[];
  readonly objective: number;
  /** no other way of closing has an objective below this */
  readonly bound: number;
}

/**
 * Checks a solution without solving: bounds, sums, and the bound that its prices give,
 * p·(x̄−Q) + Σ_a[f(y_a) − p·y_a + Σ_i min over the box of (∇f−p)_i(z−y_ai)], f convex.
 *
 * @param tolerance largest relative gap, and largest relative error of the sums
 */
export function checkDeleverage(
  problem: DeleverageProblem,
  { kept, prices }: Deleverage,
  tolerance: number = DELEVERAGE_TOLERANCE,
): DeleverageVerdict {
  requireProblem(problem);
  const { covariance, accounts, reduce } = problem;
  const m = reduce.length;
  const failures: string[] = [];
  if (kept.length !== accounts.length || kept.some((row) => row.length !== m) || prices.length !== m) {
    return { failures: ['kept and prices do not have the shape of the problem'], objective: NaN, bound: NaN };
  }
  if (![...prices, ...kept.flat()].every((value) => Number.isFinite(value))) {
    return { failures: ['kept and prices must be finite'], objective: NaN, bound: NaN };
  }
  let objective = 0;
  let bound = 0;
  const sums = new Float64Array(m);
  accounts.forEach(({ equity, notionals }, a) => {
    const { low, high } = sideOf(notionals, reduce);
    const y = kept[a];
    let own = 0;
    for (let i = 0; i < m; i++) {
      if (!(y[i] >= low[i] && y[i] <= high[i]))
        failures.push(`account ${a} keeps ${y[i]} in market ${i}, outside ${low[i]} to ${high[i]}`);
      sums[i] += notionals[i] - y[i];
      let gradient = 0;
      for (let j = 0; j < m; j++) gradient += covariance[i * m + j] * y[j];
      gradient /= equity;
      own += 0.5 * gradient * y[i];
      const reduced = gradient - prices[i];
      bound += prices[i] * (notionals[i] - y[i]) + reduced * ((reduced > 0 ? low[i] : high[i]) - y[i]);
    }
    objective += own;
    bound += own;
  });
  for (let i = 0; i < m; i++) {
    bound -= prices[i] * reduce[i];
    if (!(Math.abs(sums[i] - reduce[i]) <= tolerance * Math.abs(reduce[i])))
      failures.push(`market ${i} is reduced by ${sums[i]}, not ${reduce[i]}`);
  }
  if (!(objective - bound <= tolerance * objective)) {
    failures.push(`the objective ${objective} is above the bound ${bound} by more than ${tolerance}`);
  }
  return { failures, objective, bound };
}

function requireProblem({ covariance, accounts, reduce }: DeleverageProblem): void {
  const m = reduce.length;
  if (covariance.length !== m * m)
    throw new InvalidInputError('covariance', `must have ${m * m} entries, got ${covariance.length}`);
  const finite = (value: number, field: string) => {
    if (!Number.isFinite(value)) throw new InvalidInputError(field, `must be finite, got ${value}`);
  };
  covariance.forEach((value, i) => {
    finite(value, `covariance[${i}]`);
    if (value !== covariance[(i % m) * m + Math.floor(i / m)])
      throw new InvalidInputError(`covariance[${i}]`, 'must be symmetric');
  });
  if (!new BoxProgram(covariance, m).definite)
    throw new InvalidInputError('covariance', 'must be positive definite');
  const room = new Float64Array(m);
  accounts.forEach(({ equity, notionals }, a) => {
    if (!(equity > 0 && equity < Infinity))
      throw new InvalidInputError(`accounts[${a}].equity`, `must be positive, got ${equity}`);
    if (notionals.length !== m)
      throw new InvalidInputError(
        `accounts[${a}].notionals`,
        `must have ${m} entries, got ${notionals.length}`,
      );
    notionals.forEach((notional, i) => {
      finite(notional, `accounts[${a}].notionals[${i}]`);
      if (notional * reduce[i] > 0) room[i] += Math.abs(notional);
    });
  });
  reduce.forEach((q, i) => {
    finite(q, `reduce[${i}]`);
    if (Math.abs(q) > room[i])
      throw new InvalidInputError(`reduce[${i}]`, `must be at most ${room[i]} on its side, got ${q}`);
  });
}
