import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { InvalidInputError, messageOf } from '#lib/errors';
import type { EventLog } from '#lib/events';
import { isLinear, type LiquidationCase } from '#lib/liquidation';
import { outgoing, type ProofPayload, TOPICS } from '#lib/messages';
import { type Prover, statementOf } from '#lib/proofs';
import type { ProofJobEntity } from '#lib/storage';
import { CORRELATION_HEADER, correlated, spanning } from '#lib/runtime';
import type { ProverRepository } from './prover.repository.js';

/** A third of the time a claim lasts. */
const LOOK_EVERY_MS = 5_000;

/**
 * Makes the proofs of the queue, oldest first. Processes share the queue. A job is kept until its proof is: one that a killed
 * process was at is begun again by the first to notice. The proof and the message that tells of it are written together.
 */
export class ProofRunner {
  private readonly logger = new Logger(ProofRunner.name);
  private readonly running = new Set<Promise<void>>();
  private ending = false;
  private stirred = false;
  private readonly worker = randomUUID();
  private looking: NodeJS.Timeout | undefined;

  constructor(
    private readonly repository: ProverRepository,
    private readonly log: EventLog,
    private readonly prover: Prover,
    private readonly options: { readonly threads: number; readonly attempts: number },
  ) {}

  start(): Promise<void> {
    this.looking = setInterval(() => {
      this.repository.keepClaims(this.worker).catch(() => undefined);
      // Jobs that a killed process has left.
      this.stir();
    }, LOOK_EVERY_MS);
    this.stir();
    return Promise.resolve();
  }

  /** There may be something to do. */
  stir(): void {
    if (this.stirred || this.ending) return;
    this.stirred = true;
    setImmediate(() => {
      this.stirred = false;
      this.fill().catch((error: unknown) => {
        this.logger.error(`the queue of proofs cannot be read: ${messageOf(error)}`);
        setTimeout(() => {
          this.stir();
        }, 1000).unref();
      });
    });
  }

  async close(): Promise<void> {
    this.ending = true;
    clearInterval(this.looking);
    await this.prover.close();
    await Promise.allSettled(this.running);
    await this.repository.dropClaims(this.worker).catch(() => undefined);
  }

  private async fill(): Promise<void> {
    while (this.running.size < this.options.threads && !this.ending) {
      const job = await this.repository.take(this.worker);
      if (job === undefined) return;
      const causes = [{ [CORRELATION_HEADER]: job.subjectId }];
      const attributes = { 'zkrisk.statement': job.statement, 'zkrisk.job': job.jobId };
      const work = correlated(job.subjectId, () =>
        spanning(`prove ${job.statement}`, { attributes, causes }, () => this.prove(job)),
      )
        .catch((error: unknown) => {
          this.logger.error(`${job.jobId} is left for the next start: ${messageOf(error)}`);
        })
        .finally(() => {
          this.running.delete(work);
          this.stir();
        });
      this.running.add(work);
    }
  }

  private async prove(job: ProofJobEntity): Promise<void> {
    const started = performance.now();
    let outcome: Pick<ProofPayload, 'reason' | 'document'> & { status: 'proven' | 'failed' };
    try {
      const statement = statementOf(job.statement);
      const document = await this.prover.prove(statement, statement.parse(job.input));
      const { holds, failures } = await this.prover.verify(statement, document);
      if (!holds) throw new InvalidInputError('input', failures.join('; '));
      outcome = { status: 'proven', reason: null, document: { ...document } };
    } catch (error) {
      if (this.ending) return;
      const reason = messageOf(error);
      // An input that does not fit fails again; any other failure may pass.
      if (!(error instanceof InvalidInputError) && job.attempts < this.options.attempts) {
        this.logger.warn(`${job.jobId} is tried again: ${reason}`);
        await this.repository.finish(this.repository.database.manager, job.jobId, this.worker, {
          status: 'queued',
          document: null,
          reason,
          seconds: null,
        });
        return;
      }
      this.logger.error(`${job.jobId} cannot be proven: ${reason}`);
      outcome = { status: 'failed', reason, document: null };
    }
    const seconds = (performance.now() - started) / 1000;
    const { jobId, statement } = job;
    const at = job.subjectAt === null ? null : Number(job.subjectAt);
    const payload: ProofPayload = {
      jobId,
      statement,
      subject: { kind: job.subjectKind, id: job.subjectId, at },
      ...(outcome.status === 'proven' && statement === 'liquidation' ? accountOf(job.input) : NO_ACCOUNT),
      seconds,
      ...outcome,
    };
    const header = { id: `proof-${jobId}`, sequence: Number(job.ordinal), time: Date.now() };
    await this.log.publish([outgoing(TOPICS.proofs, jobId, header, payload)], {
      source: 'proof-runner',
      write: (manager) => this.repository.finish(manager, jobId, this.worker, { ...outcome, seconds }),
    });
    if (outcome.status === 'proven') this.logger.log(`${jobId}: proven in ${seconds.toFixed(1)} s`);
  }
}

const NO_ACCOUNT = { positions: null, collateral: null } as const;

/** The account that a plan liquidates; the statement has read the input before. */
function accountOf(input: object): Pick<ProofPayload, 'positions' | 'collateral'> {
  const given = (input as { plan: { case: LiquidationCase } }).plan.case;
  const { positions, collateral, reserved = 0 } = given;
  return {
    positions: positions.map(({ market, size, price }) => ({ market, size, price })),
    // Under portfolio margin the proof states reserved money apart from the equity.
    collateral: isLinear(given) ? collateral - reserved : collateral,
  };
}
