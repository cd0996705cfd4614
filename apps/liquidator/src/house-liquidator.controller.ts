import { Controller, Inject } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { Consume, ConsumeContext, type Message, type PlanPayload, TOPICS } from '#lib/events';
import { HouseLiquidator } from './house-liquidator.js';

/** Executes every plan as it is opened. */
@Controller()
export class HouseLiquidatorController {
  constructor(@Inject(HouseLiquidator) private readonly house: HouseLiquidator) {}

  @Consume(TOPICS.plans, { group: 'house-liquidator' })
  plans(@Payload() messages: Message<PlanPayload>[], @Ctx() context: ConsumeContext): void {
    for (const { payload, time } of messages) {
      if (payload.kind === 'opened') context.publish(this.house.reportOn(payload, time));
    }
  }
}
