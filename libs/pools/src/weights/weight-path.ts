import { InvalidInputError } from '#lib/errors';
import type { Rule } from '../rules/index.js';
import { guardVelocity, guardWeights } from './guard-rails.js';

/** How and within which bounds weights follow a rule. */
export interface WeightTerms {
  /** rows from one update to the next */
  readonly updateEvery: number;
  /** rows an update's change is spread over; at most `updateEvery` */
  readonly interpolateOver: number;
  /** straight: by the same amount in each row; curved: by the path that gives least away to arbitrage, nearly */
  readonly interpolation: 'straight' | 'curved';
  /** most a weight changes in a row */
  readonly fastest: number;
  readonly minimumWeight: number;
}

export const WEIGHT_TERMS: WeightTerms = {
  updateEvery: 24,
  interpolateOver: 24,
  interpolation: 'straight',
  fastest: 3e-4,
  minimumWeight: 0.03,
};

/** @throws {InvalidInputError} for terms that contradict themselves */
export function checkTerms(terms: WeightTerms, assets: number): void {
  const { updateEvery, interpolateOver, fastest, minimumWeight } = terms;
  const whole = (field: string, value: number, most: number) => {
    if (!(Number.isInteger(value) && value >= 1 && value <= most))
      throw new InvalidInputError(field, `must be a whole number of rows from 1 to ${most}, got ${value}`);
  };
  whole('updateEvery', updateEvery, Number.MAX_SAFE_INTEGER);
  whole('interpolateOver', interpolateOver, updateEvery);
  if (!(fastest > 0 && fastest <= 1))
    throw new InvalidInputError('fastest', `must be in (0, 1] by row, got ${fastest}`);
  if (!(minimumWeight > 0 && minimumWeight * assets < 1))
    throw new InvalidInputError(
      'minimumWeight',
      `must be in (0, 1/${assets}) for ${assets} assets, got ${minimumWeight}`,
    );
}

/** One set of parameters, as a rule gets it. */
export interface RuleSet {
  readonly parameters: Readonly<Record<string, Float64Array>>;
  /** share of the old weights that a rule which says weights leaves in place, by asset */
  readonly inertia: Float64Array;
  readonly initialWeights: Float64Array;
}

/**
 * Weights of every row. The block of an update begins at the row whose price is the newest the update knows, with the old
 * weights; the first that differ are one row later, so no weight knows a price of its own row.
 *
 * @param estimates of the rule at updates 0, 1, …, n values each; update u is made at row (u + 1)·updateEvery
 * @param weights rows × n, written
 */
export function fillWeights(
  rule: Rule,
  { parameters, inertia, initialWeights }: RuleSet,
  estimates: Float64Array,
  terms: WeightTerms,
  weights: Float64Array,
): void {
  const n = initialWeights.length;
  const rows = weights.length / n;
  const { updateEvery, interpolateOver, fastest, minimumWeight } = terms;
  const from = Float64Array.from(initialWeights);
  const to = new Float64Array(n);
  const steps = new Float64Array(n);
  const input = { estimates: new Float64Array(n), parameters };
  const fill = terms.interpolation === 'straight' ? straight : curved;
  hold(weights, 0, Math.min(rows, updateEvery), from);
  for (let update = 0, row = updateEvery; row < rows; update++, row += updateEvery) {
    for (let i = 0; i < n; i++) input.estimates[i] = estimates[update * n + i];
    rule.apply(input, to);
    for (let i = 0; i < n; i++)
      to[i] = rule.says === 'change' ? from[i] + to[i] : inertia[i] * from[i] + (1 - inertia[i]) * to[i];
    guardWeights(to, minimumWeight);
    guardVelocity(from, to, interpolateOver, fastest, steps);
    for (let i = 0; i < n; i++) to[i] = from[i] + steps[i] * interpolateOver;
    const moving = Math.min(interpolateOver, rows - row);
    fill(weights, row, moving, from, to, steps, interpolateOver);
    const held = Math.min(updateEvery, rows - row) - moving;
    if (held > 0) hold(weights, row + moving, held, to);
    from.set(to);
  }
}

function hold(weights: Float64Array, row: number, rows: number, value: Float64Array): void {
  const n = value.length;
  const end = (row + rows) * n;
  for (let i = 0; i < n; i++) {
    const held = value[i];
    for (let at = row * n + i; at < end; at += n) weights[at] = held;
  }
}

type Fill = (
  weights: Float64Array,
  row: number,
  rows: number,
  from: Float64Array,
  to: Float64Array,
  steps: Float64Array,
  over: number,
) => void;

const straight: Fill = (weights, row, rows, from, _to, steps) => {
  const n = from.length;
  for (let i = 0; i < n; i++) {
    const start = from[i];
    const step = steps[i];
    for (let m = 0, at = row * n + i; m < rows; m++, at += n) weights[at] = start + m * step;
  }
};

/** Mean of the straight and the geometric path, normalised. @see Willetts & Harrington, "Optimal rebalancing in dynamic AMMs", arXiv 2403.18737 */
const curved: Fill = (weights, row, rows, from, to, steps, over) => {
  const n = from.length;
  const ratios = Array.from(from, (value, i) => Math.log(to[i] / value) / (over + 1));
  for (let m = 0, at = row * n; m < rows; m++, at += n) {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const weight = from[i] + m * steps[i] + from[i] * Math.exp(m * ratios[i]);
      weights[at + i] = weight;
      sum += weight;
    }
    for (let i = 0; i < n; i++) weights[at + i] /= sum;
  }
};
