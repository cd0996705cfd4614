import { Controller, Inject } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { Consume, ConsumeContext } from '#lib/events';
import {
  type AccountStatePayload,
  type BookPayload,
  type Message,
  type PlanPayload,
  type RiskPayload,
  type SamplePayload,
  TOPICS,
} from '#lib/messages';
import { HISTORIAN_LANE, HistorianService } from './historian.service.js';

/** The topics that history is made from. */
@Controller()
export class HistorianController {
  constructor(@Inject(HistorianService) private readonly service: HistorianService) {}

  @Consume(TOPICS.samples, { lane: HISTORIAN_LANE })
  async samples(
    @Payload() messages: Message<SamplePayload>[],
    @Ctx() context: ConsumeContext,
  ): Promise<void> {
    await this.service.onSamples(messages, context);
  }

  @Consume(TOPICS.risk, { lane: HISTORIAN_LANE })
  async risk(@Payload() messages: Message<RiskPayload>[], @Ctx() context: ConsumeContext): Promise<void> {
    await this.service.onRisk(messages, context);
  }

  @Consume(TOPICS.book, { lane: HISTORIAN_LANE, batch: 2000 })
  async book(@Payload() messages: Message<BookPayload>[], @Ctx() context: ConsumeContext): Promise<void> {
    await this.service.onBook(messages, context);
  }

  @Consume(TOPICS.plans, { lane: HISTORIAN_LANE })
  async plans(@Payload() messages: Message<PlanPayload>[], @Ctx() context: ConsumeContext): Promise<void> {
    await this.service.onPlans(messages, context);
  }

  @Consume(TOPICS.accountStates, { lane: HISTORIAN_LANE, batch: 2000 })
  async accounts(
    @Payload() messages: Message<AccountStatePayload>[],
    @Ctx() context: ConsumeContext,
  ): Promise<void> {
    await this.service.onAccounts(messages, context);
  }
}
