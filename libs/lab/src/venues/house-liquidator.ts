import { MONEY_DECIMALS, SIZE_DECIMALS, toNumber } from '#lib/amounts';
import {
  accountsOf,
  accountState,
  type BookEvent,
  type ConfirmedMark,
  poolState,
  type PricingEngine,
} from '#lib/exchange';
import { type LiquidatingParameters, MarginWatch, ordersOf } from '#lib/liquidating';
import { closingOf, type Solvers } from '#lib/liquidation';
import type { IndexedPosition } from '#lib/margin';
import type { LiquidationTradePayload } from '#lib/messages';

/** Rounds of plans in a bar, and plans in a round: an account that stays below its margin waits for the next bar. */
const MOST_ROUNDS = 20;
const PLANS_A_ROUND = 64;
/** Money per unit of size, as the messages of the books are read. */
const indexOf = (fundingIndex: bigint) => Number(fundingIndex) / 1e18;

/**
 * The liquidator of the services beside an engine in one process: its plans are those that the services would make, to the last digit,
 * and only the states that plans need are written out.
 */
export class HouseLiquidator {
  private readonly watch: MarginWatch;
  private readonly touched = new Set<string>();
  /** touched by charges alone: their positions are as they were */
  private readonly charged = new Set<string>();
  /** market time at which accounts were touched last */
  private readonly touchedAt = new Map<string, number>();
  private readonly blocked = new Set<string>();
  private poolTouched = false;
  /** margins that the watch has without the rest of the pool's state */
  private unpublished: { readonly marginCapital: number } | undefined;
  private plans = 0;

  /** @param execute has the engine decide a plan; its events are told by {@link booked} */
  constructor(
    private readonly engine: PricingEngine,
    parameters: LiquidatingParameters,
    private readonly solvers: Solvers,
    private readonly execute: (command: LiquidationTradePayload) => readonly BookEvent[],
  ) {
    // One board for both: the watch of the services has its own, which takes the same prices.
    this.watch = new MarginWatch(parameters, { board: engine.board });
  }

  /** Accounts whose plans were of no use are tried again. */
  barBegins(): void {
    this.blocked.clear();
  }

  marked(confirmed: readonly ConfirmedMark[]): void {
    this.watch.marked(confirmed);
  }

  forecastSet(): void {
    this.watch.forecastSet();
  }

  booked(event: BookEvent): void {
    this.poolTouched = true;
    if (event.kind === 'credit-charged') this.charged.add(event.account);
    else for (const account of accountsOf(event)) this.touched.add(account);
  }

  /** Liquidates until no plan would help an account below maintenance. */
  liquidate(): void {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      this.refresh();
      const below = this.watch.underMargined().filter(({ account }) => !this.blocked.has(account));
      if (below.length === 0) return;
      this.publish(below.map(({ account }) => account));
      const due = below.filter(({ account }) => this.watch.plannable(account)).slice(0, PLANS_A_ROUND);
      if (due.length === 0) return;
      const commands = due.flatMap(({ account }): LiquidationTradePayload[] => {
        const plan = closingOf(this.watch.caseOf(account), this.solvers);
        if (plan.outcome === 'healthy') {
          this.blocked.add(account);
          return [];
        }
        const sizes = this.watch.liquidatable(account).map(({ size }) => size);
        return [
          {
            ...{ planId: `plan-${++this.plans}`, account, legs: ordersOf(plan, sizes) },
            ...{ liquidator: 'house', parameters: this.watch.rules.version },
          },
        ];
      });
      for (const command of commands) {
        const events = this.execute(command);
        if (events.some(({ kind }) => kind === 'trade-rejected')) this.blocked.add(command.account);
      }
    }
  }

  /** Brings the margins of the watch up to date with the accounts that were touched. */
  private refresh(): void {
    if (!this.poolTouched) return;
    const { ledger, board, marginCapital } = this.engine;
    this.watch.setMargins(
      marginCapital,
      ledger.marketNames().map((market) => [market, indexOf(ledger.market(market).fundingIndex)] as const),
    );
    for (const account of this.touched) {
      const { owed } = ledger.creditOf(account, board.now);
      const positions: IndexedPosition[] = [];
      for (const [market, { size, entryNotional, fundingIndex }] of ledger.positionsOf(account))
        positions.push({
          market,
          size: toNumber(size, SIZE_DECIMALS),
          entryNotional: toNumber(entryNotional, MONEY_DECIMALS),
          fundingIndex: indexOf(fundingIndex),
        });
      this.watch.setBalances(account, toNumber(ledger.cashOf(account) - owed, MONEY_DECIMALS), positions);
      this.touchedAt.set(account, board.now);
    }
    for (const account of this.charged) {
      if (this.touched.has(account)) continue;
      const { owed } = ledger.creditOf(account, board.now);
      this.watch.setCash(account, toNumber(ledger.cashOf(account) - owed, MONEY_DECIMALS));
      this.touchedAt.set(account, board.now);
    }
    this.touched.clear();
    this.charged.clear();
    this.poolTouched = false;
    this.unpublished = { marginCapital };
  }

  /**
   * Gives the watch the whole state of the pool, and of the accounts that may be liquidated, as they were when something touched them
   * last: nothing has changed since but the time, and the services hear of no time alone.
   */
  private publish(accounts: readonly string[]): void {
    const { ledger } = this.engine;
    if (this.unpublished !== undefined)
      this.watch.setPool({ ...poolState(this.engine), ...this.unpublished });
    this.unpublished = undefined;
    for (const account of accounts)
      this.watch.setAccount(accountState(ledger, account, [], this.touchedAt.get(account)!));
  }
}
