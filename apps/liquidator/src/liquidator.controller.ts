import { Controller, Inject } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import {
  type AccountStatePayload,
  Consume,
  ConsumeContext,
  type CovariancePayload,
  type ExecutionPayload,
  type LiquidationWorkPayload,
  type Message,
  type PoolStatePayload,
  type PricePayload,
  TOPICS,
} from '#lib/events';
import { LIQUIDATOR_GROUP, LiquidatorService } from './liquidator.service.js';

/** The liquidator's topics, in the order in which a sweep reads them: its notes to itself come last. */
@Controller()
export class LiquidatorController {
  constructor(@Inject(LiquidatorService) private readonly service: LiquidatorService) {}

  @Consume(TOPICS.prices, { group: LIQUIDATOR_GROUP, batch: 2000 })
  async prices(@Payload() messages: Message<PricePayload>[], @Ctx() context: ConsumeContext): Promise<void> {
    await this.service.onPrices(messages, context);
  }

  @Consume(TOPICS.covariance, { group: LIQUIDATOR_GROUP, batch: 50 })
  async forecasts(
    @Payload() messages: Message<CovariancePayload>[],
    @Ctx() context: ConsumeContext,
  ): Promise<void> {
    await this.service.onForecasts(messages, context);
  }

  @Consume(TOPICS.poolStates, { group: LIQUIDATOR_GROUP })
  async poolStates(
    @Payload() messages: Message<PoolStatePayload>[],
    @Ctx() context: ConsumeContext,
  ): Promise<void> {
    await this.service.onPoolStates(messages, context);
  }

  @Consume(TOPICS.accountStates, { group: LIQUIDATOR_GROUP, batch: 2000 })
  async accountStates(
    @Payload() messages: Message<AccountStatePayload>[],
    @Ctx() context: ConsumeContext,
  ): Promise<void> {
    await this.service.onAccountStates(messages, context);
  }

  @Consume(TOPICS.executions, { group: LIQUIDATOR_GROUP })
  async executions(
    @Payload() messages: Message<ExecutionPayload>[],
    @Ctx() context: ConsumeContext,
  ): Promise<void> {
    await this.service.onExecutions(messages, context);
  }

  @Consume(TOPICS.liquidationWork, { group: LIQUIDATOR_GROUP })
  async work(
    @Payload() _messages: Message<LiquidationWorkPayload>[],
    @Ctx() context: ConsumeContext,
  ): Promise<void> {
    await this.service.onWork(context);
  }
}
