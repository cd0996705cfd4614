// Long because a unit’s batches change one watch and one set of plans, in one transaction each.
import { Logger } from '@nestjs/common';
import { InvalidInputError, messageOf, ZkriskError } from '#lib/errors';
import {
  type AccountStatePayload,
  type CovariancePayload,
  type ExecutionPayload,
  type Message,
  outgoing,
  type ParametersPayload,
  type PlanPayload,
  type PoolStatePayload,
  type PricePayload,
  TOPICS,
} from '#lib/messages';
import { negated, partsOf } from '#lib/amounts';
import type { ConsumeContext } from '#lib/events';
import { newRules, rulesInForce, takeTicks } from '#lib/exchange';
import { CORRELATION_HEADER } from '#lib/runtime';
import type { ClosedPlan, LiveLiquidation, OpenedPlan } from './liquidation-record.js';
import { offerOf } from './offer-of.js';
import { PlanRaces } from './plan-races.js';
import type { LiquidatorConfig } from './liquidator.config.js';
import type { LiquidatorRepository } from './liquidator.repository.js';
import { planIdOf, unitOfPlan } from './plan-id.js';
import { enterRace, liquidatingParameters, MarginWatch, OfferRefusedError, ordersOf } from '#lib/liquidating';
import type { PlanSolver } from './plan-solver.js';

/** Counted since the process started. */
export interface LiquidatorCounts {
  plans: number;
  unproven: number;
  worstGap: number;
  solveSeconds: number;
  markSeconds: number;
}

/**
 * The accounts of one partition: marks every one at every price and keeps one open plan for each that is below its
 * maintenance margin: solved, the most under-margined first, within the transaction that consumed the cause.
 * The same topics give the same plans.
 */
export class LiquidatorUnit {
  private readonly logger = new Logger(LiquidatorUnit.name);
  private current: MarginWatch;
  private readonly live = new Map<string, LiveLiquidation>();
  private readonly blocked = new Map<string, number>();
  private readonly races: PlanRaces;
  /** accounts below their margin, and since when: the penalty that is offered rises with the time */
  private readonly since = new Map<string, number>();
  private plans = 0;
  private events = 0;
  private waiting = 0;
  private insolvent = false;
  private waitsForRules = false;

  constructor(
    readonly unit: number,
    private readonly config: LiquidatorConfig,
    private readonly repository: LiquidatorRepository,
    private readonly solver: PlanSolver,
    private readonly counts: LiquidatorCounts,
    /** an event was committed */
    private readonly announce: () => void,
  ) {
    const { FIRST_PARAMETERS, MARKET_ORDER_SECRET } = config;
    this.current = new MarginWatch(liquidatingParameters(FIRST_PARAMETERS, MARKET_ORDER_SECRET));
    this.races = new PlanRaces(
      config,
      repository,
      () => this.current,
      (payload, context) => this.emit(payload, context),
    );
  }

  get watch(): MarginWatch {
    return this.current;
  }
  /** Plans that are not closed. */
  get openPlans(): number {
    return this.live.size;
  }
  /** Accounts below maintenance that wait for a plan. */
  get backlog(): number {
    return this.waiting;
  }

  /** Takes up the state of the tables: at the start, and whenever a transaction was rolled back. */
  async restore(): Promise<void> {
    const { state, forecast, pool, parameters, accounts, live } = await this.repository.load(this.unit);
    const { FIRST_PARAMETERS, MARKET_ORDER_SECRET } = this.config;
    this.current = new MarginWatch(
      liquidatingParameters(rulesInForce(parameters, FIRST_PARAMETERS), MARKET_ORDER_SECRET),
      state && { board: state.board, ...(forecast && { forecast }), ...(pool && { pool }) },
      accounts,
    );
    this.plans = state?.plans ?? 0;
    this.events = state?.events ?? 0;
    this.blocked.clear();
    this.since.clear();
    for (const [account, from] of state?.since ?? []) this.since.set(account, from);
    for (const [account, until] of state?.blocked ?? []) this.blocked.set(account, until);
    this.races.restore(state?.distrusting);
    this.live.clear();
    for (const liquidation of live) this.live.set(liquidation.opened.account, liquidation);
  }

  async onPrices(messages: readonly Message<PricePayload>[], context: ConsumeContext): Promise<void> {
    takeTicks(messages, context, this.current);
    await this.sweep(context);
  }

  async onForecasts(messages: readonly Message<CovariancePayload>[], context: ConsumeContext): Promise<void> {
    messages.forEach(({ payload }, index) => {
      this.orReject(context, index, () => {
        this.current.setForecast(payload);
      });
    });
    const forecast = this.current.board.latestForecast;
    if (forecast !== undefined) await this.repository.saveForecast(context.manager, this.unit, forecast);
    await this.saveState(context);
  }

  /** The risk parameters that hold: plans made under others are refused, so they are made again. */
  async onParameters(
    messages: readonly Message<ParametersPayload>[],
    context: ConsumeContext,
  ): Promise<void> {
    const changed = newRules(messages, this.current.rules, (index, reason) => context.reject(index, reason));
    if (changed !== undefined) {
      this.current.setRules(changed.rules);
      await this.repository.saveParameters(context.manager, this.unit, changed.message);
      const reason = `version ${changed.rules.version} of the parameters holds`;
      for (const { opened, race } of [...this.live.values()])
        if (race.won === null) await this.closePlan(opened, 'superseded', reason, context);
    }
    await this.sweep(context);
  }

  async onPoolStates(messages: readonly Message<PoolStatePayload>[], context: ConsumeContext): Promise<void> {
    for (const { payload } of messages) this.current.setPool(payload);
    const pool = this.current.poolState!;
    const { otherRules, rules } = this.current;
    if (otherRules && !this.waitsForRules)
      this.logger.error(
        `the book is kept under version ${pool.parameters.version} of the parameters (${pool.parameters.digest}), here is version ${rules.version} (${rules.digest}): nothing is planned until they agree`,
      );
    this.waitsForRules = otherRules;
    await this.repository.savePool(context.manager, this.unit, pool);
    if (Number(pool.shortfall) > 0 && !this.insolvent) {
      this.logger.error(`INSOLVENT: losses have passed capital and liquidity by ${pool.shortfall}`);
    }
    this.insolvent = Number(pool.shortfall) > 0;
  }

  async onAccountStates(
    messages: readonly Message<AccountStatePayload>[],
    context: ConsumeContext,
  ): Promise<void> {
    const fresh: AccountStatePayload[] = [];
    for (const { payload } of messages) {
      if (!this.current.setAccount(payload)) continue;
      fresh.push(payload);
      await this.settle(payload, context);
    }
    await this.repository.saveAccounts(context.manager, this.unit, fresh);
    await this.sweep(context);
  }

  /** Reports of liquidators are offers: the one that wins the plan's race becomes a trade, and the plan is closed when it is booked. */
  async onExecutions(messages: readonly Message<ExecutionPayload>[], context: ConsumeContext): Promise<void> {
    for (const [index, { payload: report, time }] of messages.entries()) {
      if (unitOfPlan(report.planId, context.units) !== this.unit) continue;
      const found = [...this.live.values()].find(({ opened }) => opened.planId === report.planId);
      if (found?.race.won !== null) {
        context.reject(index, `plan ${report.planId} is not open`);
        continue;
      }
      const { opened } = found;
      if (report.status === 'expired') {
        // One bot's opinion: the plan stays for the others until its time is over.
        this.logger.log(`${report.liquidator} does not execute ${opened.planId}`);
        continue;
      }
      try {
        const fixed = this.current.rules.parameters.liquidation.penaltyRate;
        if (fixed !== null && report.penaltyRate !== undefined)
          throw new OfferRefusedError([`the penalty is fixed, at ${fixed}: there is no bidding`]);
        found.race = enterRace(found.race, offerOf(report, opened));
        await this.repository.saveRace(context.manager, opened.planId, found.race);
        const cause = { time, headers: context.headersOf(index), sequence: this.plans };
        await this.races.advance(found, context, cause);
      } catch (error) {
        if (!(error instanceof InvalidInputError || error instanceof OfferRefusedError)) throw error;
        context.reject(index, error.message);
      }
    }
    await this.sweep(context);
  }

  /** The note left behind by a batch that could not plan for everyone. */
  async onWork(context: ConsumeContext): Promise<void> {
    await this.sweep(context);
  }

  /** Closes the plan whose trade this state tells of. */
  private async settle(state: AccountStatePayload, context: ConsumeContext): Promise<void> {
    const liquidation = this.live.get(state.account);
    const cause = state.causes.find(
      ({ topic, id }) => topic === TOPICS.liquidationTrades.name && id === liquidation?.opened.planId,
    );
    if (liquidation === undefined || cause === undefined) return;
    const { opened, race } = liquidation;
    if (cause.refused) {
      await this.afterRefusal(liquidation, context);
      return;
    }
    const status = race.won?.status === 'partial' ? 'partially-executed' : 'executed';
    await this.closePlan(opened, status, `booked as trade ${opened.planId}`, context);
  }

  /**
   * A trade that was refused. Where a liquidator could not take the positions over, the account is planned for at once and for a
   * while executed against the pool alone, which no liquidator can make fail; otherwise it is tried again later.
   */
  private async afterRefusal({ opened, race }: LiveLiquidation, context: ConsumeContext): Promise<void> {
    const { won } = race;
    const takenOver = won?.legs.some(({ price }) => price !== undefined) ?? false;
    if (takenOver) this.races.distrust(opened.account);
    else this.blocked.set(opened.account, this.current.board.now + this.config.PLAN_RETRY_MS);
    const reason = takenOver
      ? `${won?.liquidator} could not take the positions over; the account is planned for again`
      : 'its trade was refused; the account is tried again later';
    await this.closePlan(opened, 'refused', reason, context);
  }

  /**
   * One look at all accounts: plans that have expired or are not needed any more are closed, and the most
   * under-margined accounts without a plan get one, as many as a batch takes.
   */
  private async sweep(context: ConsumeContext): Promise<void> {
    const { now } = this.current.board;
    const started = performance.now();
    const under = this.current.underMargined();
    this.counts.markSeconds = (performance.now() - started) / 1000;
    const unhealthy = new Set(under.map(({ account }) => account));
    for (const account of this.since.keys()) if (!unhealthy.has(account)) this.since.delete(account);
    for (const account of unhealthy) if (!this.since.has(account)) this.since.set(account, now);
    for (const liquidation of [...this.live.values()]) {
      const { opened, race } = liquidation;
      const changed = opened.orders.find(({ market }) => this.termsChanged(market, opened.at));
      if (changed !== undefined) {
        await this.closePlan(opened, 'superseded', `${changed.market} was rescaled or delisted`, context);
        continue;
      }
      if (race.won !== null) {
        // A reported plan runs out too: its trade would have been decided long since.
        if (opened.expiresAt + this.config.PLAN_TTL_MS <= now)
          await this.closePlan(opened, 'expired', 'its execution was not booked in time', context);
        continue;
      }
      if (!unhealthy.has(opened.account)) {
        await this.closePlan(opened, 'superseded', 'the account has its maintenance margin again', context);
      } else if (opened.expiresAt <= now) {
        await this.closePlan(opened, 'expired', 'no execution was reported in time', context);
      } else {
        const headers = { [CORRELATION_HEADER]: opened.planId };
        await this.races.advance(liquidation, context, { time: now, headers, sequence: this.plans });
      }
    }
    for (const [account, until] of this.blocked) if (until <= now) this.blocked.delete(account);
    this.races.passTime();
    for (const { account } of under) this.closeDust(account, context);
    const due = under.filter(
      ({ account }) =>
        !this.live.has(account) && !this.blocked.has(account) && this.current.plannable(account),
    );
    const batch = due.slice(0, this.config.PLANS_PER_BATCH);
    await this.planFor(
      batch.map(({ account }) => account),
      context,
    );
    this.waiting = due.length - batch.length;
    if (this.waiting > 0) {
      const header = { id: `work-${this.unit}@${this.plans}`, sequence: this.plans, time: now };
      const note = outgoing(TOPICS.liquidationWork, String(this.unit), header, { backlog: this.waiting });
      context.publish({ ...note, partition: this.unit });
    }
    await this.saveState(context);
  }

  private termsChanged(market: string, since: number): boolean {
    return this.current.board.marks.termsSince(market) >= since;
  }

  /** An account of nothing but dust in silent markets needs no plan: the engine closes it at the last marks. */
  private closeDust(account: string, context: ConsumeContext): void {
    if (this.live.has(account) || this.blocked.has(account)) return;
    const { now } = this.current.board;
    const dust = this.current.dust(account, this.current.rules.parameters.liquidation.minimumPosition);
    if (dust.length === 0) return;
    this.blocked.set(account, now + this.config.PLAN_RETRY_MS);
    const planId = `dust-${this.unit}-${now}-${dust[0].market}`.replace(/[^\w.:@+-]/g, '_').slice(0, 60);
    const legs = dust.slice(0, 64).map(({ market, size }) => ({ market, size: negated(size) }));
    const parameters = this.current.rules.version;
    const trade = { planId, account, legs, liquidator: 'engine', parameters };
    const header = { id: planId, sequence: this.plans, time: now };
    context.publish(outgoing(TOPICS.liquidationTrades, partsOf(account).account, header, trade));
  }

  private async planFor(accounts: readonly string[], context: ConsumeContext): Promise<void> {
    const { now } = this.current.board;
    const solved = await Promise.all(
      accounts.map((account) =>
        this.solver.run(this.current.caseOf(account, this.waited(account))).catch((error: unknown) => {
          // One account that cannot be planned for must not keep the others waiting.
          this.counts.unproven++;
          this.logger.error(`no plan for ${account}: ${messageOf(error)}`);
          this.blocked.set(account, now + this.config.PLAN_RETRY_MS);
          return undefined;
        }),
      ),
    );
    for (const [i, account] of accounts.entries()) {
      const answer = solved[i];
      // Marked in float64 both times, but not in the same order: a hair above the margin may be a hair below it.
      if (answer === undefined || answer.plan.outcome === 'healthy') continue;
      const { plan, seconds } = answer;
      this.counts.plans++;
      this.counts.solveSeconds += seconds;
      this.counts.worstGap = Math.max(this.counts.worstGap, plan.gap ?? 0);
      this.plans++;
      const sizes = this.current.liquidatable(account).map(({ size }) => size);
      const race = this.races.open(account);
      const opened: OpenedPlan = {
        kind: 'opened',
        planId: planIdOf(this.unit, this.plans),
        account,
        at: now,
        expiresAt: now + this.config.PLAN_TTL_MS,
        orders: ordersOf(plan, sizes),
        parameters: this.current.rules.version,
        ...{ sizes, raceEndsAt: race.endsAt },
        plan: { ...plan },
      };
      this.live.set(account, { opened, race });
      await this.repository.open(context.manager, this.unit, this.plans, opened, race);
      await this.emit(opened, context);
    }
  }

  /** Seconds since an account was first seen below its margin. */
  private waited(account: string): number {
    return Math.max(0, this.current.board.now - (this.since.get(account) ?? this.current.board.now)) / 1000;
  }

  private async closePlan(
    { planId, account }: OpenedPlan,
    status: ClosedPlan['status'],
    reason: string,
    context: ConsumeContext,
  ): Promise<void> {
    const at = this.current.board.now;
    this.live.delete(account);
    await this.repository.close(context.manager, planId, status, at);
    await this.emit({ kind: 'closed', planId, account, at, status, reason }, context);
  }

  private async emit(payload: PlanPayload, context: ConsumeContext): Promise<void> {
    const sequence = ++this.events;
    await this.repository.appendEvent(context.manager, this.unit, sequence, payload);
    const header = { id: `plan-event-${this.unit}-${sequence}`, sequence, time: payload.at };
    // From here on the plan's id marks everything that follows, to the proof and the chain.
    const message = outgoing(TOPICS.plans, payload.account, header, payload);
    context.publish({ ...message, headers: { [CORRELATION_HEADER]: payload.planId } });
    context.afterCommit(this.announce);
  }

  private async saveState(context: ConsumeContext): Promise<void> {
    await this.repository.saveState(context.manager, this.unit, {
      board: this.current.board.changes(),
      plans: this.plans,
      events: this.events,
      blocked: [...this.blocked],
      distrusting: this.races.snapshot(),
      since: [...this.since],
    });
  }

  private orReject(context: ConsumeContext, index: number, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof ZkriskError)) throw error;
      context.reject(index, error.message);
    }
  }
}
