import { Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { type Outgoing, outgoing, TOPICS } from '#lib/messages';
import { parsePlan, verifyCertificate } from '#lib/liquidation';
import type { OpenedPlan } from './liquidation-record.js';
import type { LiquidatorRepository } from './liquidator.repository.js';

/**
 * The exchange's own liquidator: checks each plan's certificate as any bot would, and executes it against the pool. For
 * engines without bots, and for replays.
 */
export class HouseLiquidator {
  private readonly logger = new Logger(HouseLiquidator.name);

  constructor(private readonly repository: LiquidatorRepository) {}

  /** The report on a plan that was opened. */
  reportOn({ planId, account, plan }: OpenedPlan, time: number): Outgoing {
    const { holds, failures } = verifyCertificate(parsePlan(plan));
    if (!holds) this.logger.error(`${planId} does not hold: ${failures.join('; ')}`);
    const reportId = `house-${planId}`;
    return outgoing(
      TOPICS.executions,
      account,
      { id: reportId, sequence: 0, time },
      { reportId, planId, liquidator: 'house', status: holds ? 'full' : 'expired' },
    );
  }

  /**
   * Reports on the oldest plans that wait for one. A replay asks when everything else has been consumed, so that the
   * same replay executes the same plans against the same forecast.
   *
   * @param manager of the transaction, where the replay's turns share one
   * @param limit few enough for every consumer to take them in one batch
   */
  async reports(manager: EntityManager, limit = 400): Promise<Outgoing[]> {
    const open = await this.repository.waiting(manager, limit);
    return open.map((opened) => this.reportOn(opened, opened.at));
  }
}
