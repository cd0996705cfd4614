// Long because charges, exposures and their checks are views of one state, which only this class changes.
import { MONEY_DECIMALS, SIZE_DECIMALS, toNumber } from '#lib/amounts';
import {
  type AccountAtMarks,
  type AccountCharge,
  CreditExposure,
  type IndexedPosition,
  largestDeficits,
  NO_CHARGE,
  type PassState,
  type PortfolioModel,
  type ScenarioDeficit,
} from '#lib/margin';
import { INDEX_SCALE } from '../book/ledger-state.js';
import type { ExchangeLedger } from '../book/exchange-ledger.js';
import { CreditCapError } from '../errors.js';
import type { MarketBoard } from '../marks/market-board.js';
import type { RiskRules } from '../parameters/risk-rules.js';
import type { AccountStandings, HeldAtMarks } from './account-standing.js';
import { CHARGE_SHARE, DEBT_SHARE, MISSTATED_SHARE, SMALLEST_CHARGE_MOVE } from './charge-threshold.js';

/** Money per unit of size of a funding index: both smallest units are 10^−8. */
const INDEX_UNIT = Number(INDEX_SCALE);

const HOUR_MS = 3_600_000;
/** Money as the books count it: 10^−8. */
const UNITS = 10 ** MONEY_DECIMALS;

/** An account before and after a command. */
export interface AccountChange {
  readonly account: string;
  readonly before: HeldAtMarks;
  readonly after: HeldAtMarks;
}

/**
 * Cost of defaults to the pool, kept with the accounts: C_k, the caps on it, and the pass over the accounts that each bar
 * starts. Without caps nothing is kept.
 */
export class CreditBook {
  private exposure: CreditExposure | undefined;
  /** markets and scenarios that the exposure was made for */
  private markets = '';
  private rules: RiskRules | undefined;
  private model: PortfolioModel | undefined;
  private readonly quotes = new Map<
    string,
    { readonly exact: bigint; mark: number; readonly fundingIndex: number }
  >();

  constructor(
    private readonly ledger: ExchangeLedger,
    private readonly board: MarketBoard,
    private readonly accounts: AccountStandings,
    private readonly holds: () => { readonly rules: RiskRules; readonly capital: number },
    private restored?: PassState,
  ) {}

  /** How far the pass has come; undefined where no account is kept. */
  passState(): PassState | undefined {
    return this.exposure?.passState() ?? this.restored;
  }

  get complete(): boolean {
    return this.exposure?.complete ?? true;
  }

  /** An account has changed. */
  enter(account: string): void {
    this.exposure = this.current(marketsOf(this.ledger.positionsOf(account)));
    if (this.exposure !== undefined) this.put(this.exposure, account);
  }

  /** An account's cash or charge has changed: its positions are as they were. */
  cashChanged(account: string): void {
    const exposure = (this.exposure = this.current());
    if (exposure === undefined) return;
    if (exposure.numberOf(account) === undefined || !this.ledger.hasPositions(account)) {
      this.put(exposure, account);
      return;
    }
    const cash = toNumber(this.ledger.cashOf(account), MONEY_DECIMALS);
    exposure.setCash(account, cash, this.chargeOf(account));
  }

  /** A market was taken to another unit: its accounts are counted at its mark in that unit, not at one of the unit before. */
  rescaled(market: string, mark: number): void {
    const exposure = (this.exposure = this.current());
    if (exposure === undefined || this.model?.indexOf.has(market) !== true) return;
    exposure.rescaled(market, mark, Number(this.ledger.market(market).fundingIndex) / INDEX_UNIT);
  }

  /** A market has ended: listed anew it is counted at its new marks. */
  delisted(market: string): void {
    const exposure = (this.exposure = this.current());
    if (exposure === undefined || this.model?.indexOf.has(market) !== true) return;
    exposure.forgetMark(market);
  }

  /** A bar has ended: all accounts are to be counted at the marks of now. */
  begin(): void {
    const exposure = (this.exposure = this.current());
    // A pass that is not through goes on: the next bar starts another one.
    if (exposure?.complete !== true) return;
    this.mark(exposure);
    exposure.begin(this.board.now);
  }

  /** Goes on with the pass. @returns the numbers of the accounts that were counted anew, for {@link chargeable} */
  sweep(most: number): number[] {
    return this.exposure?.sweep(most) ?? [];
  }

  /** Numbers of accounts that are counted. */
  numbersOf(accounts: Iterable<string>): number[] {
    const numbers: number[] = [];
    for (const account of accounts) {
      const at = this.exposure?.numberOf(account);
      if (at !== undefined) numbers.push(at);
    }
    return numbers;
  }

  /** The accounts whose charge may have to be booked, by name, in the given order. */
  chargeable(accounts: readonly number[]): string[] {
    const { exposure } = this;
    if (accounts.length === 0 || exposure === undefined) return [];
    const { credit, margin } = this.holds().rules.parameters;
    const valuation = exposure.valuation(accounts, this.quoteOf, this.accounts.model([]).stress);
    const moved = exposure.movedCharges(accounts, valuation, {
      perUnit: (credit.loading * UNITS) / (margin.horizonMs / HOUR_MS),
      at: this.board.now,
      smallest: SMALLEST_CHARGE_MOVE,
      share: CHARGE_SHARE,
      misstated: MISSTATED_SHARE,
      debt: DEBT_SHARE,
    });
    return moved.map((account) => exposure.nameOf(account));
  }

  /** A market's mark and funding index in floats; an index is converted once for each value that it has. */
  private readonly quoteOf = (market: string): { readonly mark: number; readonly fundingIndex: number } => {
    const { fundingIndex: exact } = this.ledger.market(market);
    const mark = this.board.mark(market)?.value ?? NaN;
    let quote = this.quotes.get(market);
    if (quote?.exact !== exact) {
      quote = { exact, mark, fundingIndex: Number(exact) / INDEX_UNIT };
      this.quotes.set(market, quote);
    }
    quote.mark = mark;
    return quote;
  };

  /**
   * @param before the account as it is; looked at only where the account could lose more than it has
   * @param after as a command would make it
   * @throws {CreditCapError} where that raises the account's worst deficit above δK, or the deficits of all in a scenario above βK
   */
  requireCaps(account: string, before: () => HeldAtMarks, after: HeldAtMarks): void {
    const exposure = (this.exposure = this.current(after.positions));
    if (exposure === undefined || exposure.bears(atMarks(after))) return;
    this.requireCapsOfAll([{ account, before: before(), after }]);
  }

  /** The same of a command that changes several accounts at once. @throws {CreditCapError} */
  requireCapsOfAll(changes: readonly AccountChange[]): void {
    const exposure = (this.exposure = this.current(changes.flatMap(({ after }) => after.positions)));
    if (exposure === undefined) return;
    const { rules, capital } = this.holds();
    const { accountShare, poolShare } = rules.parameters.credit;
    const caps = { capital, account: accountShare, pool: poolShare };
    const breach = exposure.checkAll(
      changes.map(({ account, before, after }) => ({
        ...{ account, before: atMarks(before), after: atMarks(after) },
      })),
      caps,
    );
    if (breach !== undefined) throw new CreditCapError(breach.account, breach);
  }

  /** The largest C_k of the caps, the largest first: counted at the marks of a pass, those of a stress report at the present ones. */
  worst(most: number): ScenarioDeficit[] {
    const exposure = (this.exposure = this.current());
    return exposure === undefined
      ? []
      : largestDeficits(exposure.totals, this.accounts.model([]).stress, most);
  }

  /**
   * The exposure under the scenarios that hold; made anew, of all accounts, where markets or parameters are others. The pass goes on
   * where it was: how often it was made anew does not show.
   *
   * @param positions markets it must have
   */
  private current(positions: readonly { readonly market: string }[] = []): CreditExposure | undefined {
    const { rules } = this.holds();
    const { accountShare, poolShare } = rules.parameters.credit;
    if (accountShare === null && poolShare === null) return undefined;
    const { stress } = this.accounts.model(positions);
    if (this.exposure !== undefined && this.model === stress) return this.exposure;
    const same = this.exposure !== undefined && this.rules === rules;
    if (
      same &&
      (this.model?.indexOf === stress.indexOf || this.markets === [...stress.indexOf.keys()].join())
    ) {
      this.model = stress;
      return this.exposure;
    }
    const { value } = this.making(positions, Infinity).next();
    return value as CreditExposure;
  }

  /**
   * Counts all accounts as a start does, some at a time: the first command then does not wait for it. Books and marks must not change
   * meanwhile.
   *
   * @param most accounts at a time
   */
  *prepare(most: number): Generator<void> {
    const { accountShare, poolShare } = this.holds().rules.parameters.credit;
    if (this.exposure !== undefined || (accountShare === null && poolShare === null)) return;
    const made = yield* this.making([], most);
    this.exposure ??= made;
  }

  private *making(
    positions: readonly { readonly market: string }[],
    most: number,
  ): Generator<void, CreditExposure> {
    const { rules } = this.holds();
    let since = 0;
    for (const name of this.ledger.openAccounts()) {
      this.accounts.model(marketsOf(this.ledger.positionsOf(name)));
      if (++since % most === 0) yield;
    }
    const pass = this.passState();
    const { stress: model } = this.accounts.model(positions);
    this.model = model;
    const exposure = new CreditExposure(model, UNITS);
    if (pass !== undefined) exposure.restorePass(pass);
    this.mark(exposure);
    for (const name of this.ledger.openAccounts()) {
      this.put(exposure, name);
      if (++since % most === 0) yield;
    }
    this.restored = undefined;
    this.rules = rules;
    this.markets = [...model.indexOf.keys()].join();
    return exposure;
  }

  private put(exposure: CreditExposure, account: string): void {
    const positions: IndexedPosition[] = [];
    for (const [market, { size, entryNotional, fundingIndex }] of this.ledger.positionsOf(account)) {
      // The marks of the next pass come when it begins.
      if (!exposure.isMarked(market)) this.markOne(exposure, market);
      positions.push({
        market,
        size: toNumber(size, SIZE_DECIMALS),
        entryNotional: toNumber(entryNotional, MONEY_DECIMALS),
        fundingIndex: Number(fundingIndex) / INDEX_UNIT,
      });
    }
    // Without positions there is no default to come, and after a restart no account: its cash counts for nothing.
    const cash = positions.length === 0 ? 0n : this.ledger.cashOf(account);
    exposure.set(account, toNumber(cash, MONEY_DECIMALS), positions, this.chargeOf(account));
  }

  private chargeOf(account: string): AccountCharge {
    const charged = this.ledger.creditRateOf(account);
    return charged === undefined ? NO_CHARGE : { rate: Number(charged.rate), since: charged.since };
  }

  private mark(exposure: CreditExposure): void {
    for (const market of this.ledger.marketNames()) this.markOne(exposure, market);
  }

  private markOne(exposure: CreditExposure, market: string): void {
    const mark = this.board.mark(market);
    if (mark === undefined || this.model?.indexOf.has(market) !== true) return;
    exposure.setFundingIndex(market, Number(this.ledger.market(market).fundingIndex) / INDEX_UNIT);
    exposure.setMark(market, mark.value);
  }
}

function atMarks({ equity, positions }: HeldAtMarks): AccountAtMarks {
  return {
    equity,
    positions: positions.map(({ market, size, mark }) => ({ market, notional: size * mark })),
  };
}

function marketsOf(positions: Iterable<readonly [market: string, position: unknown]>): { market: string }[] {
  const markets: { market: string }[] = [];
  for (const [market] of positions) markets.push({ market });
  return markets;
}
