import { Controller, Logger } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { Consume, ConsumeContext, type Message, outgoing, type PlanPayload, TOPICS } from '#lib/events';
import { parsePlan, verifyCertificate } from '#lib/liquidation';

/**
 * The exchange's own liquidator: checks each plan's certificate as any bot would, and executes it against the pool. For
 * engines without bots, and for replays.
 */
@Controller()
export class HouseLiquidatorController {
  private readonly logger = new Logger(HouseLiquidatorController.name);

  @Consume(TOPICS.plans, { group: 'house-liquidator' })
  plans(@Payload() messages: Message<PlanPayload>[], @Ctx() context: ConsumeContext): void {
    for (const { payload, time } of messages) {
      if (payload.kind !== 'opened') continue;
      const { holds, failures } = verifyCertificate(parsePlan(payload.plan));
      if (!holds) this.logger.error(`${payload.planId} does not hold: ${failures.join('; ')}`);
      const reportId = `house-${payload.planId}`;
      context.publish(
        outgoing(
          TOPICS.executions,
          payload.account,
          { id: reportId, sequence: 0, time },
          { reportId, planId: payload.planId, liquidator: 'house', status: holds ? 'full' : 'expired' },
        ),
      );
    }
  }
}
