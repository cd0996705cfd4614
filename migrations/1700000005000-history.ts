import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was, by time. Each table is partitioned by months of market time; partitions are made as they are needed, and dropped whole. */
export class History1700000005000 implements MigrationInterface {
  name = 'History1700000005000';

  async up(runner: QueryRunner): Promise<void> {
    // resolution: length of the row's bucket, milliseconds; at: the bucket's beginning.
    await runner.query(`
      create table history_market (
        resolution int not null, at bigint not null, market text not null,
        mark text not null, state text not null, size text not null, funding_per_unit_year float8, allocation float8,
        primary key (resolution, market, at)) partition by range (at);
      create table history_funding (
        resolution int not null, at bigint not null, market text not null,
        risk numeric not null, liquidity numeric not null,
        primary key (resolution, market, at)) partition by range (at);
      create table history_premia (
        resolution int not null, at bigint not null,
        risk numeric not null, liquidity numeric not null, penalties numeric not null, trades int not null,
        primary key (resolution, at)) partition by range (at);
      create table history_risk (
        resolution int not null, at bigint not null, record jsonb not null,
        primary key (resolution, at)) partition by range (at);
      create table history_shares (
        resolution int not null, at bigint not null,
        outstanding text not null, worth text not null, capital text not null, liquidity text not null,
        primary key (resolution, at)) partition by range (at);
      create table history_liquidation (
        at bigint not null, plan_id text not null, kind text not null, account text not null, status text not null,
        orders jsonb, reason text,
        primary key (plan_id, kind, at)) partition by range (at);
      create index on history_liquidation (at);
      create table history_account (
        at bigint not null, account text not null, sequence bigint not null, state jsonb not null,
        primary key (account, at, sequence)) partition by range (at);`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `drop table history_market, history_funding, history_premia, history_risk, history_shares,
         history_liquidation, history_account`,
    );
  }
}
