import { Controller, Inject } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { Consume, ConsumeContext } from '#lib/events';
import {
  type CovariancePayload,
  type Message,
  type ParametersPayload,
  type PricePayload,
  TOPICS,
} from '#lib/messages';
import { VAULT_LANE, VaultService } from './vault.service.js';

/** The vault's topics, in the order in which a sweep reads them: a forecast after the prices it was made of. */
@Controller()
export class VaultController {
  constructor(@Inject(VaultService) private readonly service: VaultService) {}

  @Consume(TOPICS.parameters, { lane: VAULT_LANE })
  async parameters(
    @Payload() messages: Message<ParametersPayload>[],
    @Ctx() context: ConsumeContext,
  ): Promise<void> {
    await this.service.onParameters(messages, context);
  }

  @Consume(TOPICS.prices, { lane: VAULT_LANE, batch: 2000 })
  async prices(@Payload() messages: Message<PricePayload>[], @Ctx() context: ConsumeContext): Promise<void> {
    await this.service.onPrices(messages, context);
  }

  @Consume(TOPICS.covariance, { lane: VAULT_LANE, batch: 50 })
  async forecasts(
    @Payload() messages: Message<CovariancePayload>[],
    @Ctx() context: ConsumeContext,
  ): Promise<void> {
    await this.service.onForecasts(messages, context);
  }
}
