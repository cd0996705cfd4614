import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Log, offsets and outboxes: how messages reach a service, and how a service's own leave it. */
const TRANSPORT = `
  create table log_partition (
    topic text not null, partition int not null, next_offset bigint not null,
    primary key (topic, partition));
  create table log_record (
    topic text not null, partition int not null, record_offset bigint not null,
    key text not null, value text not null, headers jsonb not null default '{}', appended_at bigint not null,
    primary key (topic, partition, record_offset));
  create table consumer_offset (
    consumer_group text not null, topic text not null, partition int not null, next_offset bigint not null,
    sources jsonb not null default '{}',
    primary key (consumer_group, topic, partition));
  create table consumer_unit (consumer_group text primary key, batches bigint not null);
  create table outbox_source (source text primary key, next_sequence bigint not null);
  create table outbox_relay (source text primary key, relayed bigint not null);
  create table outbox (
    source text not null, sequence bigint not null, topic text not null, partition int not null,
    messages int not null, codec text not null, tag bigint not null, packed bytea not null, at timestamptz not null default now(),
    primary key (source, sequence));
  alter table outbox alter column packed set storage external;
  create table service_state (
    service text not null, name text not null, value json not null,
    primary key (service, name));`;

/** Bars and models of the forecaster. */
const FORECASTS = `
  create table bar (bar_end bigint primary key, prices jsonb not null, stale jsonb not null);
  create table market_model (
    version int primary key, fitted_on bigint not null, model jsonb not null, diagnostics jsonb not null);`;

/**
 * The book: a journal of batches of events by market time, snapshots of the ledger in parts (one value for a million accounts nears
 * the limit of jsonb), and outcomes of commands.
 */
const BOOK = `
  create table journal (
    first bigint not null, last bigint not null, at bigint not null, events json not null,
    primary key (first, at)) partition by range (at);
  create view book_event as
    select first + ordinality - 1 as sequence, event->>'kind' as kind, (event->>'at')::bigint as at,
      event::jsonb as payload
    from journal, json_array_elements(events) with ordinality as e (event, ordinality);
  create table ledger_snapshot (sequence bigint primary key, parts int not null);
  create table ledger_snapshot_part (
    sequence bigint not null references ledger_snapshot on delete cascade, part int not null, state jsonb not null,
    primary key (sequence, part));
  create table command_outcome (
    key uuid not null, at bigint not null, sequence bigint not null, asked bigint) partition by range (at);
  create index on command_outcome (key);
  create table risk_record (at bigint primary key, payload jsonb not null);`;

/** lz4, where the server was built with it, takes a third of the time of PostgreSQL's own method. */
const COMPRESSION = `
  do $$ begin
    alter table log_record alter column value set compression lz4;
    alter table journal alter column events set compression lz4;
    alter table service_state alter column value set compression lz4;
  exception when feature_not_supported then null;
  end $$;`;

/** Accounts by unit of the liquidator, plans and their events. */
const LIQUIDATION = `
  create table margin_account (
    account text primary key, unit int not null default 0, sequence bigint not null, state jsonb not null);
  create index margin_account_unit on margin_account (unit);
  create table liquidation (
    plan_id text primary key, unit int not null default 0, ordinal bigint not null, number bigserial unique,
    account text not null, status text not null,
    race jsonb not null, opened_at bigint not null, closed_at bigint, outcome text not null, method text,
    gap double precision, objective numeric not null, closed_notional numeric not null,
    notional numeric not null, shortfall numeric not null, opened jsonb not null,
    unique (unit, ordinal));
  create unique index liquidation_open on liquidation (account) where status = 'open';
  create index liquidation_account on liquidation (account, ordinal);
  create table liquidation_event (
    sequence bigint primary key, unit int not null default 0, unit_sequence bigint not null,
    plan_id text not null, payload jsonb not null,
    unique (unit, unit_sequence));
  create table liquidation_stream (last bigint not null);
  insert into liquidation_stream values (0);`;

/** Jobs of the prover, epochs and transactions of the settlement. */
const SETTLEMENT = `
  create table proof_job (
    job_id text primary key, ordinal bigserial not null unique, statement text not null, subject_kind text not null,
    subject_id text not null, subject_at bigint, status text not null, attempts int not null default 0, input jsonb not null,
    document jsonb, reason text, seconds double precision, claimed_by text, claimed_until timestamptz,
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
  create index chain_transaction_open on chain_transaction (ordinal) where status in ('waiting', 'sent', 'mined');`;

/**
 * Keys, their withdrawals of a day, approvals of second holders, nonces of signed calls, and the audit log: a chain
 * of hashes, whose end is in audit_head. `ends`: the entry whose call has ended.
 */
const ACCESS = `
  create table api_key (
    id text primary key, label text not null, holder text not null, hash bytea not null, scopes text[] not null,
    accounts text[], rate_per_second double precision, withdraws_from text[], withdraws_per_day numeric,
    created_at timestamptz not null default now(), revoked_at timestamptz);
  create table key_withdrawal (
    key_id text not null references api_key, command bytea not null, amount numeric not null,
    at timestamptz not null default now(), primary key (key_id, command));
  create table admin_approval (
    id bigserial primary key, method text not null, path text not null, body text not null, body_hash text not null,
    key_id text not null references api_key, holder text not null, at timestamptz not null default now(),
    used_by text references api_key);
  create index admin_approval_open on admin_approval (body_hash) where used_by is null;
  create table admin_nonce (nonce text primary key, at timestamptz not null default now());
  create index admin_nonce_at on admin_nonce (at);
  create table audit_log (
    sequence bigint not null, at bigint not null, entry text not null, hash bytea not null, ends bigint,
    primary key (sequence, at)) partition by range (at);
  create index audit_log_ends on audit_log (ends) where ends is not null;
  create table audit_head (
    one boolean primary key default true check (one), sequence bigint not null, hash bytea not null);
  insert into audit_head (sequence, hash) values (0, '\\x${'00'.repeat(32)}');`;

/**
 * The past, by time: each table is partitioned by months of market time; partitions are made as they are needed, and dropped whole.
 * resolution: length of the row's bucket, milliseconds; at: the bucket's beginning.
 */
const HISTORY = `
  create table history_market (
    resolution int not null, at bigint not null, market text not null,
    mark text not null, state text not null, size text not null, funding_per_unit_year float8, allocation float8,
    primary key (resolution, market, at)) partition by range (at);
  create table history_funding (
    resolution int not null, at bigint not null, market text not null,
    risk numeric not null, liquidity numeric not null, index numeric not null,
    primary key (resolution, market, at)) partition by range (at);
  create table history_premia (
    resolution int not null, at bigint not null,
    risk numeric not null, liquidity numeric not null, penalties numeric not null, trades int not null,
    primary key (resolution, at)) partition by range (at);
  create table history_charges (
    resolution int not null, account text not null, at bigint not null,
    risk numeric not null, liquidity numeric not null, penalties numeric not null, fees numeric not null, credit numeric not null,
    primary key (resolution, account, at)) partition by range (at);
  create table history_flows (
    resolution int not null, at bigint not null,
    provided numeric not null, withdrawn numeric not null, exit_fees numeric not null,
    deposited numeric not null, paid_out numeric not null, credit numeric not null, bad_debt numeric not null,
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
    primary key (account, at, sequence)) partition by range (at);`;

/** All tables of the engine, by the service that writes them. */
export class Initial1700000000000 implements MigrationInterface {
  name = 'Initial1700000000000';

  async up(runner: QueryRunner): Promise<void> {
    const parts = [TRANSPORT, FORECASTS, BOOK, COMPRESSION, LIQUIDATION, SETTLEMENT, ACCESS, HISTORY];
    for (const part of parts) await runner.query(part);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop view book_event;
      drop table history_market, history_funding, history_premia, history_charges, history_flows, history_risk, history_shares,
        history_liquidation, history_account, audit_head, audit_log, admin_nonce, admin_approval, key_withdrawal, api_key, chain_transaction, settlement_epoch, proof_job,
        liquidation_stream, liquidation_event, liquidation, margin_account, risk_record, command_outcome,
        ledger_snapshot_part, ledger_snapshot, journal, market_model, bar, service_state, outbox, outbox_relay,
        outbox_source, consumer_unit, consumer_offset, log_record, log_partition;`);
  }
}
