// Long because margins, pool and cases are views of one state, which only this class changes.
import type { AccountStatePayload, CovariancePayload, PoolStatePayload } from '#lib/messages';
import { MONEY_DECIMALS, parseDecimal, SIZE_DECIMALS, toNumber } from '#lib/amounts';
import type { LiquidationCase } from '#lib/liquidation';
import {
  bothMargins,
  type IndexedPosition,
  largestPenalty,
  MarginBook,
  penaltyRate as offeredPenalty,
  PortfolioBook,
  type UnderMargined,
} from '#lib/margin';
import {
  type ConfirmedMark,
  type MarginModel,
  MarginModels,
  MarketBoard,
  type MarketBoardState,
  type MarketOrder,
  type ObservedPrice,
  type RiskRules,
} from '#lib/exchange';
import { covarianceEntry, type Exposure } from '#lib/risk';
import { type AccountPosition, caseMargin } from './case-margin.js';
import { type LiquidatingParameters, liquidatingParameters } from './parameters.js';
import { poolExposure } from './pool-exposure.js';

/** The ledger's funding indices are money·10^18 per smallest unit of size, and both units are 10^−8. */
const INDEX_SCALE = 1e18;
const fundingIndexOf = (index: string) => Number(BigInt(index)) / INDEX_SCALE;
const moneyOf = (text: string) => toNumber(parseDecimal(text, MONEY_DECIMALS, 'money'), MONEY_DECIMALS);
const sizeOf = (text: string) => toNumber(parseDecimal(text, SIZE_DECIMALS, 'size'), SIZE_DECIMALS);

/** The liquidator's view: marks, forecast, the pool, every margin account. Marks all accounts in one pass. */
export class MarginWatch {
  readonly board: MarketBoard;
  /** by the mode of the margin */
  private book: MarginBook | PortfolioBook;
  private readonly models: MarginModels;
  /** markets that accounts have had positions in */
  private readonly held = new Map<string, { readonly market: string }>();
  private readonly states = new Map<string, AccountStatePayload>();
  private pool: PoolStatePayload | undefined;
  private exposure: Exposure | null | undefined;
  /** K, money */
  private capital = 0;

  /** @param state its board may be one that somebody else keeps, and tells of with {@link marked} and {@link forecastSet} */
  constructor(
    private parameters: LiquidatingParameters,
    state?: {
      board: MarketBoardState | MarketBoard;
      forecast?: CovariancePayload;
      pool?: PoolStatePayload;
    },
    accounts: Iterable<AccountStatePayload> = [],
  ) {
    this.board =
      state?.board instanceof MarketBoard
        ? state.board
        : new MarketBoard(parameters.marks, state?.board, state?.forecast);
    this.models = new MarginModels(this.board);
    if (state?.pool) {
      this.pool = state.pool;
      this.capital = state.pool.marginCapital;
    }
    this.book = this.emptyBook();
    for (const market of this.board.knownMarkets()) this.book.setMark(market, this.board.mark(market)!.value);
    if (state?.pool) this.setPool(state.pool);
    for (const account of accounts) this.setAccount(account);
  }

  get accounts(): number {
    return this.book.accounts;
  }
  get poolState(): PoolStatePayload | undefined {
    return this.pool;
  }
  account(name: string): AccountStatePayload | undefined {
    return this.states.get(name);
  }

  /** Risk parameters that hold here. */
  get rules(): RiskRules {
    return this.parameters.rules;
  }

  /** Whether the book was kept under other risk parameters than these: nothing can be planned then. */
  get otherRules(): boolean {
    const { version, digest } = this.rules;
    const holds = this.pool?.parameters;
    return holds !== undefined && (holds.version !== version || holds.digest !== digest);
  }

  /** Puts other risk parameters in force: all accounts are set up anew. */
  setRules(rules: RiskRules): void {
    this.parameters = liquidatingParameters(rules, this.parameters.marks.orderSecret);
    this.board.setMarkParameters(this.parameters.marks);
    this.book = this.emptyBook();
    for (const market of this.board.knownMarkets()) this.book.setMark(market, this.board.mark(market)!.value);
    for (const { market, fundingIndex } of this.pool?.markets ?? [])
      this.book.setFundingIndex(market, fundingIndexOf(fundingIndex));
    for (const state of this.states.values()) this.enter(state);
  }

  private get portfolio(): boolean {
    return this.rules.parameters.margin.mode === 'portfolio';
  }

  private emptyBook(): MarginBook | PortfolioBook {
    return this.portfolio ? new PortfolioBook(this.model().margin) : new MarginBook(this.rules.rates);
  }

  /** The margin that holds, for every market that an account has had a position in. */
  private model(): MarginModel {
    return this.models.model(this.rules, this.capital, [...this.held.values()]);
  }

  /** Forecast, capital or markets are others: so is the margin. */
  private remodel(): void {
    if (this.book instanceof PortfolioBook) this.book.setModel(this.model().margin);
  }

  /** Takes an observed price. @throws {TickRefusedError} for one that is not taken */
  take(tick: ObservedPrice): void {
    this.marked(this.board.take(tick));
  }

  /** Carries out an order of the operator. @throws {ZkriskError} for one that is not taken */
  order(order: MarketOrder): void {
    this.marked(this.board.order(order));
    if (order.order !== 'rescale') return;
    // Sizes are in another unit from here on: states that the pricer has sent before are converted, those that it sends are not.
    for (const state of this.states.values())
      if (state.positions.some(({ market }) => market === order.market)) this.enter(state);
  }

  /** The board has confirmed marks. */
  marked(confirmed: readonly ConfirmedMark[]): void {
    for (const { market, value } of confirmed) {
      this.book.setMark(market, value);
      this.exposure = undefined;
    }
  }

  /** Takes a source's word that nothing at or before `until` will follow. @throws {TickRefusedError} */
  watermark(until: number, appendedAt?: number): void {
    this.board.watermark(until, appendedAt);
  }

  /** @throws {InvalidInputError} for a covariance that is not one */
  setForecast(forecast: CovariancePayload): void {
    this.board.setForecast(forecast);
    this.forecastSet();
  }

  /** The board has another forecast. */
  forecastSet(): void {
    this.exposure = undefined;
    this.remodel();
  }

  /** Later states replace earlier ones; an old one that comes again changes nothing. */
  setPool(pool: PoolStatePayload): void {
    if (pool.sequence < (this.pool?.sequence ?? 0)) return;
    this.pool = pool;
    this.exposure = undefined;
    this.setMargins(
      pool.marginCapital,
      pool.markets.map(({ market, fundingIndex }) => [market, fundingIndexOf(fundingIndex)] as const),
    );
  }

  /** The part of a pool's state that accounts' margins depend on; a plan needs all of it, see {@link setPool}. */
  setMargins(capital: number, fundingIndices: Iterable<readonly [market: string, index: number]>): void {
    if (capital !== this.capital) {
      this.capital = capital;
      this.remodel();
    }
    for (const [market, index] of fundingIndices) this.book.setFundingIndex(market, index);
  }

  setAccount(state: AccountStatePayload): boolean {
    const known = this.states.get(state.account);
    if (state.sequence < (known?.sequence ?? 0)) return false;
    this.states.set(state.account, state);
    this.enter(state);
    return true;
  }

  private enter(state: AccountStatePayload): void {
    const positions = state.positions.map(({ market, size, entryNotional, fundingIndex, scale }) => ({
      market,
      size: sizeOf(size) * this.unitOf(market, scale),
      entryNotional: moneyOf(entryNotional),
      fundingIndex: fundingIndexOf(fundingIndex),
    }));
    this.setBalances(state.account, moneyOf(state.cash), positions);
  }

  /** The part of an account's state that its margin depends on; a plan needs all of it, see {@link setAccount}. */
  setBalances(account: string, cash: number, positions: readonly IndexedPosition[]): void {
    let fresh = false;
    for (const { market } of positions) {
      if (this.held.has(market)) continue;
      this.held.set(market, { market });
      fresh = true;
    }
    if (fresh) this.remodel();
    this.book.set(account, cash, positions);
  }

  /** {@link setBalances} of an account whose positions are as they were. */
  setCash(account: string, cash: number): void {
    this.book.setCash(account, cash);
  }

  /** Factor from a market's sizes to the unit of its mark: the books and the marks are rescaled at different times. */
  private unitOf(market: string, scale = 1): number {
    return scale / this.board.marks.scale(market);
  }

  /** Accounts below their maintenance margin, the most under-margined first. */
  underMargined(): UnderMargined[] {
    return this.book.underMargined();
  }

  /** Whether a plan for this account could be executed now: one of its positions can be liquidated at least. */
  plannable(account: string): boolean {
    return !this.otherRules && this.poolExposure() !== null && this.liquidatable(account).length > 0;
  }

  /** Positions in markets that have a forecast, and marks that are good enough to liquidate at. */
  liquidatable(account: string): AccountStatePayload['positions'] {
    return (this.states.get(account)?.positions ?? []).filter(
      ({ market, scale }) =>
        this.unitOf(market, scale) === 1 &&
        this.board.markets.includes(market) &&
        this.board.permits(market, 'liquidate'),
    );
  }

  /**
   * Positions of an account of which none can be liquidated and each is worth less than a minimum at its last mark; none where
   * there is another.
   *
   * @param minimum notional, quote currency
   */
  dust(account: string, minimum: number): AccountStatePayload['positions'] {
    const positions = this.states.get(account)?.positions ?? [];
    const small = positions.every(({ market, size, scale }) => {
      const mark = this.board.mark(market);
      return (
        mark !== undefined &&
        this.unitOf(market, scale) === 1 &&
        Math.abs(sizeOf(size)) * mark.value < minimum
      );
    });
    return small && this.liquidatable(account).length === 0 ? positions : [];
  }

  /**
   * The account as a liquidation program has it: the positions that can be liquidated. Others stay, and their profit and
   * initial margin, taken alone, are taken into the collateral, so that the others restore the margin of all. Only for accounts
   * that are {@link plannable}.
   *
   * @param waited seconds since the account was first below its margin: where the penalty is not fixed, it rises with them
   */
  caseOf(account: string, waited = 0): LiquidationCase {
    const exposure = this.poolExposure()!;
    const { prices, returns, tailFactor } = this.board.priceForecast(this.parameters.alpha)!;
    const { penaltyRate: fixed } = this.rules.parameters.liquidation;
    const { cash, positions: all } = this.states.get(account)!;
    const positions = this.liquidatable(account);
    const markets = this.board.markets;
    const indices = new Map(this.pool!.markets.map((market) => [market.market, market.fundingIndex]));
    const at = positions.map(({ market }) => markets.indexOf(market));
    const { margin } = this.model();
    const staying: { market: string; notional: number }[] = [];
    const open: AccountPosition[] = [];
    let collateral = moneyOf(cash);
    for (const { market, size, entryNotional, fundingIndex, scale } of all) {
      const [held, entry] = [sizeOf(size) * this.unitOf(market, scale), moneyOf(entryNotional)];
      const price = this.board.mark(market)?.value ?? entry / held;
      collateral -= held * (fundingIndexOf(indices.get(market) ?? '0') - fundingIndexOf(fundingIndex));
      if (positions.some((position) => position.market === market))
        open.push({ market, size: held, price, entryNotional: entry });
      else {
        collateral += held * price - entry;
        staying.push({ market, notional: held * price });
      }
    }
    collateral -= bothMargins(margin, staying).initial;
    const x = [...staying, ...open.map(({ market, size, price }) => ({ market, notional: size * price }))];
    const gross = x.reduce((sum, { notional }) => sum + Math.abs(notional), 0);
    const largest = largestPenalty(bothMargins(margin, x).maintenance, gross);
    const penaltyRate = fixed ?? offeredPenalty(largest, waited);
    // The program measures EVaR of the volatility it is given: the tail factor is in it.
    const square = tailFactor * tailFactor;
    return {
      collateral,
      ...caseMargin(margin, open, this.portfolio),
      pool: {
        mean: exposure.mean,
        variance: square * exposure.volatility ** 2,
        covarianceWithBook: at.map((i) => square * exposure.covarianceTimesSize[i]),
        covariance: at.flatMap((i) =>
          at.map((j) => square * prices[i] * prices[j] * covarianceEntry(returns, i, j)),
        ),
        // The providers' call spread is priced with the forecast's own volatility.
        liquidity: { committed: moneyOf(this.pool!.liquidity), volatilityShare: 1 / tailFactor },
      },
      alpha: this.parameters.alpha,
      ...(penaltyRate > 0 ? { penaltyRate } : {}),
    };
  }

  /** The book's exposure at the present marks; null before there are a forecast, marks and a pool. */
  private poolExposure(): Exposure | null {
    if (this.exposure !== undefined) return this.exposure;
    const forecast = this.board.priceForecast(this.parameters.alpha);
    const { pool } = this;
    if (forecast === null || pool === undefined) return (this.exposure = null);
    return (this.exposure = poolExposure(this.board, pool, forecast));
  }
}
