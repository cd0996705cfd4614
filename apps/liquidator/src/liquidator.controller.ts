import { Controller, Inject } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import {
  type AccountStatePayload,
  type CovariancePayload,
  type ExecutionPayload,
  type LiquidationWorkPayload,
  type Message,
  type ParametersPayload,
  type PoolStatePayload,
  type PricePayload,
  TOPICS,
} from '#lib/messages';
import { Consume, ConsumeContext } from '#lib/events';
import { LIQUIDATOR_LANE, LiquidatorService } from './liquidator.service.js';

/** The liquidator's topics, in the order in which a sweep reads them: its notes to itself come last. */
@Controller()
export class LiquidatorController {
  constructor(@Inject(LiquidatorService) private readonly service: LiquidatorService) {}

  @Consume(TOPICS.prices, { lane: LIQUIDATOR_LANE, everyUnit: true, batch: 2000 })
  async prices(@Payload() messages: Message<PricePayload>[], @Ctx() context: ConsumeContext): Promise<void> {
    await this.service.unit(context.unit).onPrices(messages, context);
  }

  @Consume(TOPICS.covariance, { lane: LIQUIDATOR_LANE, everyUnit: true, batch: 50 })
  async forecasts(
    @Payload() messages: Message<CovariancePayload>[],
    @Ctx() context: ConsumeContext,
  ): Promise<void> {
    await this.service.unit(context.unit).onForecasts(messages, context);
  }

  @Consume(TOPICS.parameters, { lane: LIQUIDATOR_LANE, everyUnit: true })
  async parameters(
    @Payload() messages: Message<ParametersPayload>[],
    @Ctx() context: ConsumeContext,
  ): Promise<void> {
    await this.service.unit(context.unit).onParameters(messages, context);
  }

  @Consume(TOPICS.poolStates, { lane: LIQUIDATOR_LANE, everyUnit: true })
  async poolStates(
    @Payload() messages: Message<PoolStatePayload>[],
    @Ctx() context: ConsumeContext,
  ): Promise<void> {
    await this.service.unit(context.unit).onPoolStates(messages, context);
  }

  @Consume(TOPICS.accountStates, { lane: LIQUIDATOR_LANE, batch: 2000 })
  async accountStates(
    @Payload() messages: Message<AccountStatePayload>[],
    @Ctx() context: ConsumeContext,
  ): Promise<void> {
    await this.service.unit(context.unit).onAccountStates(messages, context);
  }

  // Every unit sees every report: a liquidator's client may put it into any partition, and its plan says whose it is.
  @Consume(TOPICS.executions, { lane: LIQUIDATOR_LANE, everyUnit: true })
  async executions(
    @Payload() messages: Message<ExecutionPayload>[],
    @Ctx() context: ConsumeContext,
  ): Promise<void> {
    await this.service.unit(context.unit).onExecutions(messages, context);
  }

  @Consume(TOPICS.liquidationWork, { lane: LIQUIDATOR_LANE })
  async work(
    @Payload() _messages: Message<LiquidationWorkPayload>[],
    @Ctx() context: ConsumeContext,
  ): Promise<void> {
    await this.service.unit(context.unit).onWork(context);
  }
}
