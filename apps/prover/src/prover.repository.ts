import type { DataSource, EntityManager } from 'typeorm';
import type { ModelPayload, ProofJobPayload } from '#lib/messages';
import { ProofJobEntity, ServiceStateRepository } from '#lib/storage';
import { ClaimLostError } from './errors.js';
import type { ComposerState } from './epoch-composer.js';

/** For how long a job is a silent worker's. */
const CLAIM_SECONDS = 15;

/** How many jobs are where, and how long the last proofs took. */
export interface QueueDepth {
  readonly queued: number;
  readonly running: number;
  readonly proven: number;
  readonly failed: number;
  /** statements that no circuit proves */
  readonly refused: number;
}

/** Columns of a job that are small. */
const SUMMARY = [
  ...(['jobId', 'ordinal', 'statement', 'subjectKind', 'subjectId', 'status'] as const),
  ...(['reason', 'seconds', 'attempts', 'createdAt', 'finishedAt'] as const),
];

/** A job, and the SRS of its proof. */
export interface ProofSummary {
  readonly job: Pick<ProofJobEntity, (typeof SUMMARY)[number]>;
  readonly srs: string | null;
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
      `insert into proof_job (job_id, statement, subject_kind, subject_id, subject_at, status, input)
       values ($1, $2, $3, $4, $5, 'queued', $6::jsonb) on conflict (job_id) do nothing`,
      [jobId, statement, subject.kind, subject.id, subject.at, JSON.stringify(input)],
    );
  }

  /** Stores why no circuit proves a statement, under the id of its proof. */
  async refuse(
    manager: EntityManager,
    { jobId, statement, subject }: Omit<ProofJobPayload, 'input'>,
    reason: string,
  ): Promise<void> {
    await manager.query(
      `insert into proof_job (job_id, statement, subject_kind, subject_id, subject_at, status, input, reason, finished_at)
       values ($1, $2, $3, $4, $5, 'refused', '{}'::jsonb, $6, now()) on conflict (job_id) do nothing`,
      [jobId, statement, subject.kind, subject.id, subject.at, reason],
    );
  }

  /**
   * The oldest job that nobody is at, now ours for a while. One whose process has not been heard of for longer is taken from
   * it. Epochs come before liquidations: their chain waits.
   */
  async take(worker: string): Promise<ProofJobEntity | undefined> {
    const [[row]] = await this.database.query<[{ job_id: string }[], number]>(
      `update proof_job set status = 'running', attempts = attempts + 1,
         claimed_by = $1, claimed_until = now() + interval '${CLAIM_SECONDS} seconds'
       where job_id = (select job_id from proof_job
         where status = 'queued' or (status = 'running' and claimed_until < now())
         order by subject_kind = 'liquidation', ordinal limit 1 for update skip locked)
       returning job_id`,
      [worker],
    );
    return row === undefined ? undefined : ((await this.find(row.job_id)) ?? undefined);
  }

  /** Says that a worker is still at its jobs. */
  async keepClaims(worker: string): Promise<void> {
    await this.database.query(
      `update proof_job set claimed_until = now() + interval '${CLAIM_SECONDS} seconds'
       where status = 'running' and claimed_by = $1`,
      [worker],
    );
  }

  /** Leaves a worker's jobs to others at once. */
  async dropClaims(worker: string): Promise<void> {
    await this.database.query(
      `update proof_job set status = 'queued', claimed_by = null, attempts = attempts - 1
       where status = 'running' and claimed_by = $1`,
      [worker],
    );
  }

  find(jobId: string): Promise<ProofJobEntity | null> {
    return this.database.getRepository(ProofJobEntity).findOneBy({ jobId });
  }

  /** The newest first, without statements' inputs and proofs' bytes, which nobody reads in a list. */
  async list(
    filter: Partial<Pick<ProofJobEntity, 'subjectKind' | 'subjectId' | 'status'>>,
    limit: number,
  ): Promise<ProofSummary[]> {
    const { entities, raw } = await this.database
      .getRepository(ProofJobEntity)
      .createQueryBuilder('job')
      .select(SUMMARY.map((column) => `job.${column}`))
      .addSelect(`job.document ->> 'srs'`, 'srs')
      .where(filter)
      .orderBy('job.ordinal', 'DESC')
      .limit(limit)
      .getRawAndEntities<{ srs: string | null }>();
    return entities.map((job, i) => ({ job, srs: raw[i].srs }));
  }

  /** Changes with every proof that is queued, begun or ended. */
  async version(): Promise<string> {
    const [{ version }] = await this.database.query<[{ version: string }]>(
      `select count(*) || '/' || coalesce(sum(attempts), 0) || '/' || count(finished_at) as version from proof_job`,
    );
    return version;
  }

  /** The newest first, without statements' inputs and proofs' bytes. */
  async latest(limit: number): Promise<({ proofId: string } & Record<string, unknown>)[]> {
    const rows = await this.database.query<Record<string, unknown>[]>(
      `select job_id, ordinal, statement, subject_kind, subject_id, status, reason, seconds, attempts,
         document ->> 'srs' as srs, created_at, finished_at
       from proof_job order by ordinal desc limit $1`,
      [limit],
    );
    return rows.map((row) => ({
      proofId: row.job_id as string,
      ordinal: Number(row.ordinal),
      statement: row.statement,
      subject: { kind: row.subject_kind, id: row.subject_id },
      ...{ status: row.status, reason: row.reason, seconds: row.seconds, attempts: row.attempts },
      ...{ srs: row.srs, createdAt: row.created_at, finishedAt: row.finished_at },
    }));
  }

  /** @throws {ClaimLostError} where another worker has taken the job in the meantime */
  async finish(
    manager: EntityManager,
    jobId: string,
    worker: string,
    outcome: {
      status: 'proven' | 'failed' | 'queued';
      document: object | null;
      reason: string | null;
      seconds: number | null;
    },
  ): Promise<void> {
    const [, count] = await manager.query<[unknown[], number]>(
      `update proof_job set status = $2, document = $3::jsonb, reason = $4, seconds = $5, claimed_by = null,
         finished_at = case when $2 = 'queued' then null else now() end
       where job_id = $1 and claimed_by = $6 and status = 'running'`,
      [
        jobId,
        outcome.status,
        outcome.document === null ? null : JSON.stringify(outcome.document),
        outcome.reason,
        outcome.seconds,
        worker,
      ],
    );
    if (count === 0) throw new ClaimLostError(jobId);
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
    return {
      ...{ queued: of('queued'), running: of('running'), proven: of('proven') },
      ...{ failed: of('failed'), refused: of('refused') },
    };
  }
}
