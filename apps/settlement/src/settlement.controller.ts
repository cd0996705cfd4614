import { Controller, Inject } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { Consume, ConsumeContext } from '#lib/events';
import {
  type EpochPayload,
  type InclusionPayload,
  type Message,
  type ParametersPayload,
  type ProofPayload,
  TOPICS,
} from '#lib/messages';
import { SETTLEMENT_LANE, SettlementService } from './settlement.service.js';

/** The settlement's topics. */
@Controller()
export class SettlementController {
  constructor(@Inject(SettlementService) private readonly service: SettlementService) {}

  @Consume(TOPICS.parameters, { lane: SETTLEMENT_LANE })
  async parameters(
    @Payload() messages: Message<ParametersPayload>[],
    @Ctx() context: ConsumeContext,
  ): Promise<void> {
    await this.service.onParameters(messages, context);
  }

  @Consume(TOPICS.epochs, { lane: SETTLEMENT_LANE })
  async epochs(@Payload() messages: Message<EpochPayload>[], @Ctx() context: ConsumeContext): Promise<void> {
    await this.service.onEpochs(messages, context);
  }

  @Consume(TOPICS.inclusions, { lane: SETTLEMENT_LANE, batch: 50 })
  async inclusions(
    @Payload() messages: Message<InclusionPayload>[],
    @Ctx() context: ConsumeContext,
  ): Promise<void> {
    await this.service.onInclusions(messages, context);
  }

  @Consume(TOPICS.proofs, { lane: SETTLEMENT_LANE })
  async proofs(@Payload() messages: Message<ProofPayload>[], @Ctx() context: ConsumeContext): Promise<void> {
    await this.service.onProofs(messages, context);
  }
}
