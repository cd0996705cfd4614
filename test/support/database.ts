import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { dataSourceOptions, migrate, type RunningPostgres, startEmbeddedPostgres } from '#lib/storage';

/** A real PostgreSQL of a test's own, gone when the test is over. */
export interface TestDatabase {
  readonly url: string;
  readonly directory: string;
  /** stops the server as an operator would, its data stay; it comes back on another port */
  restart(downMs?: number): Promise<void>;
  connect(): Promise<DataSource>;
  stop(): Promise<void>;
}

/** @param given where it keeps its files; a directory made for it, and removed, where that is left out */
export async function startTestDatabase(given?: string): Promise<TestDatabase> {
  const directory = given ?? mkdtempSync(join(tmpdir(), 'zkrisk-'));
  let server: RunningPostgres = await startEmbeddedPostgres(join(directory, 'postgres'));
  const open: DataSource[] = [];
  return {
    get url() {
      return server.url;
    },
    directory,
    restart: async (downMs = 0) => {
      await server.stop();
      await sleep(downMs);
      server = await startEmbeddedPostgres(join(directory, 'postgres'));
    },
    connect: async () => {
      const options = dataSourceOptions(server.url);
      await migrate(options);
      const database = await new DataSource(options).initialize();
      open.push(database);
      return database;
    },
    stop: async () => {
      for (const database of open)
        if (database.isInitialized) await database.destroy().catch(() => undefined);
      await server.stop();
      if (given === undefined) rmSync(directory, { recursive: true, force: true });
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
