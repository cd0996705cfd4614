import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { dataSourceOptions, migrate, type RunningPostgres, startEmbeddedPostgres } from '#lib/storage';

/** A real PostgreSQL of a test's own, gone when the test is over. */
export interface TestDatabase {
  readonly url: string;
  readonly directory: string;
  readonly server: RunningPostgres;
  connect(): Promise<DataSource>;
  stop(): Promise<void>;
}

export async function startTestDatabase(): Promise<TestDatabase> {
  const directory = mkdtempSync(join(tmpdir(), 'zkrisk-'));
  const server = await startEmbeddedPostgres(join(directory, 'postgres'));
  const open: DataSource[] = [];
  return {
    url: server.url,
    directory,
    server,
    connect: async () => {
      const options = dataSourceOptions(server.url);
      await migrate(options);
      const database = await new DataSource(options).initialize();
      open.push(database);
      return database;
    },
    stop: async () => {
      for (const database of open) if (database.isInitialized) await database.destroy();
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Waits until a condition holds. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 20_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`timed out waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
