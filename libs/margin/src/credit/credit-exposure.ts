import { InvalidInputError } from '#lib/errors';
import { AccountColumns, type IndexedPosition } from '../account-columns.js';
import { requirePrice } from '../margin-book.js';
import type { PortfolioModel } from '../portfolio/parameters.js';
import type { SignedNotional } from '../portfolio/portfolio-margin.js';

/** Shares of the pool's capital that defaults may cost. */
export interface CreditCaps {
  /** K = P + L, money */
  readonly capital: number;
  /** δ, of one account */
  readonly account: number;
  /** β, of all accounts together in one scenario */
  readonly pool: number;
}

/** Why a command is refused. */
export interface CreditBreach {
  readonly cap: 'account' | 'pool';
  /** name of the scenario, and 1 or 2 times its shocks */
  readonly scenario: string;
  readonly times: 1 | 2;
  /** deficit of the account, or C_k, after the command, money */
  readonly deficit: number;
  readonly limit: number;
}

/**
 * The pool's loss by scenario, C_k = Σ_a (−E_a − r_k·x_a)⁺ over r_k and 2·r_k. Splitting an account
 * cannot lower it: Σ(−E_a)⁺ ≥ (−ΣE_a)⁺. A command replaces one account's terms; when marks have moved, {@link remark}
 * adds everything up anew.
 */
export class CreditExposure {
  private readonly columns: AccountColumns;
  private readonly marks: Float64Array;
  private readonly indices: Float64Array;
  private readonly widest: Float64Array;
  private readonly modelled: number[] = [];
  private readonly known = new Map<string, number>();
  private readonly losses: Float64Array;
  private readonly before: Float64Array;
  private readonly after: Float64Array;
  /** C_k: of r_k at k, of 2·r_k at K + k */
  readonly totals: Float64Array;

  constructor(private readonly model: PortfolioModel) {
    const { n, scenarios, shocks } = model;
    const K = scenarios.length;
    this.columns = new AccountColumns((market) => {
      const index = model.indexOf.get(market);
      if (index === undefined) throw new InvalidInputError('market', `has no margin parameters: ${market}`);
      this.modelled.push(index);
    });
    this.marks = new Float64Array(n).fill(NaN);
    this.indices = new Float64Array(n);
    this.widest = Float64Array.from({ length: n }, (_, i) =>
      shocks.subarray(i * K, (i + 1) * K).reduce((most, shock) => Math.max(most, Math.abs(shock)), 0),
    );
    this.losses = new Float64Array(K);
    this.totals = new Float64Array(2 * K);
    this.before = new Float64Array(2 * K);
    this.after = new Float64Array(2 * K);
  }

  get accounts(): number {
    return this.columns.count;
  }

  /** @throws {InvalidInputError} for a price that is not one and a market without parameters */
  setMark(market: string, price: number): void {
    requirePrice(market, price);
    this.marks[this.modelled[this.columns.marketOf(market)]] = price;
  }

  /** @param fundingIndex cumulative, money per unit of size */
  setFundingIndex(market: string, fundingIndex: number): void {
    this.indices[this.modelled[this.columns.marketOf(market)]] = fundingIndex;
  }

  /** Replaces an account's state and its terms at the present marks. */
  set(account: string, cash: number, positions: readonly IndexedPosition[]): void {
    const { totals, before, after } = this;
    for (const { market } of positions) this.columns.marketOf(market);
    before.fill(0);
    after.fill(0);
    const at = this.known.get(account);
    if (at !== undefined) this.addStored(at, before);
    this.columns.set(account, cash, positions);
    if (at === undefined) this.known.set(account, this.columns.count - 1);
    this.addStored(at ?? this.columns.count - 1, after);
    for (let k = 0; k < totals.length; k++) totals[k] = Math.max(0, totals[k] + (after[k] - before[k]));
  }

  /** Adds up all accounts at the present marks. */
  remark(): void {
    this.totals.fill(0);
    for (let account = 0; account < this.columns.count; account++) this.addStored(account, this.totals);
  }

  /**
   * Whether an account may come to a state: refused where that raises its own worst deficit above δK, or any C_k that is
   * then above βK. Undefined: accepted. A change that lowers the exposure is never refused.
   *
   * @param equity after the command, money
   * @param positions after the command, at mark
   */
  check(
    account: string,
    equity: number,
    positions: readonly SignedNotional[],
    { capital, account: delta, pool: beta }: CreditCaps,
  ): CreditBreach | undefined {
    const { before, after, totals, model } = this;
    const K = model.scenarios.length;
    before.fill(0);
    after.fill(0);
    const at = this.known.get(account);
    if (at !== undefined) this.addStored(at, before);
    const markets = positions.map(({ market }) => {
      const index = model.indexOf.get(market);
      if (index === undefined) throw new InvalidInputError('market', `has no margin parameters: ${market}`);
      return index;
    });
    const { losses } = this;
    losses.fill(0);
    positions.forEach(({ notional }, i) => {
      for (let k = 0, row = markets[i] * K; k < K; k++) losses[k] -= model.shocks[row + k] * notional;
    });
    for (let k = 0; k < K; k++) {
      after[k] = Math.max(0, losses[k] - equity);
      after[K + k] = Math.max(0, 2 * losses[k] - equity);
    }
    const worst = (terms: Float64Array) =>
      terms.reduce((most, value, k) => (value > terms[most] ? k : most), 0);
    const breach = (cap: CreditBreach['cap'], k: number, deficit: number, limit: number): CreditBreach => ({
      cap,
      scenario: model.scenarios[k % K].name,
      times: k < K ? 1 : 2,
      deficit,
      limit,
    });
    if (K === 0) return undefined;
    const own = worst(after);
    if (after[own] > delta * capital && after[own] > before[worst(before)]) {
      return breach('account', own, after[own], delta * capital);
    }
    for (let k = 0; k < 2 * K; k++) {
      const total = totals[k] + (after[k] - before[k]);
      if (after[k] > before[k] && total > beta * capital) return breach('pool', k, total, beta * capital);
    }
    return undefined;
  }

  /** Adds a stored account's deficits; nothing for one in a market without a mark. */
  private addStored(account: number, into: Float64Array): void {
    const { marks, indices, widest, modelled, losses } = this;
    const { base, start, length, sizes, codes } = this.columns;
    const { shocks } = this.model;
    const first = start[account];
    const end = first + length[account];
    let equity = base[account];
    let reach = 0;
    for (let slot = first; slot < end; slot++) {
      const market = modelled[codes[slot] >> 1];
      const notional = sizes[slot] * marks[market];
      equity += notional - sizes[slot] * indices[market];
      reach += widest[market] * Math.abs(notional);
    }
    if (equity >= 2 * reach || Number.isNaN(equity)) return;
    const K = losses.length;
    losses.fill(0);
    for (let slot = first; slot < end; slot++) {
      const market = modelled[codes[slot] >> 1];
      const notional = sizes[slot] * marks[market];
      for (let k = 0, row = market * K; k < K; k++) losses[k] -= shocks[row + k] * notional;
    }
    for (let k = 0; k < K; k++) {
      if (losses[k] > equity) into[k] += losses[k] - equity;
      if (2 * losses[k] > equity) into[K + k] += 2 * losses[k] - equity;
    }
  }
}
