import type pg from 'pg';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import {
  allDone,
  BEGIN,
  COMMIT,
  deferWrites,
  sendTogether,
  type Statement,
  takeStatements,
} from './transaction-writes.js';

/** What TypeORM knows of a connection's transaction. */
interface TransactionState {
  isTransactionActive: boolean;
  transactionDepth: number;
}

/**
 * A transaction on a connection of its own that writes at its end: its statements and its commit are sent in one go, so that the commit waits
 * neither for an answer of the server nor for a turn of this process. It may read while an earlier transaction is still being committed.
 */
export class OpenTransaction {
  private constructor(
    private readonly runner: QueryRunner,
    private readonly client: pg.ClientBase,
    /** its beginning, which the server has been sent */
    private readonly begun: Promise<pg.QueryResult>,
  ) {}

  /**
   * Does not wait for the server: whatever is sent next, is sent behind it.
   *
   * @param before resolves when the transaction has committed that this one follows: {@link deferWrites}
   */
  static async begin(database: DataSource, before?: Promise<void>): Promise<OpenTransaction> {
    const runner = database.createQueryRunner();
    try {
      const client = (await runner.connect()) as pg.ClientBase;
      const begun = client.query(BEGIN.text);
      // Whoever commits gets the error.
      begun.catch(() => undefined);
      // TypeORM's own beginning waits for the answers to two statements before the first read is sent.
      Object.assign(runner as unknown as TransactionState, {
        isTransactionActive: true,
        transactionDepth: 1,
      });
      deferWrites(runner.manager, before);
      return new OpenTransaction(runner, client, begun);
    } catch (error) {
      await runner.release();
      throw error;
    }
  }

  get manager(): EntityManager {
    return this.runner.manager;
  }

  /**
   * Sends what was deferred, further statements, and the commit, before it returns. The promise resolves when all of it has committed.
   * Where a statement fails, nothing is committed: a statement may be written to fail where the transaction must not commit.
   *
   * @throws {Error} the first failing statement's, as a rejection; the caller does not roll back
   */
  commit(further: readonly Statement[]): Promise<void> {
    const statements = [...takeStatements(this.manager), ...further];
    try {
      for (const { parameters } of statements) requirePlain(parameters);
    } catch (error) {
      return this.rollback().then(() => {
        throw error;
      });
    }
    return this.ending([this.begun, ...sendTogether(this.client, [...statements, COMMIT])]);
  }

  /** Rolls it back; where the connection is lost, the server does so itself. */
  async rollback(): Promise<void> {
    await this.runner.rollbackTransaction().catch(() => undefined);
    await this.runner.release();
  }

  private async ending(answers: Promise<pg.QueryResult>[]): Promise<void> {
    try {
      const ended = (await allDone(answers)).at(-1);
      // The server answers otherwise to the commit of a transaction in which a statement has failed.
      if (ended?.command !== 'COMMIT') throw new Error('the server has rolled the transaction back');
    } finally {
      await this.runner.release();
    }
  }
}

/**
 * The driver leaves out a statement whose parameters it cannot write, and the commit behind it would commit the others.
 *
 * @throws {TypeError} for a parameter that it might not be able to write
 */
function requirePlain(parameters: readonly unknown[]): void {
  for (const value of parameters) {
    if (value === null || typeof value === 'string' || typeof value === 'number' || Buffer.isBuffer(value))
      continue;
    if (!Array.isArray(value)) throw new TypeError(`a ${typeof value} is no parameter of a statement`);
    requirePlain(value);
  }
}
