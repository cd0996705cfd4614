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

/** When a charge that has moved is booked. */
export interface ChargeTerms {
  /** units of the books an hour, of a unit of expected deficit */
  readonly perUnit: number;
  /** units of the books in a unit of money */
  readonly units: number;
  /** market time, milliseconds */
  readonly at: number;
  /** smallest move that is booked, units an hour, and as a part of the rate: 1/share */
  readonly smallest: number;
  readonly share: number;
}

const HOUR_MS = 3_600_000;
/** Two sums of one account's amounts in another order differ by less than this share of their sum. */
const ROUNDING = 1e-11;

/** Charges of accounts as the books have them, by the account's number. */
export class ChargeColumns {
  /** units an hour; 0: none */
  rates = new Float64Array(1024);
  since = new Float64Array(1024);

  set(account: number, rate: number, since: number): void {
    if (account >= this.rates.length) {
      this.rates = grown(this.rates, account);
      this.since = grown(this.since, account);
    }
    this.rates[account] = rate;
    this.since[account] = since;
  }
}

/**
 * The accounts whose charge may have to be booked, in the given order. The others' rate, reckoned in floats with room for their
 * rounding, has certainly moved less than the smallest booked change: no change of the exact rate is left out.
 */
export function movedCharges(
  { base, start, length, sizes, codes }: AccountColumns,
  { rates, since }: ChargeColumns,
  accounts: readonly number[],
  { marks, indices, row, covariance, n }: Valuation,
  { perUnit, units, at, smallest, share }: ChargeTerms,
): number[] {
  const moved: number[] = [];
  for (const account of accounts) {
    const was = account < rates.length ? rates[account] : 0;
    const first = start[account];
    const end = first + length[account];
    if (end === first) {
      if (was > 0) moved.push(account);
      continue;
    }
    let equity = base[account];
    let summed = Math.abs(equity);
    let variance = 0;
    for (let slot = first; slot < end; slot++) {
      const code = codes[slot] >> 1;
      const size = sizes[slot];
      const x = size * marks[code];
      const funding = size * indices[code];
      equity += x - funding;
      summed += Math.abs(x) + Math.abs(funding);
      const own = row[code] * n;
      // No covariance: NaN, which no comparison passes over.
      if (own < 0) equity = NaN;
      else {
        let beside = 0;
        for (let other = first; other < slot; other++) {
          const code2 = codes[other] >> 1;
          beside += sizes[other] * marks[code2] * covariance[own + row[code2]];
        }
        variance += x * (x * covariance[own + row[code]] + 2 * beside);
      }
    }
    if (was > 0) equity -= (was * Math.max(0, at - since[account])) / HOUR_MS / units;
    const now = perUnit * expectedDeficit(Math.sqrt(Math.max(variance, 0)), equity);
    // Rate and debt are rounded up, by a unit each; what equity lacks by rounding the rate has at most, times its unit.
    const room = 3 + ROUNDING * (now + perUnit * summed);
    const ends = was > 0 && now < 2;
    if (ends || !(Math.abs(now - was) + room <= Math.max(smallest, was / share))) moved.push(account);
  }
  return moved;
}
