import { Controller, Inject } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { Consume, ConsumeContext, type Lane } from '#lib/events';
import { type Message, type PlanPayload, TOPICS } from '#lib/messages';
import { HouseLiquidator } from './house-liquidator.js';

const HOUSE_LANE: Lane = { name: 'house-liquidator', spread: 'partitions', shared: true };

/** Executes every plan as it is opened. */
@Controller()
export class HouseLiquidatorController {
  constructor(@Inject(HouseLiquidator) private readonly house: HouseLiquidator) {}

  @Consume(TOPICS.plans, { lane: HOUSE_LANE })
  plans(@Payload() messages: Message<PlanPayload>[], @Ctx() context: ConsumeContext): void {
    for (const { payload, time } of messages) {
      if (payload.kind === 'opened') context.publish(this.house.reportOn(payload, time));
    }
  }
}
