import { Controller, Inject } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import {
  type AccountPayload,
  type CovariancePayload,
  type LiquidationTradePayload,
  type LiquidityPayload,
  type MatchPayload,
  type Message,
  type ParameterCommandPayload,
  type PlanPayload,
  type PricePayload,
  TOPICS,
  type TradePayload,
  type ValuationPayload,
  type WarmUpPayload,
} from '#lib/messages';
import { Consume, ConsumeContext } from '#lib/events';
import { PRICER_LANE, PricerService } from './pricer.service.js';

/**
 * The pricer's topics, in the order in which a sweep reads them. Prices and commands are decided ahead of the commit of the batch before: the
 * book in memory includes that batch, and a look-up in the tables is flushed before or completed by the commands that the journal remembers.
 */
@Controller()
export class PricerController {
  constructor(@Inject(PricerService) private readonly service: PricerService) {}

  @Consume(TOPICS.prices, { lane: PRICER_LANE, batch: 2000, ahead: true })
  async prices(@Payload() messages: Message<PricePayload>[], @Ctx() context: ConsumeContext): Promise<void> {
    await this.service.onPrices(messages, context);
  }

  @Consume(TOPICS.warmUp, { lane: PRICER_LANE, batch: 50 })
  async warmUp(@Payload() messages: Message<WarmUpPayload>[], @Ctx() context: ConsumeContext): Promise<void> {
    await this.service.onWarmUp(messages, context);
  }

  @Consume(TOPICS.covariance, { lane: PRICER_LANE, batch: 50 })
  async forecasts(
    @Payload() messages: Message<CovariancePayload>[],
    @Ctx() context: ConsumeContext,
  ): Promise<void> {
    await this.service.onForecasts(messages, context);
  }

  @Consume(TOPICS.parameterCommands, { lane: PRICER_LANE })
  async parameters(
    @Payload() messages: Message<ParameterCommandPayload>[],
    @Ctx() context: ConsumeContext,
  ): Promise<void> {
    await this.service.onParameterCommands(messages, context);
  }

  @Consume(TOPICS.valuations, { lane: PRICER_LANE })
  async valuations(
    @Payload() messages: Message<ValuationPayload>[],
    @Ctx() context: ConsumeContext,
  ): Promise<void> {
    await this.service.onValuations(messages, context);
  }

  @Consume(TOPICS.liquidity, { lane: PRICER_LANE, ahead: true })
  async liquidity(
    @Payload() messages: Message<LiquidityPayload>[],
    @Ctx() context: ConsumeContext,
  ): Promise<void> {
    await this.service.onLiquidity(messages, context);
  }

  @Consume(TOPICS.accounts, { lane: PRICER_LANE, ahead: true })
  async accounts(
    @Payload() messages: Message<AccountPayload>[],
    @Ctx() context: ConsumeContext,
  ): Promise<void> {
    await this.service.onAccounts(messages, context);
  }

  @Consume(TOPICS.liquidationTrades, { lane: PRICER_LANE, ahead: true })
  async liquidationTrades(
    @Payload() messages: Message<LiquidationTradePayload>[],
    @Ctx() context: ConsumeContext,
  ): Promise<void> {
    await this.service.onLiquidationTrades(messages, context);
  }

  @Consume(TOPICS.matches, { lane: PRICER_LANE, ahead: true })
  async matches(@Payload() messages: Message<MatchPayload>[], @Ctx() context: ConsumeContext): Promise<void> {
    await this.service.onMatches(messages, context);
  }

  @Consume(TOPICS.trades, { lane: PRICER_LANE, batch: 1000, ahead: true })
  async trades(@Payload() messages: Message<TradePayload>[], @Ctx() context: ConsumeContext): Promise<void> {
    await this.service.onTrades(messages, context);
  }

  @Consume(TOPICS.plans, { lane: PRICER_LANE })
  async plans(@Payload() messages: Message<PlanPayload>[], @Ctx() context: ConsumeContext): Promise<void> {
    await this.service.onPlans(messages, context);
  }
}
