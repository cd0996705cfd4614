import { Logger } from '@nestjs/common';
import { partsOf } from '#lib/amounts';
import type { ConsumeContext } from '#lib/events';
import { BUCKET_MS, type MarginWatch, type Offer, openRace, type Race, stepRace } from '#lib/liquidating';
import { verifyCertificate } from '#lib/liquidation';
import { outgoing, type PlanPayload, TOPICS } from '#lib/messages';
import type { LiveLiquidation, OpenedPlan } from './liquidation-record.js';
import type { LiquidatorConfig } from './liquidator.config.js';
import type { LiquidatorRepository } from './liquidator.repository.js';
import { tradeOf } from './offer-of.js';

/** Input of a race: a report, or elapsed time. */
export interface RaceCause {
  /** of market time, milliseconds */
  readonly time: number;
  readonly headers: Readonly<Record<string, string>>;
  /** of the trade that executes the winner */
  readonly sequence: number;
}

/** The races of a unit's plans: the winner is executed, a claim has its seconds, the house takes the rest. */
export class PlanRaces {
  private readonly logger = new Logger(PlanRaces.name);
  /** accounts whose last liquidator did not deliver: until then they are executed against the pool alone */
  private readonly distrusted = new Map<string, number>();

  constructor(
    private readonly config: Pick<LiquidatorConfig, 'HOUSE_LIQUIDATOR' | 'PLAN_RETRY_MS'>,
    private readonly repository: LiquidatorRepository,
    private readonly watch: () => MarginWatch,
    private readonly emit: (payload: PlanPayload, context: ConsumeContext) => Promise<void>,
  ) {}

  snapshot(): readonly (readonly [account: string, until: number])[] {
    return [...this.distrusted];
  }
  restore(state: readonly (readonly [account: string, until: number])[] = []): void {
    this.distrusted.clear();
    for (const [account, until] of state) this.distrusted.set(account, until);
  }

  /** The race of a plan that is opened now. */
  open(account: string): Race {
    const { now } = this.watch().board;
    const endsAt = now + (this.config.HOUSE_LIQUIDATOR === 'backstop' ? BUCKET_MS : 0);
    return openRace(endsAt, !this.distrusted.has(account));
  }

  /** For a while an account is executed against the pool alone, which no liquidator can make fail. */
  distrust(account: string): void {
    this.distrusted.set(account, this.watch().board.now + this.config.PLAN_RETRY_MS);
  }

  /** Market time has passed. */
  passTime(): void {
    const { now } = this.watch().board;
    for (const [account, until] of this.distrusted) if (until <= now) this.distrusted.delete(account);
  }

  /** Lets a plan's race go on. */
  async advance(liquidation: LiveLiquidation, context: ConsumeContext, cause: RaceCause): Promise<void> {
    const { opened } = liquidation;
    const { account, planId } = opened;
    const watch = this.watch();
    // While no mark of it is good enough the books would refuse the trade: the race waits for one.
    const open = new Set(watch.liquidatable(account).map(({ market }) => market));
    if (!opened.orders.some(({ market }) => open.has(market))) return;
    const step = stepRace(liquidation.race, watch.board.now);
    switch (step.kind) {
      case 'waiting':
        return;
      case 'nobody': {
        if (liquidation.race.claim !== null) this.distrust(account);
        const house = this.config.HOUSE_LIQUIDATOR === 'backstop' ? this.backstop(opened) : null;
        if (house === null) return;
        liquidation.race = { ...liquidation.race, won: house };
        break;
      }
      case 'claimed': {
        const { liquidator, penaltyRate } = step.offer;
        liquidation.race = step.race;
        await this.repository.saveRace(context.manager, planId, step.race);
        const at = watch.board.now;
        await this.emit(
          { kind: 'claimed', planId, account, at, liquidator, penaltyRate, until: step.until },
          context,
        );
        return;
      }
      case 'won':
        if (step.race.claim !== null && step.race.claim.offer.liquidator !== step.offer.liquidator)
          this.distrust(account);
        liquidation.race = step.race;
    }
    const header = { id: planId, sequence: cause.sequence, time: Math.max(cause.time, opened.at) };
    const trade = tradeOf(opened, liquidation.race.won!);
    const message = outgoing(TOPICS.liquidationTrades, partsOf(account).account, header, trade);
    context.publish({ ...message, headers: cause.headers });
    await this.repository.saveRace(context.manager, planId, liquidation.race);
  }

  /** The house's own offer: the published plan at its rate, against the pool. */
  private backstop({ planId, orders, plan }: OpenedPlan): Offer | null {
    const { holds, failures } = verifyCertificate(plan);
    if (!holds) {
      this.logger.error(`${planId} does not hold: ${failures.join('; ')}`);
      return null;
    }
    const { penaltyRate = 0 } = plan.case as { readonly penaltyRate?: number };
    return {
      ...{ reportId: `house-${planId}`, liquidator: 'house', status: 'full', penaltyRate, claims: false },
      ...{ closedNotional: plan.closedNotional as number, legs: orders },
    };
  }
}
