import { type AccountColumns, grown } from '../account-columns.js';
import { expectedDeficit } from './credit-charge.js';

/** Marks, funding indices and covariance that accounts are seen by, by the number of a market. */
export interface Valuation {
  readonly marks: Float64Array;
  readonly indices: Float64Array;
  /** of a market in the covariance; −1: it has none */
  readonly row: Int32Array;
  /** n×n row-major */
  readonly covariance: Float64Array;
  readonly n: number;
}

/** When a pass books a charge. */
export interface ChargeTerms {
  /** units of the books an hour, of a unit of expected deficit */
  readonly perUnit: number;
  /** market time, milliseconds */
  readonly at: number;
  /** smallest move that is booked, units an hour, and as a part of the rate: 1/share */
  readonly smallest: number;
  readonly share: number;
  /** a rate that has moved is booked once the debt could differ by more than this share of the equity */
  readonly misstated: number;
  /** a debt is booked once it is more than this share of the equity */
  readonly debt: number;
}

const HOUR_MS = 3_600_000;
/** Two sums of one account's amounts in another order differ by less than this share of their sum. */
const ROUNDING = 1e-11;
/** (s/E)² up to which five terms of the series are taken for the whole. */
const FEW_TERMS = 1 / 16;
const [THIRD, FIFTH, SEVENTH, NINTH, ELEVENTH] = [1 / 3, 1 / 5, 1 / 7, 1 / 9, 1 / 11];

/** An account's charge as the books have it. */
export interface AccountCharge {
  /** units an hour; 0: none */
  readonly rate: number;
  /** market time, milliseconds */
  readonly since: number;
}

export const NO_CHARGE: AccountCharge = { rate: 0, since: 0 };

/** Charges of accounts as the books have them, by the account's number. */
export class ChargeColumns {
  /** units an hour; 0: none */
  rates = new Float64Array(1024);
  since = new Float64Array(1024);

  /** @param units in a unit of money */
  constructor(readonly units: number) {}

  set(account: number, { rate, since }: AccountCharge): void {
    if (account >= this.rates.length) {
      this.rates = grown(this.rates, account);
      this.since = grown(this.since, account);
    }
    this.rates[account] = rate;
    this.since[account] = since;
  }

  /** An account's debt by a time, money. */
  debtOf(account: number, at: number): number {
    const rate = this.rates[account];
    return rate > 0 ? (rate * Math.max(0, at - this.since[account])) / HOUR_MS / this.units : 0;
  }
}

/** Notionals and rows of the covariance of the account that is looked at. */
let held = new Float64Array(64);
let rows = new Int32Array(64);

function grow(positions: number): void {
  held = new Float64Array(2 * positions);
  rows = new Int32Array(2 * positions);
}

/**
 * The accounts whose charge may have to be booked, in the given order. The others' rates and debts, reckoned in floats with room for their
 * rounding, certainly go on: no charge is left out.
 */
export function movedCharges(
  { base, start, length, sizes, codes }: AccountColumns,
  { rates, since, units }: ChargeColumns,
  accounts: readonly number[],
  { marks, indices, row, covariance, n }: Valuation,
  { perUnit, at, smallest, share: shareOfRate, misstated, debt }: ChargeTerms,
): number[] {
  const moved: number[] = [];
  for (const account of accounts) {
    const was = rates[account];
    const first = start[account];
    const end = first + length[account];
    if (end === first) {
      if (was > 0) moved.push(account);
      continue;
    }
    let equity = base[account];
    let summed = Math.abs(equity);
    let variance = 0;
    if (end - first > held.length) grow(end - first);
    for (let slot = first; slot < end; slot++) {
      const code = codes[slot] >> 1;
      const size = sizes[slot];
      const x = size * marks[code];
      held[slot - first] = x;
      rows[slot - first] = row[code];
      const funding = size * indices[code];
      equity += x - funding;
      summed += Math.abs(x) + Math.abs(funding);
      const own = row[code] * n;
      // No covariance: NaN, which no comparison passes over.
      if (own < 0) equity = NaN;
      else {
        let beside = 0;
        for (let other = 0; other < slot - first; other++)
          beside += held[other] * covariance[own + rows[other]];
        variance += x * (x * covariance[own + row[code]] + 2 * beside);
      }
    }
    // Without a rate any move counts at once.
    const hours = was > 0 ? Math.max(0, at - since[account]) / HOUR_MS : Infinity;
    const owed = was > 0 ? was * hours : 0;
    equity -= owed / units;
    const deviation = Math.sqrt(Math.max(variance, 0));
    const share = variance / (equity * equity);
    let now: number;
    let cut = 0;
    if (equity > 0 && share >= 0 && share <= FEW_TERMS) {
      // The series of the expected deficit, (s/π)·u²(1/3 − u²/5 + u⁴/7 − …) with u = s/E: it alternates.
      const scale = (perUnit * deviation * share) / Math.PI;
      now = scale * (THIRD - share * (FIFTH - share * (SEVENTH - share * (NINTH - share * ELEVENTH))));
      // As products: the power function took nearly half of this pass.
      const square = share * share;
      cut = scale * square * square * share;
    } else now = perUnit * expectedDeficit(deviation, equity);
    // Rate and debt are rounded up, by a unit each; what equity lacks by rounding the rate has at most, times its unit.
    const room = 3 + cut + ROUNDING * (now + perUnit * summed);
    const ends = was > 0 && now < 2;
    const most = Math.abs(now - was) + room;
    // The equity at least, in units.
    const least = equity * units * (1 - ROUNDING) - (ROUNDING * summed + 1e-6) * units;
    const stays = most <= Math.max(smallest, was / shareOfRate) || most * hours <= misstated * least;
    const small = owed + 2 <= debt * least || owed === 0 || equity + ROUNDING * summed <= -1e-6;
    if (ends || !stays || !small) moved.push(account);
  }
  return moved;
}
