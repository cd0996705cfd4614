import type { MarketBoardState } from '#lib/exchange';
import { type LiquidatingParameters, MarginWatch, ordersOf } from '#lib/liquidating';
import { liquidate, type Solvers } from '#lib/liquidation';
import {
  type AccountStatePayload,
  type CovariancePayload,
  type LiquidationTradePayload,
  type PoolStatePayload,
  TOPICS,
} from '#lib/messages';
import { takeTicks } from '#lib/exchange';
import type { Bus, Publication, SimulatedRecord } from './bus.js';
import { Node } from './node.js';
import { NO_REFUSALS, priceMessages } from './price-messages.js';

interface OpenPlan {
  readonly account: string;
  readonly planId: string;
}

interface LiquidatorState {
  readonly board: MarketBoardState;
  readonly forecast: CovariancePayload | undefined;
  readonly pool: PoolStatePayload | undefined;
  readonly accounts: readonly AccountStatePayload[];
  readonly open: readonly OpenPlan[];
  readonly blocked: readonly (readonly [account: string, until: number])[];
  readonly plans: number;
}

/** The liquidating machine behind a shell in memory, with a liquidator that executes every plan at once. */
export class LiquidatorNode extends Node<LiquidatorState> {
  private watch!: MarginWatch;
  private accounts = new Map<string, AccountStatePayload>();
  /** the same by name, as a table would be read: the order in which accounts came must not matter */
  private stored: readonly AccountStatePayload[] = [];
  private open = new Map<string, OpenPlan>();
  private blocked = new Map<string, number>();
  private plans = 0;

  constructor(
    bus: Bus,
    private readonly parameters: LiquidatingParameters,
    private readonly solvers: Solvers,
    private readonly retryAfterMs: number,
  ) {
    super(
      'liquidator',
      [TOPICS.prices, TOPICS.covariance, TOPICS.poolStates, TOPICS.accountStates].map(({ name }) => name),
      bus,
    );
    this.restart();
  }

  protected start(durable: LiquidatorState | undefined): void {
    const { board, forecast, pool, accounts = [] } = durable ?? {};
    this.watch = new MarginWatch(
      this.parameters,
      board && { board, ...(forecast && { forecast }), ...(pool && { pool }) },
      accounts,
    );
    this.accounts = new Map(accounts.map((state) => [state.account, state]));
    this.stored = accounts;
    this.open = new Map((durable?.open ?? []).map((plan) => [plan.account, plan]));
    this.blocked = new Map(durable?.blocked ?? []);
    this.plans = durable?.plans ?? 0;
  }

  protected durable(): LiquidatorState {
    const { board, poolState: pool } = this.watch;
    return {
      ...{ board: board.snapshot(), forecast: board.latestForecast, pool, plans: this.plans },
      accounts: this.stored,
      open: [...this.open.values()],
      blocked: [...this.blocked],
    };
  }

  protected handle(topic: string, records: readonly SimulatedRecord[]): Promise<Publication[]> {
    const { watch } = this;
    if (topic === TOPICS.prices.name) {
      takeTicks(priceMessages(records), NO_REFUSALS, watch);
      return Promise.resolve(this.sweep());
    }
    for (const { body } of records) {
      const payload: unknown = JSON.parse(body);
      if (topic === TOPICS.covariance.name) watch.setForecast(payload as CovariancePayload);
      else if (topic === TOPICS.poolStates.name) watch.setPool(payload as PoolStatePayload);
      else this.take(payload as AccountStatePayload);
    }
    if (topic !== TOPICS.accountStates.name) return Promise.resolve([]);
    this.stored = [...this.accounts.values()].sort((a, b) => (a.account < b.account ? -1 : 1));
    return Promise.resolve(this.sweep());
  }

  private take(state: AccountStatePayload): void {
    if (!this.watch.setAccount(state)) return;
    this.accounts.set(state.account, state);
    const plan = this.open.get(state.account);
    const outcome = state.causes.find(({ id }) => id === plan?.planId);
    if (outcome === undefined) return;
    this.open.delete(state.account);
    if (outcome.refused) this.blocked.set(state.account, this.watch.board.now + this.retryAfterMs);
  }

  /** Opens a plan for every account below its maintenance margin that has none. */
  private sweep(): Publication[] {
    const { watch } = this;
    const { now } = watch.board;
    for (const [account, until] of this.blocked) if (until <= now) this.blocked.delete(account);
    return watch.underMargined().flatMap(({ account }) => {
      if (this.open.has(account) || this.blocked.has(account) || !watch.plannable(account)) return [];
      const plan = liquidate(watch.caseOf(account), this.solvers);
      if (plan.outcome === 'healthy') return [];
      const planId = `plan-${++this.plans}`;
      this.open.set(account, { account, planId });
      const sizes = watch.account(account)!.positions.map(({ size }) => size);
      const trade: LiquidationTradePayload = {
        ...{ planId, account, liquidator: 'simulated', parameters: watch.rules.version },
        legs: ordersOf(plan, sizes),
      };
      return [{ topic: TOPICS.liquidationTrades.name, time: now, body: JSON.stringify(trade) }];
    });
  }
}
