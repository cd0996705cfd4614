import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tables of the liquidator. */
export class Liquidation1700000001000 implements MigrationInterface {
  name = 'Liquidation1700000001000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table margin_account (account text primary key, sequence bigint not null, state jsonb not null);
      create table liquidation (
        plan_id text primary key, ordinal bigint not null unique, account text not null, status text not null,
        reported text, opened_at bigint not null, closed_at bigint, outcome text not null, method text,
        gap double precision, objective numeric not null, closed_notional numeric not null,
        notional numeric not null, shortfall numeric not null, opened jsonb not null);
      create unique index liquidation_open on liquidation (account) where status = 'open';
      create index liquidation_account on liquidation (account, ordinal);
      create table liquidation_event (sequence bigint primary key, plan_id text not null, payload jsonb not null);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table liquidation_event, liquidation, margin_account;');
  }
}
