import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { messageOf } from '#lib/errors';
import { ConsumeContext, type Lane, type LaneOwner } from '#lib/events';
import type { LiquidationCase } from '#lib/liquidation';
import {
  type FilterStepPayload,
  type Message,
  type ModelPayload,
  outgoing,
  type PlanPayload,
  type ProofJobPayload,
  type StandingBookPayload,
  TOPICS,
} from '#lib/messages';
import { followsForecast, LARGEST_ACCOUNT } from '#lib/proofs';
import { CORRELATION_HEADER } from '#lib/runtime';
import { EpochComposer } from './epoch-composer.js';
import { EpochNotProvableError, PlanNotProvableError } from './errors.js';
import type { ProofRunner } from './proof-runner.js';
import type { ProverConfig } from './prover.config.js';
import type { ProverRepository } from './prover.repository.js';

/** Epochs follow each other: one process composes them. */
export const PROVER_LANE: Lane = { name: 'prover', spread: 'single' };
/** Jobs are shared. */
export const PROOF_QUEUE_LANE: Lane = { name: 'proof-queue', spread: 'partitions' };

/** Turns bars and plans into statements, and queues them. */
export class ProverService implements LaneOwner {
  private readonly logger = new Logger(ProverService.name);
  private composer: EpochComposer;
  /** of PROVE_LIQUIDATIONS=epoch: the bar in which the last epoch's forecast is in force, until its plan has come */
  private awaitsPlan: { readonly from: number; readonly to: number } | undefined;
  private notProvable: string | undefined;

  constructor(
    private readonly config: ProverConfig,
    private readonly repository: ProverRepository,
    private readonly runner: ProofRunner,
  ) {
    this.composer = this.composed();
  }

  /** Takes up the state of the tables: at the start, and whenever a transaction was rolled back. */
  async restore(): Promise<void> {
    this.composer = this.composed(await this.repository.loadComposer());
  }

  async onModels(messages: readonly Message<ModelPayload>[], context: ConsumeContext): Promise<void> {
    for (const { payload } of messages) this.composer.onModel(payload);
    await this.repository.saveModels(context.manager, this.composer.keptModels());
  }

  async onSteps(messages: readonly Message<FilterStepPayload>[], context: ConsumeContext): Promise<void> {
    for (const { payload } of messages) this.composer.onStep(payload);
    await this.save(context);
  }

  async onBooks(messages: readonly Message<StandingBookPayload>[], context: ConsumeContext): Promise<void> {
    for (const { payload, time } of messages) {
      try {
        const composed = this.composer.onBook(payload);
        if (composed === undefined) continue;
        const { epoch, jobs } = composed;
        this.awaitsPlan = { from: epoch.barEnd, to: epoch.barEnd + epoch.barMs };
        this.notProvable = undefined;
        const header = (id: string) => ({ id, sequence: epoch.barEnd, time });
        context.publish(outgoing(TOPICS.epochs, 'epoch', header(epoch.epochId), epoch));
        for (const job of jobs) {
          const message = outgoing(TOPICS.proofJobs, job.jobId, header(job.jobId), job);
          context.publish({ ...message, headers: { [CORRELATION_HEADER]: epoch.epochId } });
        }
      } catch (error) {
        if (!(error instanceof EpochNotProvableError)) throw error;
        // One line for all the bars until one can be proven.
        if (this.notProvable === undefined) this.logger.warn(messageOf(error));
        this.notProvable = error.message;
      }
    }
    await this.save(context);
  }

  /** Asks for a proof of every opened plan that fits a circuit; stores and publishes the reason for the others. */
  async onPlans(messages: readonly Message<PlanPayload>[], context: ConsumeContext): Promise<void> {
    for (const { payload, time } of messages) {
      if (payload.kind !== 'opened' || this.config.PROVE_LIQUIDATIONS === 'none') continue;
      const { from, to } = this.awaitsPlan ?? { from: Infinity, to: 0 };
      // A plan made under another bar's variances cannot be attested.
      if (this.config.PROVE_LIQUIDATIONS === 'epoch' && (payload.at < from || payload.at > to)) continue;
      const job: ProofJobPayload = {
        jobId: `liquidation-${payload.planId}`,
        statement: 'liquidation',
        subject: { kind: 'liquidation', id: payload.planId, at: payload.at },
        input: { plan: payload.plan },
      };
      const header = { id: job.jobId, sequence: time, time };
      const headers = { [CORRELATION_HEADER]: payload.planId };
      const refusal = planRefusal(payload.plan.case as LiquidationCase);
      if (refusal === undefined) {
        this.awaitsPlan = undefined;
        context.publish({ ...outgoing(TOPICS.proofJobs, job.jobId, header, job), headers });
        continue;
      }
      const { jobId, statement, subject } = job;
      await this.repository.refuse(context.manager, job, refusal.message);
      const refused = { jobId, statement, subject, status: 'refused', reason: refusal.message } as const;
      const proof = { ...refused, seconds: null, document: null, positions: null, collateral: null };
      const message = outgoing(TOPICS.proofs, jobId, { ...header, id: `proof-${jobId}` }, proof);
      context.publish({ ...message, headers });
    }
  }

  async onJobs(messages: readonly Message<ProofJobPayload>[], context: ConsumeContext): Promise<void> {
    for (const { payload } of messages) await this.repository.enqueue(context.manager, payload);
    context.afterCommit(() => {
      this.runner.stir();
    });
  }

  private save(context: ConsumeContext): Promise<void> {
    return this.repository.saveComposer(context.manager, this.composer.snapshot());
  }

  private composed(stored?: ConstructorParameters<typeof EpochComposer>[2]): EpochComposer {
    const { EPOCH_EVERY_BARS, EPOCH_RUN } = this.config;
    return new EpochComposer({ every: EPOCH_EVERY_BARS, run: EPOCH_RUN }, randomSalt, stored);
  }
}

/** Why no circuit proves a plan; undefined where one does. */
function planRefusal(given: LiquidationCase): PlanNotProvableError | undefined {
  const { length } = given.positions;
  if (length > LARGEST_ACCOUNT)
    return new PlanNotProvableError(
      'too-many-positions',
      `it closes ${length}, ${LARGEST_ACCOUNT} can be proven`,
    );
  return followsForecast(given)
    ? undefined
    : new PlanNotProvableError(
        'guard-rail',
        'a guard rail holds the deviation of one of its markets back: its margin is not of the proven covariance',
      );
}

/** 31 random bytes, as a circuit takes them: below the order of its field. */
export function randomSalt(): string {
  return randomBytes(31).toString('hex');
}
