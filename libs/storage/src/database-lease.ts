import type { DataSource, QueryRunner } from 'typeorm';

/**
 * Something only one process may do at a time, whoever is told to: an advisory lock, held by a connection of its own, gone with
 * the process or its connection.
 */
export class DatabaseLease {
  private runner: QueryRunner | undefined;

  /** @param key of the lock, the same in all processes */
  constructor(
    private readonly database: DataSource,
    private readonly key: number,
  ) {}

  /** Whether it is ours now: taken if nobody has it. Throws where the database cannot be reached. */
  async hold(): Promise<boolean> {
    if (this.runner !== undefined) {
      try {
        await this.runner.query('select 1');
        return true;
      } catch {
        await this.giveUp();
      }
    }
    const runner = this.database.createQueryRunner();
    try {
      const [{ taken }] = (await runner.query('select pg_try_advisory_lock($1) as taken', [this.key])) as [
        { taken: boolean },
      ];
      if (taken) this.runner = runner;
      else await runner.release();
      return taken;
    } catch (error) {
      await runner.release().catch(() => undefined);
      throw error;
    }
  }

  async giveUp(): Promise<void> {
    const { runner } = this;
    this.runner = undefined;
    await runner?.query('select pg_advisory_unlock($1)', [this.key]).catch(() => undefined);
    await runner?.release().catch(() => undefined);
  }
}
