import { Controller, Inject } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { Consume, ConsumeContext } from '#lib/events';
import {
  type FilterStepPayload,
  type Message,
  type ModelPayload,
  type PlanPayload,
  type ProofJobPayload,
  type StandingBookPayload,
  TOPICS,
} from '#lib/messages';
import { PROOF_QUEUE_LANE, PROVER_LANE, ProverService } from './prover.service.js';

/** The prover's topics, in the order in which a sweep reads them: books after the models and bars they were measured with. */
@Controller()
export class ProverController {
  constructor(@Inject(ProverService) private readonly service: ProverService) {}

  @Consume(TOPICS.models, { lane: PROVER_LANE })
  async models(@Payload() messages: Message<ModelPayload>[], @Ctx() context: ConsumeContext): Promise<void> {
    await this.service.onModels(messages, context);
  }

  @Consume(TOPICS.filterSteps, { lane: PROVER_LANE, batch: 4 })
  async steps(
    @Payload() messages: Message<FilterStepPayload>[],
    @Ctx() context: ConsumeContext,
  ): Promise<void> {
    await this.service.onSteps(messages, context);
  }

  @Consume(TOPICS.standingBooks, { lane: PROVER_LANE, batch: 4 })
  async books(
    @Payload() messages: Message<StandingBookPayload>[],
    @Ctx() context: ConsumeContext,
  ): Promise<void> {
    await this.service.onBooks(messages, context);
  }

  @Consume(TOPICS.plans, { lane: PROVER_LANE })
  async plans(@Payload() messages: Message<PlanPayload>[], @Ctx() context: ConsumeContext): Promise<void> {
    await this.service.onPlans(messages, context);
  }

  @Consume(TOPICS.proofJobs, { lane: PROOF_QUEUE_LANE })
  async jobs(@Payload() messages: Message<ProofJobPayload>[], @Ctx() context: ConsumeContext): Promise<void> {
    await this.service.onJobs(messages, context);
  }
}
