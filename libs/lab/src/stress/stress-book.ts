import { InvalidInputError } from '#lib/errors';
import { type MarginPosition, standing } from '#lib/margin';
import { factorExposures, type FactorForecast, quadraticForm } from '#lib/risk';
import type { AccountSlice, BookFrame } from './book-copy.js';
import type { CreditDeficits } from './credit-deficits.js';

/** An account as stress sees it. */
export interface StressAccount {
  readonly account: string;
  /** collateral and profit at marks, money */
  readonly equity: number;
  /** maintenance margin at marks, money */
  readonly maintenance: number;
  /** signed notional at marks by market, money */
  readonly positions: readonly (readonly [market: number, notional: number])[];
}

/**
 * A book at its marks in columns: accounts with positions, the capital behind them, and the forecast that moves are measured by.
 *
 * The pool loses under relative moves r: ℓ(r) = Σ_a max(x_a·r, −E_a): winners' gains are paid, losers' losses are collected up to their
 * equity. ℓ is convex in r.
 */
export class StressBook {
  readonly n: number;
  readonly names: readonly string[];
  readonly equity: Float64Array;
  readonly maintenance: Float64Array;
  /** positions of account a are entries from start[a] up to start[a+1] */
  readonly start: Int32Array;
  readonly market: Int32Array;
  readonly notional: Float64Array;
  /** x, n: net of all accounts */
  readonly net: Float64Array;
  /** s_a, standard deviation of an account's profit over the horizon */
  readonly deviation: Float64Array;

  /**
   * @param capital worth of P and its pending premia with the open book at marks, money
   * @param liquidity the same of L
   * @throws {InvalidInputError} for a position in a market that is not forecast
   */
  constructor(
    readonly markets: readonly string[],
    accounts: readonly StressAccount[],
    readonly capital: number,
    readonly liquidity: number,
    readonly forecast: FactorForecast,
  ) {
    const n = (this.n = markets.length);
    if (forecast.own.length !== n)
      throw new InvalidInputError('forecast', `is of ${forecast.own.length} markets, the book of ${n}`);
    const open = accounts.filter(({ positions }) => positions.length > 0);
    const entries = open.reduce((sum, { positions }) => sum + positions.length, 0);
    this.names = open.map(({ account }) => account);
    this.equity = Float64Array.from(open, ({ equity }) => equity);
    this.maintenance = Float64Array.from(open, ({ maintenance }) => maintenance);
    this.start = new Int32Array(open.length + 1);
    this.market = new Int32Array(entries);
    this.notional = new Float64Array(entries);
    this.net = new Float64Array(n);
    let at = 0;
    open.forEach(({ account, positions }, a) => {
      for (const [market, notional] of positions) {
        if (!(market >= 0 && market < n) || !Number.isFinite(notional))
          throw new InvalidInputError(`${account}.positions`, `has no market ${market} or no number`);
        this.market[at] = market;
        this.notional[at++] = notional;
        this.net[market] += notional;
      }
      this.start[a + 1] = at;
    });
    this.deviation = Float64Array.from(open, (_, a) => Math.sqrt(this.varianceOf(a)));
  }

  get accounts(): number {
    return this.names.length;
  }

  private byMarket: { readonly start: Int32Array; readonly accounts: Int32Array } | undefined;

  /** Accounts with a position in a market, ascending. */
  holdersOf(market: number): Int32Array {
    const { start, accounts } = (this.byMarket ??= this.accountsByMarket());
    return accounts.subarray(start[market], start[market + 1]);
  }

  private accountsByMarket(): { readonly start: Int32Array; readonly accounts: Int32Array } {
    const start = new Int32Array(this.n + 1);
    const last = new Int32Array(this.n).fill(-1);
    const each = (holds: (market: number, account: number) => void) => {
      last.fill(-1);
      for (let a = 0; a < this.accounts; a++)
        for (let at = this.start[a]; at < this.start[a + 1]; at++) {
          const market = this.market[at];
          if (last[market] === a) continue;
          last[market] = a;
          holds(market, a);
        }
    };
    each((market) => start[market + 1]++);
    for (let i = 0; i < this.n; i++) start[i + 1] += start[i];
    const accounts = new Int32Array(start[this.n]);
    const next = start.slice();
    each((market, a) => (accounts[next[market]++] = a));
    return { start, accounts };
  }

  /** x_a·r, an account's gain. */
  gain(account: number, moves: Float64Array): number {
    let gain = 0;
    for (let at = this.start[account]; at < this.start[account + 1]; at++)
      gain += this.notional[at] * moves[this.market[at]];
    return gain;
  }

  /** An account's signed notionals at marks. */
  positionsOf(account: number): { market: string; notional: number }[] {
    const positions: { market: string; notional: number }[] = [];
    for (let at = this.start[account]; at < this.start[account + 1]; at++)
      positions.push({ market: this.markets[this.market[at]], notional: this.notional[at] });
    return positions;
  }

  /** ℓ(r), the pool's loss. */
  loss(moves: Float64Array): number {
    return this.lossWith(moves, undefined);
  }

  /**
   * ℓ(r), and a subgradient of ℓ: the net of the accounts that still have equity. One pass over the positions.
   *
   * @param gradient n, written
   */
  lossWith(moves: Float64Array, gradient: Float64Array | undefined): number {
    const { start, market, notional, equity } = this;
    const accounts = this.accounts;
    gradient?.set(this.net);
    let loss = 0;
    for (let a = 0; a < accounts; a++) {
      const first = start[a];
      const end = start[a + 1];
      let gain = 0;
      for (let at = first; at < end; at++) gain += notional[at] * moves[market[at]];
      if (gain >= -equity[a]) {
        loss += gain;
        continue;
      }
      loss -= equity[a];
      if (gradient === undefined) continue;
      for (let at = first; at < end; at++) gradient[market[at]] -= notional[at];
    }
    return loss;
  }

  private varianceOf(account: number): number {
    const { factors: K, loadings, variances, own } = this.forecast;
    const exposures = new Float64Array(K);
    const whole = new Map<number, number>();
    for (let at = this.start[account]; at < this.start[account + 1]; at++)
      whole.set(this.market[at], (whole.get(this.market[at]) ?? 0) + this.notional[at]);
    let variance = 0;
    for (const [market, x] of whole) {
      variance += own[market] * x * x;
      for (let k = 0; k < K; k++) exposures[k] += loadings[market * K + k] * x;
    }
    exposures.forEach((value, k) => (variance += variances[k] * value * value));
    return variance;
  }
}

/** Standard deviation of the profit of notionals x. */
export function deviationOf(forecast: FactorForecast, x: Float64Array): number {
  return Math.sqrt(quadraticForm(forecast, x, factorExposures(forecast, x)));
}

/**
 * The accounts of a copied book at its marks, over the forecast's markets; positions in others count in equity and margin alone. A market
 * without a mark is at each account's entry.
 *
 * @param deficits that they are added to
 */
export function copiedAccounts(
  { forecastMarkets, markets, marks, margin }: BookFrame,
  slices: readonly AccountSlice[],
  deficits?: CreditDeficits,
): StressAccount[] {
  const forecastIndex = new Map(forecastMarkets.map((market, i) => [market, i]));
  const inForecast = markets.map((market) => forecastIndex.get(market));
  return slices.flatMap(({ names, collateral, ends, market, size, entryNotional }) =>
    Array.from(collateral, (cash, a): StressAccount => {
      const held: MarginPosition[] = [];
      const positions: [number, number][] = [];
      for (let at = a === 0 ? 0 : ends[a - 1]; at < ends[a]; at++) {
        const code = market[at];
        const mark = Number.isNaN(marks[code]) ? entryNotional[at] / size[at] : marks[code];
        held.push({ market: markets[code], size: size[at], entryNotional: entryNotional[at], mark });
        const index = inForecast[code];
        if (index !== undefined) positions.push([index, size[at] * mark]);
      }
      const { equity, maintenanceMargin: maintenance } = standing(cash, held, margin);
      deficits?.add(equity, held);
      return { account: names[a] ?? '', equity, maintenance, positions };
    }),
  );
}
