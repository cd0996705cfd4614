import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Outboxes, and what consumers have to know where messages come over Kafka. */
export class Transport1700000003000 implements MigrationInterface {
  name = 'Transport1700000003000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table log_record add column headers jsonb not null default '{}';
      alter table log_record add column appended_at bigint not null;
      alter table consumer_offset add column sources jsonb not null default '{}';
      create table outbox_source (source text primary key, next_sequence bigint not null);
      create table outbox_relay (source text primary key, relayed bigint not null);
      create table outbox (
        source text not null, sequence bigint not null, topic text not null, messages int not null,
        packed bytea not null, at timestamptz not null default now(),
        primary key (source, sequence));
      alter table outbox alter column packed set storage external;

      alter table margin_account add column unit int not null default 0;
      create index margin_account_unit on margin_account (unit);
      alter table liquidation add column unit int not null default 0;
      alter table liquidation add column number bigserial unique;
      alter table liquidation drop constraint liquidation_ordinal_key;
      alter table liquidation add unique (unit, ordinal);
      alter table liquidation_event add column unit int not null default 0;
      alter table liquidation_event add column unit_sequence bigint;
      update liquidation_event set unit_sequence = sequence;
      alter table liquidation_event alter column unit_sequence set not null;
      alter table liquidation_event add unique (unit, unit_sequence);
      alter table proof_job add column claimed_by text, add column claimed_until timestamptz;
      update proof_job set status = 'queued' where status = 'running';
      create table api_key (
        id text primary key, label text not null, hash bytea not null, scopes text[] not null,
        accounts text[], rate_per_second double precision,
        created_at timestamptz not null default now(), revoked_at timestamptz);
      create table admin_nonce (nonce text primary key, at timestamptz not null default now());
      create index admin_nonce_at on admin_nonce (at);
      create table audit_log (
        id bigserial primary key, at timestamptz not null default now(), service text not null, key_id text,
        address text not null, method text not null, path text not null, request_id text not null,
        body_hash text not null, status int);
      create table liquidation_stream (last bigint not null);
      insert into liquidation_stream select coalesce(max(sequence), 0) from liquidation_event;
      update service_state set name = name || '/0' where service = 'liquidator';
      update consumer_offset set consumer_group = consumer_group || '/0'
        where consumer_group in ('liquidator', 'house-liquidator');
      update consumer_offset set consumer_group = 'proof-queue/0'
        where consumer_group = 'prover' and topic = 'proof-jobs';`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      update consumer_offset set consumer_group = 'prover' where consumer_group = 'proof-queue/0';
      update consumer_offset set consumer_group = left(consumer_group, -2)
        where consumer_group in ('liquidator/0', 'house-liquidator/0');
      update service_state set name = left(name, -2) where service = 'liquidator';
      alter table proof_job drop column claimed_by, drop column claimed_until;
      drop table audit_log;
      drop table admin_nonce;
      drop table api_key;
      drop table liquidation_stream;
      alter table liquidation_event drop column unit_sequence, drop column unit;
      alter table liquidation drop column number, drop column unit;
      alter table liquidation add unique (ordinal);
      alter table margin_account drop column unit;
      drop table outbox;
      drop table outbox_relay;
      drop table outbox_source;
      alter table consumer_offset drop column sources;
      alter table log_record drop column headers, drop column appended_at;`);
  }
}
