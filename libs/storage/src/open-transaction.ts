import type pg from 'pg';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { allDone, deferWrites, sendTogether, type Statement, takeStatements } from './transaction-writes.js';

const COMMIT: Statement = { text: 'COMMIT', parameters: [] };

/**
 * A transaction on a connection of its own that writes at its end: its statements and its commit are sent in one go, so that the commit waits
 * neither for an answer of the server nor for a turn of this process. It may read while an earlier transaction is still being committed.
 */
export class OpenTransaction {
  private constructor(
    private readonly runner: QueryRunner,
    private readonly client: pg.ClientBase,
  ) {}

  /** @param before resolves when the transaction has committed that this one follows: {@link deferWrites} */
  static async begin(database: DataSource, before?: Promise<void>): Promise<OpenTransaction> {
    const runner = database.createQueryRunner();
    try {
      const client = (await runner.connect()) as pg.ClientBase;
      // Whatever the server's default is: each statement sees what has committed before it.
      await runner.startTransaction('READ COMMITTED');
      deferWrites(runner.manager, before);
      return new OpenTransaction(runner, client);
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
    return this.ending(sendTogether(this.client, [...statements, COMMIT]));
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
