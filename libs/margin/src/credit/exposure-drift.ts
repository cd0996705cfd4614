import type { AccountColumns } from '../account-columns.js';
import type { Marks } from './pass-marks.js';

const HOUR_MS = 3_600_000;
/** Twice the rounding of one addition, relative to its result. */
const UNIT = Number.EPSILON;
/** Two sums of one account's amounts, of up to some thousand positions, are rounded by less than this share of their terms. */
const ROUNDING = 1e-12;

/** The sums whose drift is bounded. */
interface SumTerms {
  /** of the books in a unit of money */
  readonly units: number;
  /** how far each deficit may be from the exact one, all accounts together, money */
  readonly steps: number;
}

/**
 * Bounds how far sums over all accounts move with the marks, without a look at the accounts: from the total size in each market, of both
 * sides, and the sum of the charges' rates. Each is kept with a bound of its rounding, so that the result is a bound as well.
 */
export class ExposureDrift {
  /** Σ|size| by the market's number, and how far rounding may have moved it */
  private readonly sizes: number[] = [];
  private readonly errors: number[] = [];
  /** Σ size, signed, by the market's number: rounding moves it no further than the other sum */
  private readonly nets: number[] = [];
  /** Σ of the charges' rates, units of the books an hour */
  private rates = 0;
  private rateError = 0;

  /** Another market, numbered as the columns number them. */
  addMarket(): void {
    this.sizes.push(0);
    this.errors.push(0);
    this.nets.push(0);
  }

  /** Nobody has a position in a market any more: neither sizes nor what rounding has left of them. */
  forget(code: number): void {
    this.sizes[code] = 0;
    this.errors[code] = 0;
    this.nets[code] = 0;
  }

  /** Takes an account's positions in, or out as they were taken in. */
  addSizes({ start, length, sizes, codes }: AccountColumns, account: number, sign: 1 | -1): void {
    for (let slot = start[account], end = slot + length[account]; slot < end; slot++) {
      const code = codes[slot] >> 1;
      this.sizes[code] += sign * Math.abs(sizes[slot]);
      this.nets[code] += sign * sizes[slot];
      // The net is rounded at its own size, which is at most the other's, but for errors of both.
      this.errors[code] += UNIT * Math.max(Math.abs(this.sizes[code]), Math.abs(this.nets[code]));
    }
  }

  /** @param rate of a charge that begins, negative of one that ends, units of the books an hour */
  addRate(rate: number): void {
    this.rates += rate;
    this.rateError += UNIT * (Math.abs(this.rates) + Math.abs(rate));
  }

  /**
   * The most that any sum of deficits over r_k and 2·r_k can change from some marks to others. A deficit changes by no more than
   * its account's equity and twice its loss do: Σ|size|·(|ΔS|(1 + 2u) + |ΔI|) and the charge of the time between.
   *
   * @param widest u: the widest shock of a market, by its number
   * @returns money; NaN where an account has a position in a market without a mark
   */
  between(from: Marks, to: Marks, widest: (code: number) => number, of: SumTerms): number {
    return this.sum(from, to, of, (code, size) => {
      const [mark, was] = [to.marks[code], from.marks[code]];
      const [index, then] = [to.indices[code], from.indices[code]];
      const reach = 1 + 2 * widest(code);
      const moved = Math.abs(mark - was) * reach + Math.abs(index - then);
      const terms = (mark + was) * reach + Math.abs(index) + Math.abs(then);
      return size * (moved + ROUNDING * terms);
    });
  }

  /**
   * The most that the sum of one scenario's deficits can rise by, from some marks to others. With the scenario's move of a market as a
   * factor v = 1 + t·r a position's value after it is q(S·v − I): where that of a unit rises only those who are short lose, and where it
   * falls those who are long.
   *
   * @param after v of a market, by its number
   * @returns money; NaN where an account has a position in a market without a mark
   */
  rise(from: Marks, to: Marks, after: (code: number) => number, of: SumTerms): number {
    return this.sum(from, to, of, (code, size) => {
      const [gross, net, error] = [this.sizes[code], this.nets[code], this.errors[code]];
      const [mark, was] = [to.marks[code], from.marks[code]];
      const [index, then] = [to.indices[code], from.indices[code]];
      const factor = after(code);
      const risen = (mark - was) * factor - (index - then);
      const losing = 0.5 * (risen > 0 ? gross - net : gross + net) + error;
      const terms = (mark + was) * Math.abs(factor) + Math.abs(index) + Math.abs(then);
      return losing * Math.abs(risen) + size * ROUNDING * terms;
    });
  }

  /**
   * Adds up the charge of the time between and a bound by market.
   *
   * @param term of a market: of its number, and the most that Σ|size| can be there
   */
  private sum(
    from: Marks,
    to: Marks,
    { units, steps }: SumTerms,
    term: (code: number, size: number) => number,
  ): number {
    if (from === to) return 0;
    const hours = Math.abs(to.at - from.at) / HOUR_MS;
    let most = steps + (hours * (this.rates + this.rateError)) / units;
    for (let code = 0; code < this.sizes.length; code++) {
      const size = this.sizes[code] + this.errors[code];
      // No account has ever had a position there: without a mark the term would be NaN.
      if (size !== 0) most += term(code, size);
    }
    return most * (1 + ROUNDING);
  }
}
