import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Log, journal and the tables of forecaster and pricer. */
export class Initial1700000000000 implements MigrationInterface {
  name = 'Initial1700000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table log_partition (
        topic text not null, partition int not null, next_offset bigint not null,
        primary key (topic, partition));
      create table log_record (
        topic text not null, partition int not null, record_offset bigint not null,
        key text not null, value text not null,
        primary key (topic, partition, record_offset));
      create table consumer_offset (
        consumer_group text not null, topic text not null, partition int not null, next_offset bigint not null,
        primary key (consumer_group, topic, partition));
      create table service_state (
        service text not null, name text not null, value jsonb not null,
        primary key (service, name));
      create table bar (bar_end bigint primary key, prices jsonb not null, stale jsonb not null);
      create table market_model (
        version int primary key, fitted_on bigint not null, model jsonb not null, diagnostics jsonb not null);
      create table book_event (
        sequence bigint primary key, kind text not null, at bigint not null, payload jsonb not null);
      create index book_event_kind on book_event (kind, sequence);
      create table ledger_snapshot (sequence bigint primary key, state jsonb not null);
      create table command_outcome (
        topic text not null, owner text not null, id text not null, digest text not null,
        sequence bigint not null, event jsonb not null,
        primary key (topic, owner, id));
      create index command_outcome_id on command_outcome (topic, id);
      create table risk_record (at bigint primary key, payload jsonb not null);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table risk_record, command_outcome, ledger_snapshot, book_event, market_model, bar, service_state,
        consumer_offset, log_record, log_partition;
    `);
  }
}
