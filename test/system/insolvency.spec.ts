import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatMoney, MONEY_DECIMALS, parseDecimal } from '#lib/amounts';
import {
  type BookEvent,
  ExchangeLedger,
  firstRules,
  type GainsCut,
  type HaircutSettled,
  vestingOf,
} from '#lib/exchange';
import type { LiquidationPlan } from '#lib/liquidation';
import { lossStatementFailures } from '#lib/margin';
import { checkLossCommand } from '../../apps/cli/src/loss.command.js';
import { startEngine } from '../../apps/zkrisk/src/index.js';
import { eventually, startTestDatabase } from '../support/database.js';
import { type DrillStep, INSOLVENCY_PARAMETERS, insolvencySteps } from '../support/insolvency.js';
import { noKafka } from '../support/kafka.js';
import {
  type Books,
  booksOf,
  QUICK_MODEL,
  type ServiceName,
  type ServiceProcess,
  startTopology,
  type Topology,
} from '../support/topology.js';

// A crash takes more than the pool has, on a broker and a database, and services are killed in each step of the loss that is shared.

const ENVIRONMENT = {
  ...{ FIRST_PARAMETERS: INSOLVENCY_PARAMETERS, TOPIC_PARTITIONS: '1' },
  ...{ HOUSE_LIQUIDATOR: 'backstop', SNAPSHOT_EVERY_EVENTS: '20' },
};
const LOCK = 4711;

/** Where a service is killed: with its transaction open, at a row that it writes. */
interface Kill {
  readonly step: string;
  readonly service: ServiceName;
  readonly table: 'journal' | 'risk_record' | 'liquidation' | 'outbox';
  /** condition on the row */
  readonly row: string;
  /** whether the transaction is committed first, with the brokers away: its messages are in the outbox alone */
  readonly committed?: boolean;
}
const event = (kind: string) => `new.events::text like '%"kind":"${kind}"%'`;
const SHARED = 'the loss is shared';
/** the step at which income vests after that: notes are repaid from it */
const VESTING = 'income vests';
const KILLS: readonly Kill[] = [
  { step: 'the crash', service: 'liquidator', table: 'liquidation', row: `new.account = 'loser'` },
  { step: 'six seconds later', service: 'pricer', table: 'journal', row: event('bankruptcy-settled') },
  { step: 'insolvent at marks', service: 'pricer', table: 'risk_record', row: 'true' },
  {
    step: 'reduce-only',
    service: 'pricer',
    table: 'journal',
    row: `new.events::text like '%trade-w3.less%'`,
  },
  { step: 'a leaver', service: 'pricer', table: 'journal', row: event('account-withdrawn') },
  { step: SHARED, service: 'pricer', table: 'journal', row: event('gains-cut') },
  {
    ...{ step: SHARED, service: 'pricer', table: 'outbox', committed: true },
    row: `new.topic = 'book' and exists (select 1 from journal where events::text like '%"haircut-settled"%')`,
  },
  { step: VESTING, service: 'pricer', table: 'journal', row: event('vested') },
  { step: 'a claim', service: 'pricer', table: 'journal', row: event('note-paid') },
];

/** Progress of the books, and the records and plans that prices caused: the drill waits for both before the next step. */
async function progressOf(connection: DataSource): Promise<string> {
  const [row] = await connection.query<[Record<string, string>]>(
    `select (select coalesce(max(last), 0) from journal) as events, (select count(*) from risk_record) as bars,
       (select count(*) from liquidation_event) as plans`,
  );
  return JSON.stringify(row);
}

const eventsOf = (progress: string) => Number((JSON.parse(progress) as { events: string }).events);

/**
 * Books, with no more of a plan than it closes. A plan is made at a price, of the account and the pool as the liquidator has read them by
 * then: over Kafka the charge and the income of the same moment come before the price or after it.
 */
function comparable({ plans, ...books }: Books): Books {
  const closing = (row: unknown) => {
    const { opened, ...rest } = row as { opened: { plan: LiquidationPlan } };
    const { outcome, fractions, closedNotional } = opened.plan;
    return { ...rest, opened: { ...opened, plan: { outcome, fractions, closedNotional } } };
  };
  return { ...books, plans: plans.map(closing) };
}

/** Sequence of the first income after the loss was shared. */
function vestedAt({ events }: Books): number {
  const rows = events as { sequence: string; payload: BookEvent }[];
  const shared = rows.findIndex(({ payload }) => payload.kind === 'haircut-settled');
  return Number(
    rows.slice(shared).find(({ payload }) => payload.kind === 'vested' && Number(payload.toCapital) > 0)!
      .sequence,
  );
}

/** The same steps in one process on tables, which nothing disturbs: its books, and how far they were after each step. */
async function undisturbed(steps: readonly DrillStep[]): Promise<{ books: Books; progress: string[] }> {
  const database = await startTestDatabase();
  const engine = await startEngine({
    ...{ ...QUICK_MODEL, ...ENVIRONMENT, DATABASE_URL: database.url, PORT: '0', LOG_LEVEL: 'error' },
  });
  const progress: string[] = [];
  try {
    for (const { messages } of steps) {
      const dated = messages.map((message) => ({
        ...message,
        appendedAt: (JSON.parse(message.value) as { time: number }).time,
      }));
      await engine.log.publish(dated);
      await engine.log.drained(new AbortController().signal);
      progress.push(await progressOf(engine.database));
    }
    return { books: await booksOf(engine.database), progress };
  } finally {
    await engine.stop();
    await database.stop();
  }
}

const missing = noKafka();
describe.skipIf(missing !== undefined)('an insolvency in a crash, on Kafka and PostgreSQL', () => {
  const steps = insolvencySteps();
  const services = new Map<ServiceName, ServiceProcess>();
  let calm: Awaited<ReturnType<typeof undisturbed>>;
  let topology: Topology;

  beforeAll(async () => {
    calm = await undisturbed(steps);
    topology = await startTopology(ENVIRONMENT);
    for (const name of ['forecaster', 'pricer', 'liquidator'] as const)
      services.set(name, await topology.start(name));
  }, 200_000);
  afterAll(() => topology.stop(), 60_000);

  it('with a kill in each step of the shared loss, comes to the books of one that nothing disturbed', async () => {
    const kafka = new Kafka({ brokers: [topology.broker.address], logLevel: logLevel.NOTHING });
    const producer = kafka.producer({ allowAutoTopicCreation: false });
    await producer.connect();
    let kills = 0;
    const vesting = steps[calm.progress.findIndex((seen) => eventsOf(seen) >= vestedAt(calm.books))].name;
    for (const [i, { name, messages }] of steps.entries()) {
      const send = () =>
        producer.send({
          topic: messages[0].topic,
          messages: messages.map(({ key, value }) => ({ key, value, partition: 0 })),
        });
      const planned = KILLS.filter(({ step }) => (step === VESTING ? vesting : step) === name);
      for (const [k, kill] of planned.entries()) {
        await killedAt(kill, k === 0 ? send : undefined);
        kills++;
      }
      if (planned.length === 0) await send();
      for (const { service } of planned) await running(service);
      const expected = calm.progress[i];
      await eventually(
        async () => (await progressOf(topology.connection)) === expected,
        `"${name}": ${expected}`,
        60_000,
      ).catch(async (error: unknown) => {
        const now = await progressOf(topology.connection);
        const ends = [...services.values()].map((each) => `${each.name}: ${each.output().slice(-600)}`);
        throw new Error(`${String(error)}, it is ${now}\n${ends.join('\n')}`);
      });
    }
    await producer.disconnect();
    expect(kills).toBe(KILLS.length);
    expect(comparable(await booksOf(topology.connection))).toEqual(comparable(calm.books));
    // A trader sees its part afterwards, and checks it alone.
    const { url } = services.get('pricer')!;
    const get = async (path: string) => (await (await fetch(`${url}/v1/${path}`)).json()) as never;
    const folder = mkdtempSync(join(tmpdir(), 'zkrisk-loss-'));
    try {
      const file = join(folder, 'w9.json');
      writeFileSync(file, JSON.stringify(await get('accounts/w9/losses/1')));
      const checked = checkLossCommand(file);
      expect(checked).toMatchObject({ settlementId: 'settlement-1', account: 'w9', failures: [] });
      const account: { losses: { haircut: number; wouldBeCut: string; notes: { outstanding: string } } } =
        await get('accounts/w9');
      expect(account.losses).toMatchObject({ haircut: 0, wouldBeCut: '0' });
      expect(Number(account.losses.notes.outstanding)).toBeLessThan(Number(checked.cut));
      expect(await get('accounts/payer/losses/1')).toMatchObject({ code: 'unknown-settlement' });
      expect(await get('accounts/w9/losses/2')).toMatchObject({ code: 'unknown-settlement' });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 280_000);

  it('has cut exactly what was missing, owes it as notes, and balances to the last unit', () => {
    const events = calm.books.events.map((row) => (row as { payload: BookEvent }).payload);
    const kinds = new Set(events.map(({ kind }) => kind));
    for (const kind of [
      'bankruptcy-settled',
      'gains-cut',
      'haircut-settled',
      'positions-reduced',
      'note-paid',
    ])
      expect(kinds).toContain(kind);
    expect(events.find(({ kind }) => kind === 'trade-rejected')).toMatchObject({ code: 'insolvent' });
    const money = (text: string) => parseDecimal(text, MONEY_DECIMALS, 'money');
    const [settled] = events.filter((each): each is HaircutSettled => each.kind === 'haircut-settled');
    const cuts = events
      .filter((each): each is GainsCut => each.kind === 'gains-cut')
      .flatMap((each) => each.cuts);
    expect(formatMoney(cuts.reduce((sum, [, cut]) => sum + money(cut), 0n))).toBe(settled.need);
    expect(money(settled.need)).toBeGreaterThan(0n);
    const chunks = settled.chunks.map((chunk) => ({
      ...chunk,
      ...{ gains: money(chunk.gains), principal: money(chunk.principal), cuts: money(chunk.cuts) },
    }));
    expect(lossStatementFailures({ need: money(settled.need), chunks })).toEqual([]);
    const { horizonMs, bucketMs } = vestingOf(firstRules(JSON.parse(INSOLVENCY_PARAMETERS) as object));
    const ledger = new ExchangeLedger(horizonMs, bucketMs);
    for (const each of events) {
      ledger.apply(each);
      expect(ledger.imbalance()).toBe(0n);
    }
    expect(ledger.recount()).toBeUndefined();
    expect(ledger.settlements).toBe(1);
    expect(ledger.shortfall).toBe(0n);
    const owed = cuts.reduce((sum, [account]) => sum + ledger.notesOf(account).outstanding, 0n);
    const paid = events.flatMap((each) => (each.kind === 'note-paid' ? [money(each.amount)] : []));
    expect(owed + paid.reduce((sum, amount) => sum + amount, 0n)).toBe(money(settled.need));
  });

  /** Kills a service with its transaction open at a row, or right after its commit, and starts another one. */
  async function killedAt(
    { service, table, row, committed = false }: Kill,
    send: (() => Promise<unknown>) | undefined,
  ): Promise<void> {
    const { connection, cables } = topology;
    const holder = connection.createQueryRunner();
    await holder.query('select pg_advisory_lock($1)', [LOCK]);
    await holder.query(
      `create function drill_hold() returns trigger language plpgsql as $$ begin
         if ${row} then perform pg_advisory_xact_lock(${LOCK}); end if; return new; end $$`,
    );
    await holder.query(
      `create trigger drill_hold before insert on ${table} for each row execute function drill_hold()`,
    );
    await send?.();
    await running(service);
    const waiting = async () =>
      (
        await connection.query<{ pid: number }[]>(
          `select pid from pg_locks where locktype = 'advisory' and objid = $1 and not granted`,
          [LOCK],
        )
      ).map(({ pid }) => pid);
    await eventually(async () => (await waiting()).length > 0, `${service} to write ${row}`, 60_000);
    const [pid] = await waiting();
    const gone = async () =>
      (await connection.query<unknown[]>('select 1 from pg_stat_activity where pid = $1', [pid])).length ===
      0;
    const process = services.get(service)!;
    if (committed) {
      cables.broker.cut();
      await holder.query('select pg_advisory_unlock($1)', [LOCK]);
      const unsent = async () =>
        (await connection.query<unknown[]>(`select 1 from outbox where topic = 'book'`)).length > 0;
      await eventually(unsent, 'the commit, its messages unsent', 30_000);
      await process.end('SIGKILL');
    } else {
      await process.end('SIGKILL');
      await connection.query('select pg_terminate_backend($1)', [pid]);
      await eventually(gone, 'its transaction to end');
      await holder.query('select pg_advisory_unlock($1)', [LOCK]);
    }
    await holder.query(`drop trigger drill_hold on ${table}`);
    await holder.query('drop function drill_hold');
    await holder.release();
    cables.broker.mend();
    services.delete(service);
  }

  /** A service that was killed is started anew only where the next kill is prepared. */
  async function running(service: ServiceName): Promise<void> {
    if (!services.has(service)) services.set(service, await topology.start(service));
  }
});
