import type { Writable } from 'node:stream';
import type pg from 'pg';
import type { EntityManager } from 'typeorm';
import { insertRows } from './insert-rows.js';
import { textList, texts } from './text-list.js';

/** A named value of a service, as JSON. */
export interface StateRow {
  readonly service: string;
  readonly name: string;
  /** null: it is removed */
  readonly text: StateText | null;
}

/** JSON, or a function that makes it when it is sent: no JSON is made of a value that is replaced before. */
export type StateText = string | (() => string);

/** A statement whose result nobody needs. */
export interface Statement {
  readonly text: string;
  readonly parameters: readonly unknown[];
}

/** Whatever the server's default is: each statement sees what has committed before it. */
export const BEGIN: Statement = { text: 'begin isolation level read committed', parameters: [] };
export const COMMIT: Statement = { text: 'commit', parameters: [] };

/** Writes of a transaction that have not been sent. */
interface Deferred {
  readonly states: Map<string, StateRow>;
  readonly statements: Statement[];
  /** rows that are written together, by table */
  readonly gathered: Map<
    string,
    { readonly rows: unknown[]; statement(rows: readonly unknown[]): Statement }
  >;
  /** statements that have been sent, and whose answers nobody has waited for */
  readonly sent: Promise<void>[];
  /** resolves when the transaction has committed that this one follows; nothing is sent before */
  readonly before: Promise<void> | undefined;
}

/** The name of the deferred writes among the data of the transaction's connection. */
const DEFERRED = 'deferredWrites';

const deferredOf = (manager: EntityManager): Deferred | undefined =>
  manager.queryRunner?.data[DEFERRED] as Deferred | undefined;

/**
 * From here on the transaction's statements of {@link write}, {@link writeRows} and {@link writeStates} wait for {@link flushWrites}, which sends
 * them without waiting for one before the next, and only the last value of each name of a service. The transaction must flush before it reads a
 * table that they write.
 *
 * @param before resolves when another transaction has committed that this one follows: flushing waits for it, so that what is read after
 * a flush has its writes
 * @throws {Error} outside of a transaction
 */
export function deferWrites(manager: EntityManager, before?: Promise<void>): void {
  const { queryRunner } = manager;
  if (queryRunner?.isTransactionActive !== true)
    throw new Error('writes are deferred until the end of a transaction, and there is none');
  queryRunner.data[DEFERRED] = {
    states: new Map(),
    statements: [],
    gathered: new Map(),
    sent: [],
    before,
  } satisfies Deferred;
}

/** A statement whose result nobody needs: sent at once, or with the others where the transaction defers its writes. */
export async function write(
  manager: EntityManager,
  text: string,
  parameters: readonly unknown[],
): Promise<void> {
  const deferred = deferredOf(manager);
  if (deferred === undefined) await manager.query(text, [...parameters]);
  else deferred.statements.push({ text, parameters });
}

/**
 * Writes a table's rows, or keeps them for a statement of many in a transaction that defers its writes. Whatever reads the table within it must flush before.
 *
 * @param table in which no other statement of the transaction writes the same rows
 * @param statement that writes rows in their order; the same for every call of a table
 */
export async function writeRows<Row>(
  manager: EntityManager,
  table: string,
  rows: readonly Row[],
  statement: (rows: readonly Row[]) => Statement,
): Promise<void> {
  const deferred = deferredOf(manager);
  if (deferred === undefined) {
    const { text, parameters } = statement(rows);
    return write(manager, text, parameters);
  }
  const gathered = deferred.gathered.get(table);
  if (gathered !== undefined) gathered.rows.push(...rows);
  else deferred.gathered.set(table, { rows: [...rows], statement });
}

/**
 * Writes values of services, or keeps them for {@link flushWrites}.
 *
 * @param rows no two of one name
 */
export async function writeStates(manager: EntityManager, rows: readonly StateRow[]): Promise<void> {
  const deferred = deferredOf(manager);
  if (deferred !== undefined) for (const row of rows) deferred.states.set(`${row.service} ${row.name}`, row);
  else for (const { text, parameters } of statementsOf(rows)) await write(manager, text, parameters);
}

/** Sends the statements and rows that were deferred so far, without waiting: the server works while the transaction goes on. */
export function sendStatements(manager: EntityManager): void {
  const deferred = deferredOf(manager);
  if (deferred === undefined) return;
  const statements = takeRows(deferred);
  if (statements.length === 0) return;
  const answered = send(manager, statements);
  // Whoever waits for it gets the error.
  answered.catch(() => undefined);
  deferred.sent.push(answered);
}

/** Sends the statements and rows that were deferred so far and waits for them, for a read that depends on them; values of services wait on. */
export async function flushStatements(manager: EntityManager): Promise<void> {
  const deferred = deferredOf(manager);
  await deferred?.before;
  sendStatements(manager);
  await allDone(deferred?.sent.splice(0) ?? []);
}

/**
 * As {@link flushStatements} where this transaction has any statement or row; where it has none, a read may lack the writes of the transaction
 * that it follows.
 */
export async function flushOwnStatements(manager: EntityManager): Promise<void> {
  const deferred = deferredOf(manager);
  if (deferred === undefined) return;
  const { statements, sent, gathered } = deferred;
  if (statements.length + sent.length + gathered.size > 0) await flushStatements(manager);
}

/**
 * Sends what was deferred so far and waits for all of it.
 *
 * @throws {Error} the first statement's that fails
 */
export async function flushWrites(manager: EntityManager): Promise<void> {
  const deferred = deferredOf(manager);
  if (deferred === undefined) return;
  deferred.statements.push(...takeStatements(manager));
  await flushStatements(manager);
}

/** Takes all deferred writes, in the order in which the caller has to send them. */
export function takeStatements(manager: EntityManager): Statement[] {
  const deferred = deferredOf(manager);
  if (deferred === undefined) return [];
  const states = [...deferred.states.values()];
  deferred.states.clear();
  return [...takeRows(deferred), ...statementsOf(states)];
}

/** Takes the deferred statements and rows; values of services stay. */
function takeRows({ statements, gathered }: Deferred): Statement[] {
  const tables = [...gathered.values()];
  gathered.clear();
  return [...statements.splice(0), ...tables.map(({ rows, statement }) => statement(rows))];
}

/**
 * Waits for all, so that nothing of a transaction is under way when it ends.
 *
 * @throws {Error} the first one's that fails
 */
export async function allDone<T extends readonly unknown[]>(
  work: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const failed = (await Promise.allSettled(work)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return Promise.all(work);
}

async function send(manager: EntityManager, statements: readonly Statement[]): Promise<void> {
  const client = (await manager.queryRunner!.connect()) as pg.ClientBase;
  await allDone(sendTogether(client, statements));
}

/** Sends statements with one write to the socket: each would be a call of the system. @returns their answers, in the same order */
export function sendTogether(
  client: pg.ClientBase,
  statements: readonly Statement[],
): Promise<pg.QueryResult>[] {
  const socket = (client as { connection?: { stream?: Writable } }).connection?.stream;
  socket?.cork();
  const answers = statements.map(({ text, parameters }) => client.query(text, [...parameters]));
  socket?.uncork();
  return answers;
}

function statementsOf(rows: readonly StateRow[]): Statement[] {
  const kept = rows.filter(({ text }) => text !== null);
  const removed = rows.filter(({ text }) => text === null);
  const statements: Statement[] = [];
  if (kept.length > 0)
    statements.push(
      insertRows(
        'service_state',
        {
          service: ['text', ({ service }) => service],
          name: ['text', ({ name }) => name],
          value: ['json', ({ text }) => (typeof text === 'function' ? text() : text)],
        },
        kept,
        'on conflict (service, name) do update set value = excluded.value',
      ),
    );
  if (removed.length > 0)
    statements.push({
      text: `delete from service_state s using unnest(${texts('$1')}, ${texts('$2')}) as r (service, name)
         where s.service = r.service and s.name = r.name`,
      parameters: [
        textList(removed.map(({ service }) => service)),
        textList(removed.map(({ name }) => name)),
      ],
    });
  return statements;
}
