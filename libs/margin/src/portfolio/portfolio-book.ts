import { InvalidInputError } from '#lib/errors';
import { AccountColumns, type IndexedPosition } from '../account-columns.js';
import { byNeed, requirePrice, type UnderMargined } from '../margin-book.js';
import type { PortfolioModel } from './parameters.js';
import { tieredMargin } from './tiers.js';

/** Room for rounding where a bound lets an account be skipped. */
const CERTAIN = 1 + 1e-12;

/**
 * Every account's portfolio margin in columns, marked in one pass. Most accounts are far from their margin: R is at most
 * Σ u_i|x_i| with u_i the market's widest shock or 2κσ_i, whichever is larger, and an account whose equity is above the
 * margin of that bound is passed over without its scenarios.
 */
export class PortfolioBook {
  private readonly columns: AccountColumns;
  /** by the market's number in the columns: its mark, its funding index, its number in the model or −1 */
  private readonly lastMarks: number[] = [];
  private readonly lastIndices: number[] = [];
  private readonly modelled: number[] = [];
  private readonly names: string[] = [];
  /** markets that accounts have had positions in */
  private readonly held = new Set<string>();
  /** the same by the market's number in the model */
  private marks = new Float64Array(0);
  private indices = new Float64Array(0);
  /** u_i */
  private widest = new Float64Array(0);
  private losses = new Float64Array(0);

  constructor(private model: PortfolioModel) {
    this.columns = new AccountColumns((market) => {
      this.modelled.push(this.model.indexOf.get(market) ?? -1);
      this.names.push(market);
      this.lastMarks.push(NaN);
      this.lastIndices.push(0);
    });
    this.setModel(model);
  }

  /**
   * Another forecast, other parameters or another capital. The accounts stay.
   *
   * @throws {InvalidInputError} where it lacks a market that an account has had a position in
   */
  setModel(model: PortfolioModel): void {
    for (const market of this.held)
      if (!model.indexOf.has(market))
        throw new InvalidInputError('market', `has no margin parameters: ${market}`);
    this.model = model;
    const { n, scenarios, shocks, covariance, evarMultiple } = model;
    this.marks = new Float64Array(n).fill(NaN);
    this.indices = new Float64Array(n);
    this.losses = new Float64Array(scenarios.length);
    this.widest = Float64Array.from({ length: n }, (_, i) => {
      let most = evarMultiple * Math.sqrt(Math.max(covariance[i * n + i], 0));
      for (let k = 0; k < scenarios.length; k++)
        most = Math.max(most, Math.abs(shocks[i * scenarios.length + k]));
      return most;
    });
    this.names.forEach((market, code) => {
      const index = model.indexOf.get(market) ?? -1;
      this.modelled[code] = index;
      if (index < 0) return;
      this.marks[index] = this.lastMarks[code];
      this.indices[index] = this.lastIndices[code];
    });
  }

  get accounts(): number {
    return this.columns.count;
  }

  /** Replaces an account's state. @throws {InvalidInputError} for a market without parameters */
  set(account: string, cash: number, positions: readonly IndexedPosition[]): void {
    for (const { market } of positions)
      if (!this.model.indexOf.has(market))
        throw new InvalidInputError('market', `has no margin parameters: ${market}`);
    for (const { market } of positions) this.held.add(market);
    this.columns.set(account, cash, positions);
  }

  /** @throws {InvalidInputError} for a price that is not one */
  setMark(market: string, price: number): void {
    requirePrice(market, price);
    const code = this.columns.marketOf(market);
    this.lastMarks[code] = price;
    if (this.modelled[code] >= 0) this.marks[this.modelled[code]] = price;
  }

  /** @param fundingIndex cumulative, money per unit of size */
  setFundingIndex(market: string, fundingIndex: number): void {
    const code = this.columns.marketOf(market);
    this.lastIndices[code] = fundingIndex;
    if (this.modelled[code] >= 0) this.indices[this.modelled[code]] = fundingIndex;
  }

  /** As `MarginBook.underMargined`, by portfolio margin. */
  underMargined(): UnderMargined[] {
    const { model, marks, indices, widest, modelled } = this;
    const { closingRate, concentrationRate, markets } = model;
    const { base, start, length, sizes, codes, names, count } = this.columns;
    const found: UnderMargined[] = [];
    for (let account = 0; account < count; account++) {
      const first = start[account];
      const end = first + length[account];
      let equity = base[account];
      let reach = 0;
      let fixed = 0;
      for (let slot = first; slot < end; slot++) {
        const market = modelled[codes[slot] >> 1];
        const notional = sizes[slot] * marks[market];
        const gross = Math.abs(notional);
        equity += notional - sizes[slot] * indices[market];
        reach += widest[market] * gross;
        fixed += closingRate[market] * notional * notional + tieredMargin(gross, markets[market].maintenance);
      }
      const bound = 0.5 * reach;
      // A market without a mark makes everything NaN, and no comparison with NaN holds.
      if (equity >= (fixed + bound + concentrationRate * bound * bound) * CERTAIN || end === first) continue;
      const risk = 0.5 * this.worstLoss(first, end);
      const maintenanceMargin = risk + concentrationRate * risk * risk + fixed;
      if (equity < maintenanceMargin) found.push({ account: names[account], equity, maintenanceMargin });
    }
    return found.sort(byNeed);
  }

  private worstLoss(first: number, end: number): number {
    const { model, marks, modelled, losses } = this;
    const { sizes, codes } = this.columns;
    const { n, covariance, shocks, evarMultiple } = model;
    const K = losses.length;
    losses.fill(0);
    let variance = 0;
    for (let slot = first; slot < end; slot++) {
      const market = modelled[codes[slot] >> 1];
      const notional = sizes[slot] * marks[market];
      for (let k = 0, row = market * K; k < K; k++) losses[k] -= shocks[row + k] * notional;
      if (evarMultiple === 0) continue;
      variance += notional * notional * covariance[market * n + market];
      for (let other = first; other < slot; other++) {
        const beside = modelled[codes[other] >> 1];
        variance += 2 * notional * sizes[other] * marks[beside] * covariance[market * n + beside];
      }
    }
    let worst = evarMultiple * Math.sqrt(Math.max(variance, 0));
    for (let k = 0; k < K; k++) if (losses[k] > worst) worst = losses[k];
    return worst;
  }
}
