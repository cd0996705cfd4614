import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tables of the prover and of the settlement. */
export class Settlement1700000002000 implements MigrationInterface {
  name = 'Settlement1700000002000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table proof_job (
        job_id text primary key, ordinal bigserial not null unique, statement text not null, subject_kind text not null,
        subject_id text not null, subject_at bigint, status text not null, attempts int not null default 0, input jsonb not null,
        document jsonb, reason text, seconds double precision,
        created_at timestamptz not null default now(), finished_at timestamptz);
      create index proof_job_open on proof_job (ordinal) where status in ('queued', 'running');
      create index proof_job_subject on proof_job (subject_kind, subject_id);
      create table settlement_epoch (
        epoch_id text primary key, ordinal bigserial not null unique, bar_end bigint not null, status text not null,
        number int, epoch jsonb not null, reason text);
      create table chain_transaction (
        transaction_id text primary key, ordinal bigserial not null unique, kind text not null, epoch_id text,
        plan_id text, status text not null, nonce int, attempts jsonb not null default '[]'::jsonb, hash text,
        block_number bigint, block_hash text, gas_used bigint, reason text, created_at timestamptz not null default now());
      create index chain_transaction_open on chain_transaction (ordinal) where status in ('waiting', 'sent', 'mined');
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table chain_transaction, settlement_epoch, proof_job;');
  }
}
