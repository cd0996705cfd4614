// Long because sums, passes and checks share arrays that only this class may write.
import { InvalidInputError } from '#lib/errors';
import { AccountColumns, grown, type IndexedPosition } from '../account-columns.js';
import { requirePrice } from '../margin-book.js';
import type { PortfolioModel } from '../portfolio/parameters.js';
import type { SignedNotional } from '../portfolio/portfolio-margin.js';
import { widestShock } from '../portfolio/widest-moves.js';
import { ExposureDrift } from './exposure-drift.js';
import { ChargeColumns, type ChargeTerms, movedCharges, NO_CHARGE, type Valuation } from './moved-charges.js';
import type { Marks, MarksOfPass, PassMarks, PassState } from './pass-marks.js';

/** Shares of the pool's capital that defaults may cost. */
export interface CreditCaps {
  /** K = P + L, money */
  readonly capital: number;
  /** δ, of one account; null: no cap */
  readonly account: number | null;
  /** β, of all accounts together in one scenario; null: no cap */
  readonly pool: number | null;
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

/** An account at the marks of now. */
export interface AccountAtMarks {
  /** E, money */
  readonly equity: number;
  readonly positions: readonly SignedNotional[];
}

/**
 * Deficits are counted in steps of this, up, money: sums below 8·10⁹ are exact, so that C_k does not depend on the order in which
 * accounts have come.
 */
const QUANTUM = 2 ** -20;
/** An account's largest loss, by its widest moves: twice, with room for rounding. */
const ROOM = 2.000001;
/** Accounts are passed over by the hash of their names: which marks an account is counted at is known without a list. */
const BUCKETS = 4096;

const NO_MARKS: readonly PassMarks[] = [];

const quantised = (deficit: number) => (deficit > 0 ? Math.ceil(deficit / QUANTUM) * QUANTUM : 0);

/**
 * The pool's loss in each scenario, C_k = Σ_a (−E_a − r_k·x_a)⁺ over r_k and 2·r_k. Splitting an account
 * cannot lower it: Σ(−E_a)⁺ ≥ (−ΣE_a)⁺. A command replaces one account's terms. When marks have moved, {@link begin} starts a pass
 * that counts the accounts anew, some with each {@link sweep}: no command waits for all.
 *
 * Most commands are far from every cap and do not need exact sums. So the sums stay those at the marks of an earlier pass, with a bound of
 * their drift since ({@link ExposureDrift}); where the bound does not decide, all accounts are counted, once a pass.
 */
export class CreditExposure {
  private readonly columns: AccountColumns;
  /** by the market's number in the columns: in the model, and the marks of both passes and the next */
  private readonly modelled: number[] = [];
  private readonly names: string[] = [];
  /** markets with accounts that came before a mark */
  private readonly unmarked = new Set<number>();
  private readonly next: Marks = { at: 0, marks: [], indices: [] };
  private now: Marks = { at: 0, marks: [], indices: [] };
  private before: Marks = { at: 0, marks: [], indices: [] };
  /** marks that all accounts are summed at; undefined: each is summed at those of the pass that it is counted in */
  private reference: Marks | undefined = this.now;
  private readonly drift = new ExposureDrift();
  private swept = BUCKETS;
  /** marks of the passes as they were listed last; undefined where one has changed since */
  private listed: MarksOfPass | undefined;
  private readonly buckets: number[][] = Array.from({ length: BUCKETS }, () => []);
  private readonly bucketOf: number[] = [];
  private readonly known = new Map<string, number>();
  /** by account: 1 where it has no deficit in any scenario at the marks it is counted at */
  private bearing = new Uint8Array(1024);
  private readonly charges: ChargeColumns;
  private readonly seen = new SeenMarkets();
  /** of each market of the model, over all scenarios */
  private readonly widest: Float64Array;
  private readonly losses: Float64Array;
  private readonly stored: Float64Array;
  private readonly was: Float64Array;
  private readonly raised: Float64Array;
  private readonly will: Float64Array;
  /** C_k at the marks that accounts are summed at: of r_k at k, of 2·r_k at K + k */
  private readonly sums: Float64Array;

  /** @param units in a unit of money, in which charges are given */
  constructor(
    private readonly model: PortfolioModel,
    units = 1,
  ) {
    const K = model.scenarios.length;
    this.charges = new ChargeColumns(units);
    this.columns = new AccountColumns((market) => {
      const index = model.indexOf.get(market);
      if (index === undefined) throw new InvalidInputError('market', `has no margin parameters: ${market}`);
      this.modelled.push(index);
      this.names.push(market);
      for (const { marks, indices } of new Set([this.next, ...this.counted])) {
        marks.push(NaN);
        indices.push(0);
      }
      this.drift.addMarket();
      this.listed = undefined;
    });
    this.widest = Float64Array.from({ length: model.n }, (_, i) => widestShock(model, i));
    this.losses = new Float64Array(K);
    this.sums = new Float64Array(2 * K);
    this.stored = new Float64Array(2 * K);
    this.was = new Float64Array(2 * K);
    this.raised = new Float64Array(2 * K);
    this.will = new Float64Array(2 * K);
  }

  get accounts(): number {
    return this.columns.count;
  }

  /** Marks that accounts are counted at; some may be the same object. */
  private get counted(): readonly Marks[] {
    return [this.now, this.before, this.reference ?? this.now];
  }

  /** C_k, every account counted at the marks of its pass: of r_k at k, of 2·r_k at K + k. */
  get totals(): Float64Array {
    if (this.reference !== undefined) this.countAll();
    return this.sums;
  }

  /** Whether every account is counted at the marks of the last pass. */
  get complete(): boolean {
    return this.swept === BUCKETS;
  }

  /**
   * A mark for the next pass; of a market that has had none, for this one too.
   *
   * @throws {InvalidInputError} for a price that is not one and a market without parameters
   */
  setMark(market: string, price: number): void {
    requirePrice(market, price);
    const code = this.columns.marketOf(market);
    this.next.marks[code] = price;
    // Who was there before the first mark is counted with the next pass.
    if (!Number.isNaN(this.now.marks[code]) || this.unmarked.has(code)) return;
    this.listed = undefined;
    for (const pass of this.counted) {
      pass.marks[code] = price;
      pass.indices[code] = this.next.indices[code];
    }
  }

  /** Whether accounts in a market are counted at a mark in this pass. */
  isMarked(market: string): boolean {
    return !Number.isNaN(this.now.marks[this.columns.marketOf(market)]);
  }

  /** @param fundingIndex cumulative, money per unit of size; for the next pass */
  setFundingIndex(market: string, fundingIndex: number): void {
    this.next.indices[this.columns.marketOf(market)] = fundingIndex;
  }

  /**
   * A market is in another unit from now on: its accounts are counted at this mark in every pass, and all are summed anew. O(accounts).
   *
   * @param fundingIndex cumulative, money per unit of size
   * @throws {InvalidInputError} for a price that is not one and a market without parameters
   */
  rescaled(market: string, price: number, fundingIndex: number): void {
    requirePrice(market, price);
    this.markEverywhere(market, price, fundingIndex);
    this.countAll();
  }

  /** A market has ended, and with it all positions in it: should it begin again, its first mark is another one. */
  forgetMark(market: string): void {
    this.markEverywhere(market, NaN, 0);
    this.drift.forget(this.columns.marketOf(market));
  }

  private markEverywhere(market: string, price: number, fundingIndex: number): void {
    this.listed = undefined;
    const code = this.columns.marketOf(market);
    for (const { marks, indices } of new Set([this.next, ...this.counted])) {
      marks[code] = price;
      indices[code] = fundingIndex;
    }
    this.unmarked.delete(code);
  }

  /** Replaces an account's state and its terms, at the marks of the pass it is counted in, where it owes its charge up to then. */
  set(account: string, cash: number, positions: readonly IndexedPosition[], charge = NO_CHARGE): void {
    for (const { market } of positions) {
      const code = this.columns.marketOf(market);
      if (Number.isNaN(this.now.marks[code])) this.unmarked.add(code);
    }
    const at = this.known.get(account);
    if (at !== undefined) {
      this.count(at, -1);
      this.drift.addSizes(this.columns, at, -1);
      this.drift.addRate(-this.charges.rates[at]);
    }
    const added = this.columns.set(account, cash, positions);
    this.charges.set(added, charge);
    this.drift.addSizes(this.columns, added, 1);
    this.drift.addRate(charge.rate);
    if (at !== undefined) {
      this.count(at, 1);
      return;
    }
    const bucket = hashOf(account) % BUCKETS;
    this.known.set(account, added);
    this.bucketOf.push(bucket);
    this.place(added, this.buckets[bucket]);
    this.count(added, 1);
  }

  /** {@link set} of an account whose positions are as they were. @throws {InvalidInputError} for one that was never set */
  setCash(account: string, cash: number, charge = NO_CHARGE): void {
    const at = this.known.get(account);
    if (at === undefined) throw new InvalidInputError('account', `is not counted: ${account}`);
    this.count(at, -1);
    this.drift.addRate(charge.rate - this.charges.rates[at]);
    this.columns.setCash(account, cash);
    this.charges.set(at, charge);
    this.count(at, 1);
  }

  /** Into a bucket by name: a pass comes to its accounts in the same order whichever was there first. */
  private place(account: number, bucket: number[]): void {
    const { names } = this.columns;
    let place = bucket.length;
    while (place > 0 && names[bucket[place - 1]] > names[account]) place--;
    bucket.splice(place, 0, account);
  }

  /**
   * Starts a pass at the marks that were set. One that has not ended is ended first.
   *
   * @param at market time, milliseconds: up to which accounts owe their charges
   */
  begin(at = 0): void {
    this.sweep(Infinity);
    // All are counted at the marks of the pass that ends.
    this.reference ??= this.now;
    this.before = this.now;
    this.now = { at, marks: [...this.next.marks], indices: [...this.next.indices] };
    this.swept = 0;
    this.listed = undefined;
    this.unmarked.clear();
  }

  /**
   * Goes on with the pass.
   *
   * @param most accounts, about
   * @returns the numbers of the accounts that were counted anew
   */
  sweep(most: number): number[] {
    const counted: number[] = [];
    const { buckets } = this;
    const { length } = this.columns;
    const anew = this.reference === undefined && !this.complete && most > this.columns.count;
    const summed = this.reference === undefined && !anew;
    while (this.swept < BUCKETS && counted.length < most) {
      const accounts = buckets[this.swept];
      if (summed) for (const account of accounts) this.count(account, -1);
      this.swept++;
      for (let i = 0; i < accounts.length; i++) {
        const account = accounts[i];
        if (summed) this.count(account, 1);
        // Who has no position any more is not there after a restart: a pass goes equally far with it and without.
        if (length[account] > 0) counted.push(account);
      }
    }
    // Summing all anew gives the same sums, to the bit: deficits are whole steps.
    if (anew) this.countAll();
    return counted;
  }

  nameOf(account: number): string {
    return this.columns.names[account];
  }

  numberOf(account: string): number | undefined {
    return this.known.get(account);
  }

  /**
   * Marks of now, whatever the pass goes by, in the markets of some accounts, to see these by with {@link movedCharges}. In the arrays of the
   * one before, which holds no longer.
   */
  valuation(
    accounts: readonly number[],
    quoteOf: (market: string) => { readonly mark: number; readonly fundingIndex: number },
    { indexOf, covariance, n }: Pick<PortfolioModel, 'indexOf' | 'covariance' | 'n'>,
  ): Valuation {
    const { names, seen } = this;
    const { start, length, codes } = this.columns;
    if (seen.known.length < names.length) seen.grow(names.length);
    const { marks, indices, row, known } = seen;
    known.fill(0);
    let unknown = names.length;
    for (const account of accounts) {
      if (unknown === 0) break;
      for (let slot = start[account], end = slot + length[account]; slot < end; slot++) {
        const code = codes[slot] >> 1;
        if (known[code] === 1) continue;
        known[code] = 1;
        unknown--;
        const { mark, fundingIndex } = quoteOf(names[code]);
        marks[code] = mark;
        indices[code] = fundingIndex;
        row[code] = indexOf.get(names[code]) ?? -1;
      }
    }
    return { marks, indices, row, covariance, n };
  }

  /** The accounts whose charge may have moved: {@link movedCharges}. */
  movedCharges(accounts: readonly number[], valuation: Valuation, terms: ChargeTerms): number[] {
    return movedCharges(this.columns, this.charges, accounts, valuation, terms);
  }

  /** Counts all accounts at the marks that were set. @param at as in {@link begin} */
  remark(at = 0): void {
    this.begin(at);
    this.sweep(Infinity);
  }

  /** How far the pass is, and its marks: the lists of the call before where these have not changed. */
  passState(): PassState {
    const { complete } = this;
    this.listed ??= { now: this.list(this.now), before: complete ? NO_MARKS : this.list(this.before) };
    if (complete && this.listed.before !== NO_MARKS) this.listed = { ...this.listed, before: NO_MARKS };
    const { now, before } = this.listed;
    return { swept: this.swept, at: [this.now.at, complete ? 0 : this.before.at], now, before };
  }

  private list({ marks, indices }: Marks): PassMarks[] {
    return this.names
      .map((market, code) => ({ market, mark: marks[code], fundingIndex: indices[code] }))
      .filter(({ mark }) => !Number.isNaN(mark));
  }

  /** Takes up a pass before any account is entered. */
  restorePass({ swept, at, now, before }: PassState): void {
    [this.now.at, this.before.at] = at;
    for (const [pass, marks] of [
      [this.now, now],
      [this.before, before.length > 0 ? before : now],
      [this.next, now],
    ] as const)
      for (const { market, mark, fundingIndex } of marks) {
        if (!this.model.indexOf.has(market)) continue;
        const code = this.columns.marketOf(market);
        pass.marks[code] = mark;
        pass.indices[code] = fundingIndex;
      }
    this.swept = swept;
    this.listed = undefined;
  }

  /** {@link checkAll} of one account. */
  check(
    account: string,
    before: AccountAtMarks,
    after: AccountAtMarks,
    caps: CreditCaps,
  ): CreditBreach | undefined {
    return this.checkAll([{ account, before, after }], caps);
  }

  /**
   * Whether an account has more than it can lose in any scenario: then it breaches no cap, whatever it was.
   *
   * @throws {InvalidInputError} for a market without parameters
   */
  bears({ equity, positions }: AccountAtMarks): boolean {
    let reach = 0;
    for (const { market, notional } of positions)
      reach += this.widest[this.indexIn(market)] * Math.abs(notional);
    return equity >= ROOM * reach;
  }

  /**
   * Whether accounts may come to a state together: refused where that raises the worst deficit of one above δK, or any C_k that is
   * then above βK. Undefined: they may. A state that lowers the exposure is never refused.
   *
   * @returns with the account, of several the last one
   * @throws {InvalidInputError} for a market without parameters
   */
  checkAll(
    changes: readonly {
      readonly account: string;
      readonly before: AccountAtMarks;
      readonly after: AccountAtMarks;
    }[],
    { capital, account: delta, pool: beta }: CreditCaps,
  ): (CreditBreach & { readonly account: string }) | undefined {
    const { was, will, raised, model } = this;
    const K = model.scenarios.length;
    if (K === 0 || changes.every(({ after }) => this.bears(after))) return undefined;
    const worst = (terms: Float64Array) => {
      let most = 0;
      for (let k = 1; k < terms.length; k++) if (terms[k] > terms[most]) most = k;
      return most;
    };
    const breach = (
      account: string,
      cap: CreditBreach['cap'],
      k: number,
      deficit: number,
      limit: number,
    ) => ({
      ...{ account, cap, deficit, limit },
      scenario: model.scenarios[k % K].name,
      times: k < K ? (1 as const) : (2 as const),
    });
    raised.fill(0);
    for (const { account, before, after } of changes) {
      this.deficits(before, was);
      this.deficits(after, will);
      const own = worst(will);
      if (delta !== null && will[own] > delta * capital && will[own] > was[worst(was)])
        return breach(account, 'account', own, will[own], delta * capital);
      for (let k = 0; k < 2 * K; k++) raised[k] += will[k] - was[k];
    }
    if (beta === null || raised.every((deficit) => !(deficit > 0))) return undefined;
    const limit = beta * capital;
    if (this.reference !== undefined) {
      const drift = this.drifted();
      if (this.pastLimit(changes, limit, drift) === undefined) return undefined;
      this.countAll();
    }
    const past = this.pastLimit(changes, limit, 0);
    return past && breach(changes.at(-1)!.account, 'pool', past.k, past.total, limit);
  }

  /**
   * The first scenario whose deficits the changes raise past a limit, by the marks that accounts are summed at.
   *
   * @param drift how far any sum may have risen since, money; where that does not decide, the scenario's own bound may
   */
  private pastLimit(
    changes: readonly { readonly account: string; readonly after: AccountAtMarks }[],
    limit: number,
    drift: number,
  ): { readonly k: number; readonly total: number } | undefined {
    const { will, stored, raised, sums } = this;
    stored.fill(0);
    for (const { account, after } of changes) {
      const at = this.known.get(account);
      if (at !== undefined) this.addTerms(at, stored, -1);
      this.deficits(after, will);
      for (let k = 0; k < stored.length; k++) stored[k] += will[k];
    }
    for (let k = 0; k < stored.length; k++) {
      if (!(raised[k] > 0)) continue;
      const total = sums[k] + stored[k];
      // A bound that is not a number decides nothing.
      if (total + drift <= limit || (drift !== 0 && total + this.driftedIn(k) <= limit)) continue;
      return { k, total };
    }
    return undefined;
  }

  /** How far C_k may have risen since the reference, money. */
  private driftedIn(k: number): number {
    const { reference, now, before, modelled, columns, model } = this;
    const K = model.scenarios.length;
    const [scenario, times] = [k % K, k < K ? 1 : 2];
    const of = { units: this.charges.units, steps: 4 * QUANTUM * columns.count };
    const after = (code: number) => 1 + times * model.shocks[modelled[code] * K + scenario];
    const rise = this.drift.rise(reference!, now, after, of);
    return this.complete ? rise : rise + this.drift.rise(reference!, before, after, of);
  }

  /** How far any C_k may be from the one at the reference, money. */
  private drifted(): number {
    const { reference, now, before, widest, modelled, columns } = this;
    const of = { units: this.charges.units, steps: 4 * QUANTUM * columns.count };
    const reach = (code: number) => widest[modelled[code]];
    const drift = this.drift.between(reference!, now, reach, of);
    // Accounts that this pass has not reached are at the marks of the pass before.
    return this.complete ? drift : drift + this.drift.between(reference!, before, reach, of);
  }

  /** Sums every account at the marks of its pass. */
  private countAll(): void {
    this.reference = undefined;
    this.sums.fill(0);
    for (let account = 0; account < this.columns.count; account++) this.count(account, 1);
  }

  /** An account's deficit in each scenario at the marks of now. */
  private deficits({ equity, positions }: AccountAtMarks, into: Float64Array): void {
    const { losses, model } = this;
    const K = losses.length;
    losses.fill(0);
    for (const { market, notional } of positions) {
      const index = this.indexIn(market);
      const row = index * K;
      for (const k of model.joint) losses[k] -= model.shocks[row + k] * notional;
      for (const k of model.alone[index]) losses[k] -= model.shocks[row + k] * notional;
    }
    for (let k = 0; k < K; k++) {
      into[k] = quantised(losses[k] - equity);
      into[K + k] = quantised(2 * losses[k] - equity);
    }
  }

  private indexIn(market: string): number {
    const index = this.model.indexOf.get(market);
    if (index === undefined) throw new InvalidInputError('market', `has no margin parameters: ${market}`);
    return index;
  }

  /** Counts an account in, or out as it was counted in. */
  private count(account: number, sign: 1 | -1): void {
    if (sign === -1) {
      if (this.bearing[account] === 0) this.addTerms(account, this.sums, -1);
      return;
    }
    if (account >= this.bearing.length) this.bearing = grown(this.bearing, account);
    this.bearing[account] = this.addTerms(account, this.sums, 1) ? 0 : 1;
  }

  /**
   * Adds a stored account's deficits at the marks that it is summed at; nothing for one in a market without a mark.
   *
   * @returns whether it may have any
   */
  private addTerms(account: number, into: Float64Array, sign: 1 | -1): boolean {
    const { modelled, losses, widest } = this;
    const { at, marks, indices } =
      this.reference ?? (this.bucketOf[account] < this.swept ? this.now : this.before);
    const { base, start, length, sizes, codes } = this.columns;
    const { shocks, joint, alone } = this.model;
    const first = start[account];
    const end = first + length[account];
    const K = losses.length;
    let equity = base[account] - this.charges.debtOf(account, at);
    let reach = 0;
    for (let slot = first; slot < end; slot++) {
      const code = codes[slot] >> 1;
      const notional = sizes[slot] * marks[code];
      equity += notional - sizes[slot] * indices[code];
      reach += widest[modelled[code]] * Math.abs(notional);
    }
    // Most accounts have more than they can lose; a bound with room for its rounding says so at once.
    if (equity >= ROOM * reach || Number.isNaN(equity)) return false;
    losses.fill(0);
    for (let slot = first; slot < end; slot++) {
      const code = codes[slot] >> 1;
      const market = modelled[code];
      const notional = sizes[slot] * marks[code];
      const row = market * K;
      for (let i = 0; i < joint.length; i++) losses[joint[i]] -= shocks[row + joint[i]] * notional;
      const own = alone[market];
      for (let i = 0; i < own.length; i++) losses[own[i]] -= shocks[row + own[i]] * notional;
    }
    const add = (k: number) => {
      if (losses[k] > equity) into[k] += sign * quantised(losses[k] - equity);
      if (2 * losses[k] > equity) into[K + k] += sign * quantised(2 * losses[k] - equity);
    };
    if (equity < 0) for (let k = 0; k < K; k++) add(k);
    else {
      // Scenarios of markets where it has nothing cost it nothing.
      for (let i = 0; i < joint.length; i++) add(joint[i]);
      for (let slot = first; slot < end; slot++) {
        const own = alone[modelled[codes[slot] >> 1]];
        for (let i = 0; i < own.length; i++) add(own[i]);
      }
    }
    return true;
  }
}

/** Arrays of a {@link Valuation}, by the number of a market, and the markets that are in them. */
class SeenMarkets {
  marks = new Float64Array(0);
  indices = new Float64Array(0);
  row = new Int32Array(0);
  known = new Uint8Array(0);

  grow(markets: number): void {
    this.marks = new Float64Array(2 * markets);
    this.indices = new Float64Array(2 * markets);
    this.row = new Int32Array(2 * markets);
    this.known = new Uint8Array(2 * markets);
  }
}

/** FNV-1a of a name. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
