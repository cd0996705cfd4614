// Long because sums, scenarios and their changes share arrays that only this class may write.
import { InvalidInputError } from '#lib/errors';
import { AccountColumns, type IndexedPosition } from '../account-columns.js';
import { byNeed, requirePrice, type UnderMargined } from '../margin-book.js';
import type { PortfolioModel } from './parameters.js';
import { tieredMargin } from './tiers.js';
import { widestMoves } from './widest-moves.js';

/** Room for rounding where a bound lets an account be skipped. */
const CERTAIN = 1 + 1e-9;
/** Moves of all marks that an account is tried against, the largest first. */
const MOVES = [0.08, 0.04, 0.02, 0.01, 0.005, 0.002];
/** Marks that have moved further than this are measured from anew. */
const RENEWED_AFTER = 0.04;
/** Room of the bound for volatility that rises: a calmer forecast, or one a little wilder, keeps what is known of the accounts. */
const RISES = 1.15;

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
  /** u_i or more, and 1/(2bK) or more, by which accounts were found healthy */
  private widest = new Float64Array(0);
  private concentration = 0;
  /** of the scenarios that move several markets */
  private losses = new Float64Array(0);
  /** marks and indices that moves are measured from, and by account how far they may go; −1: it is looked at */
  private referenceMarks = new Float64Array(0);
  private referenceIndices = new Float64Array(0);
  private safe = new Float64Array(0);
  /** rises with each change of a mark, a funding index or the model */
  private version = 1;
  /** by account: the version at which it was judged healthy; 0 where it has changed since */
  private healthyAt = new Float64Array(0);

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
    const same = model.indexOf === this.model.indexOf && this.widest.length > 0;
    this.model = model;
    this.version++;
    if (same && this.bounded(model)) return;
    const { n } = model;
    this.marks = new Float64Array(n).fill(NaN);
    this.indices = new Float64Array(n);
    this.losses = new Float64Array(model.joint.length);
    this.widest = widestMoves(model, RISES);
    this.concentration = model.concentrationRate * RISES;
    this.names.forEach((market, code) => {
      const index = model.indexOf.get(market) ?? -1;
      this.modelled[code] = index;
      if (index < 0) return;
      this.marks[index] = this.lastMarks[code];
      this.indices[index] = this.lastIndices[code];
    });
    this.renewReference();
  }

  /** Whether no account that was found healthy can be below its margin by another covariance and another capital alone. */
  private bounded(model: PortfolioModel): boolean {
    const widest = widestMoves(model, 1);
    return model.concentrationRate <= this.concentration && widest.every((move, i) => move <= this.widest[i]);
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
    this.changed(this.columns.set(account, cash, positions));
  }

  /** Replaces the cash of an account whose positions are as they were. */
  setCash(account: string, cash: number): void {
    this.changed(this.columns.setCash(account, cash));
  }

  private changed(account: number): void {
    if (account >= this.safe.length) return;
    this.safe[account] = -1;
    this.healthyAt[account] = 0;
  }

  /** @throws {InvalidInputError} for a price that is not one */
  setMark(market: string, price: number): void {
    requirePrice(market, price);
    const code = this.columns.marketOf(market);
    if (this.lastMarks[code] !== price) this.version++;
    this.lastMarks[code] = price;
    if (this.modelled[code] >= 0) this.marks[this.modelled[code]] = price;
  }

  /** @param fundingIndex cumulative, money per unit of size */
  setFundingIndex(market: string, fundingIndex: number): void {
    const code = this.columns.marketOf(market);
    if (this.lastIndices[code] !== fundingIndex) this.version++;
    this.lastIndices[code] = fundingIndex;
    if (this.modelled[code] >= 0) this.indices[this.modelled[code]] = fundingIndex;
  }

  /**
   * As `MarginBook.underMargined`, by portfolio margin. An account that was found healthy is judged again only after a change,
   * and only once the marks of its own markets have moved so far that it could be below its margin: a tick in a calm market costs a
   * comparison an account.
   */
  underMargined(): UnderMargined[] {
    const { names, count } = this.columns;
    this.makeRoom(count);
    const { safe } = this;
    const moves = this.movesSinceReference();
    let most = 0;
    for (let code = 0; code < moves.length; code++) most = Math.max(most, moves[code]);
    const found: UnderMargined[] = [];
    for (let account = 0; account < count; account++) {
      if (most <= safe[account] || this.healthyAt[account] === this.version) continue;
      const from = this.largestMove(account, moves);
      if (from <= safe[account]) continue;
      const one = this.judge(account, from);
      if (one !== undefined) found.push({ account: names[account], ...one });
      else this.healthyAt[account] = this.version;
    }
    return found.sort(byNeed);
  }

  /** How far the marks of an account's markets are from the reference. */
  private largestMove(account: number, moves: Float64Array): number {
    const { start, length, codes } = this.columns;
    let most = 0;
    for (let slot = start[account], end = slot + length[account]; slot < end; slot++) {
      const move = moves[codes[slot] >> 1];
      if (move > most) most = move;
    }
    return most;
  }

  /** An account below its margin; of another one it is noted how far marks may move before it is looked at again. */
  private judge(
    account: number,
    moved: number,
  ): { readonly equity: number; readonly maintenanceMargin: number } | undefined {
    const { model, marks, indices, widest, concentration, modelled, safe } = this;
    const { closingRate, concentrationRate, markets } = model;
    const { base, start, length, sizes, codes } = this.columns;
    const first = start[account];
    const end = first + length[account];
    let equity = base[account];
    let reach = 0;
    let gross = 0;
    let fixed = 0;
    for (let slot = first; slot < end; slot++) {
      const market = modelled[codes[slot] >> 1];
      const notional = sizes[slot] * marks[market];
      const value = Math.abs(notional);
      equity += notional - sizes[slot] * indices[market];
      reach += widest[market] * value;
      gross += value;
      fixed += closingRate[market] * notional * notional + tieredMargin(value, markets[market].maintenance);
    }
    if (end === first) {
      safe[account] = Infinity;
      return undefined;
    }
    // A market without a mark makes everything NaN, and no comparison with NaN holds.
    const most = 0.5 * reach;
    if (!(equity >= (fixed + most + concentration * most * most) * CERTAIN)) {
      const risk = 0.5 * this.worstLoss(first, end);
      const maintenanceMargin = risk + concentrationRate * risk * risk + fixed;
      if (equity < maintenanceMargin) {
        safe[account] = -1;
        return { equity, maintenanceMargin };
      }
    }
    safe[account] = this.safeMove({ equity, reach, gross, fixed }, moved);
    return undefined;
  }

  /**
   * How far from the reference the marks of its markets may be with the account certainly healthy. With every mark within d of where it is now,
   * equity falls by d·Σ|x| at most, R is at most (1+d)·Σu|x|, the cost of closing grows by (1+d)² and the floor, whose rates are
   * at most 1, by d·Σ|x|.
   */
  private safeMove(
    { equity, reach, gross, fixed }: Record<'equity' | 'reach' | 'gross' | 'fixed', number>,
    moved: number,
  ): number {
    const { concentration } = this;
    for (const d of MOVES) {
      const risk = 0.5 * (1 + d) * reach;
      const margin = risk + concentration * risk * risk + fixed * (1 + d) ** 2 + d * gross;
      // Marks that are within `then` of the reference, as those of now are within `moved`, are within d of these.
      if (equity - d * gross >= margin * CERTAIN) return (d * (1 - moved) - moved) / (1 + d);
    }
    return -1;
  }

  /**
   * The relative move of each market's mark and funding since the reference, by the market's number. Where a market has moved far its
   * present mark becomes the reference, and the accounts in it are judged again.
   */
  private movesSinceReference(): Float64Array {
    const { modelled, marks, indices, referenceMarks, referenceIndices } = this;
    const moves = new Float64Array(modelled.length);
    let renewed: Uint8Array | undefined;
    for (let code = 0; code < moves.length; code++) {
      const index = modelled[code];
      if (index < 0) continue;
      const [mark, from] = [marks[index], referenceMarks[index]];
      if (Number.isNaN(mark) && Number.isNaN(from)) continue;
      const move = (Math.abs(mark - from) + Math.abs(indices[index] - referenceIndices[index])) / from;
      if (move <= RENEWED_AFTER) {
        moves[code] = move;
        continue;
      }
      referenceMarks[index] = mark;
      referenceIndices[index] = indices[index];
      renewed ??= new Uint8Array(moves.length);
      renewed[code] = 1;
    }
    if (renewed !== undefined) this.judgeAgain(renewed);
    return moves;
  }

  /** Accounts with a position in one of the markets are judged at the next look. */
  private judgeAgain(markets: Uint8Array): void {
    const { start, length, codes, count } = this.columns;
    for (let account = 0; account < count; account++)
      for (let slot = start[account], end = slot + length[account]; slot < end; slot++)
        if (markets[codes[slot] >> 1] === 1) this.safe[account] = -1;
  }

  /** The present marks become the reference, and every account is judged again. */
  private renewReference(): void {
    this.referenceMarks = this.marks.slice();
    this.referenceIndices = this.indices.slice();
    this.safe.fill(-1);
  }

  private makeRoom(count: number): void {
    if (this.safe.length >= count) return;
    const safe = new Float64Array(2 * count).fill(-1);
    safe.set(this.safe);
    this.safe = safe;
    const healthyAt = new Float64Array(2 * count);
    healthyAt.set(this.healthyAt);
    this.healthyAt = healthyAt;
  }

  /** R: scenarios of other markets cost nothing. */
  private worstLoss(first: number, end: number): number {
    const { model, marks, modelled, losses } = this;
    const { sizes, codes } = this.columns;
    const { n, covariance, shocks, joint, alone, evarMultiple } = model;
    const K = model.scenarios.length;
    losses.fill(0);
    let variance = 0;
    let most = 0;
    for (let slot = first; slot < end; slot++) {
      const market = modelled[codes[slot] >> 1];
      const notional = sizes[slot] * marks[market];
      const row = market * K;
      for (let j = 0; j < joint.length; j++) losses[j] -= shocks[row + joint[j]] * notional;
      // A scenario of this market alone loses this position's loss.
      const own = alone[market];
      for (let j = 0; j < own.length; j++) {
        const lost = -(shocks[row + own[j]] * notional);
        if (lost > most) most = lost;
      }
      if (evarMultiple === 0) continue;
      variance += notional * notional * covariance[market * n + market];
      for (let other = first; other < slot; other++) {
        const beside = modelled[codes[other] >> 1];
        variance += 2 * notional * sizes[other] * marks[beside] * covariance[market * n + beside];
      }
    }
    let worst = evarMultiple * Math.sqrt(Math.max(variance, 0));
    if (most > worst) worst = most;
    for (let j = 0; j < joint.length; j++) if (losses[j] > worst) worst = losses[j];
    return worst;
  }
}
