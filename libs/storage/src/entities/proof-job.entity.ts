import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A statement to be proven, and its proof once there is one. */
@Entity('proof_job')
export class ProofJobEntity {
  @PrimaryColumn({ type: 'text', name: 'job_id' })
  jobId: string;

  /** 1, 2, 3 … in the order the jobs came */
  @Column({ type: 'bigint', generated: 'increment' })
  ordinal: string;

  @Column({ type: 'text' })
  statement: string;

  @Column({ type: 'text', name: 'subject_kind' })
  subjectKind: 'forecast' | 'risk' | 'liquidation' | 'other';

  @Column({ type: 'text', name: 'subject_id' })
  subjectId: string;

  /** of a plan: when it was opened, milliseconds */
  @Column({ type: 'bigint', name: 'subject_at', nullable: true })
  subjectAt: string | null;

  @Column({ type: 'text' })
  status: 'queued' | 'running' | 'proven' | 'failed' | 'refused';

  @Column({ type: 'int' })
  attempts: number;

  /** who is at it, and until when that is believed without another word */
  @Column({ type: 'text', name: 'claimed_by', nullable: true })
  claimedBy: string | null;

  @Column({ type: 'timestamptz', name: 'claimed_until', nullable: true })
  claimedUntil: Date | null;

  @Column({ type: 'jsonb' })
  input: object;

  @Column({ type: 'jsonb', nullable: true })
  document: object | null;

  @Column({ type: 'text', nullable: true })
  reason: string | null;

  /** wall-clock time the proof took */
  @Column({ type: 'double precision', nullable: true })
  seconds: number | null;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'finished_at', nullable: true })
  finishedAt: Date | null;
}
