import type { DataSource, EntityManager } from 'typeorm';
import type { ModelPayload, ProofJobPayload } from '#lib/events';
import { ProofJobEntity, ServiceStateRepository } from '#lib/storage';
import type { ComposerState } from './epoch-composer.js';

/** How many jobs are where, and how long the last proofs took. */
export interface QueueDepth {
  readonly queued: number;
  readonly running: number;
  readonly proven: number;
  readonly failed: number;
}

/** Tables of the prover. */
export class ProverRepository {
  private readonly states = new ServiceStateRepository('prover');

  constructor(readonly database: DataSource) {}

  async loadComposer(): Promise<{ state: ComposerState | undefined; models: ModelPayload[] }> {
    const { manager } = this.database;
    return {
      state: await this.states.load<ComposerState>(manager, 'composer'),
      models: (await this.states.load<ModelPayload[]>(manager, 'models')) ?? [],
    };
  }

  saveModels(manager: EntityManager, models: readonly ModelPayload[]): Promise<void> {
    return this.states.save(manager, 'models', models);
  }

  saveComposer(manager: EntityManager, state: ComposerState): Promise<void> {
    return this.states.save(manager, 'composer', state);
  }

  /** A job that is known already is not taken again. */
  async enqueue(
    manager: EntityManager,
    { jobId, statement, subject, input }: ProofJobPayload,
  ): Promise<void> {
    await manager.query(
      `insert into proof_job (job_id, statement, subject_kind, subject_id, status, input)
       values ($1, $2, $3, $4, 'queued', $5::jsonb) on conflict (job_id) do nothing`,
      [jobId, statement, subject.kind, subject.id, JSON.stringify(input)],
    );
  }

  /** Jobs that were running when a process was killed are queued again: nobody else runs them. */
  async recover(): Promise<void> {
    await this.database.query(`update proof_job set status = 'queued' where status = 'running'`);
  }

  /** The oldest queued job, now running. Epochs come before liquidations: their chain waits for them. */
  async take(): Promise<ProofJobEntity | undefined> {
    const [[row]] = await this.database.query<[{ job_id: string }[], number]>(
      `update proof_job set status = 'running', attempts = attempts + 1
       where job_id = (select job_id from proof_job where status = 'queued'
         order by subject_kind = 'liquidation', ordinal limit 1 for update skip locked)
       returning job_id`,
    );
    return row === undefined ? undefined : ((await this.find(row.job_id)) ?? undefined);
  }

  find(jobId: string): Promise<ProofJobEntity | null> {
    return this.database.getRepository(ProofJobEntity).findOneBy({ jobId });
  }

  list(
    filter: Partial<Pick<ProofJobEntity, 'subjectKind' | 'subjectId' | 'status'>>,
    limit: number,
  ): Promise<ProofJobEntity[]> {
    return this.database
      .getRepository(ProofJobEntity)
      .find({ where: filter, order: { ordinal: 'DESC' }, take: limit });
  }

  async finish(
    manager: EntityManager,
    jobId: string,
    outcome: {
      status: 'proven' | 'failed' | 'queued';
      document: object | null;
      reason: string | null;
      seconds: number | null;
    },
  ): Promise<void> {
    await manager.query(
      `update proof_job set status = $2, document = $3::jsonb, reason = $4, seconds = $5,
         finished_at = case when $2 = 'queued' then null else now() end where job_id = $1`,
      [
        jobId,
        outcome.status,
        outcome.document === null ? null : JSON.stringify(outcome.document),
        outcome.reason,
        outcome.seconds,
      ],
    );
  }

  /** Mean time of the last hundred proofs of each statement, seconds. */
  times(): Promise<{ statement: string; seconds: number }[]> {
    return this.database.query(
      `select statement, avg(seconds)::float8 as seconds from (
         select statement, seconds, row_number() over (partition by statement order by finished_at desc) as rank
         from proof_job where status = 'proven') as recent
       where rank <= 100 group by statement`,
    );
  }

  async depth(): Promise<QueueDepth> {
    const rows = await this.database.query<{ status: keyof QueueDepth; count: string }[]>(
      'select status, count(*) from proof_job group by status',
    );
    const counts = new Map(rows.map(({ status, count }) => [status, Number(count)]));
    const of = (status: keyof QueueDepth) => counts.get(status) ?? 0;
    return { queued: of('queued'), running: of('running'), proven: of('proven'), failed: of('failed') };
  }
}
