import { Controller, Inject } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { Consume, ConsumeContext } from '#lib/events';
import { type Message, type ParametersPayload, type PricePayload, TOPICS } from '#lib/messages';
import { FORECASTER_LANE, ForecasterService } from './forecaster.service.js';

@Controller()
export class ForecasterController {
  constructor(@Inject(ForecasterService) private readonly service: ForecasterService) {}

  @Consume(TOPICS.parameters, { lane: FORECASTER_LANE })
  async parameters(
    @Payload() messages: Message<ParametersPayload>[],
    @Ctx() context: ConsumeContext,
  ): Promise<void> {
    await this.service.onParameters(messages, context);
  }

  @Consume(TOPICS.prices, { lane: FORECASTER_LANE, batch: 2000 })
  async prices(@Payload() messages: Message<PricePayload>[], @Ctx() context: ConsumeContext): Promise<void> {
    await this.service.onPrices(messages, context);
  }
}
