import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { dataSourceOptions, migrate, type RunningPostgres, startEmbeddedPostgres } from '#lib/storage';

/** Variable with the URL of the server that spec files share; `shared-database.ts` sets it. */
export const TEST_SERVER = 'ZKRISK_TEST_SERVER';

/** Migrated database on the shared server that every test database is a copy of. */
export const TEMPLATE_DATABASE = 'zkrisk_template';

/** A PostgreSQL database for one test file, dropped when the file has ended. */
export interface TestDatabase {
  readonly url: string;
  /** a folder for this file alone */
  readonly directory: string;
  connect(): Promise<DataSource>;
  stop(): Promise<void>;
}

/** A PostgreSQL server for one test file, for tests that stop it or change its settings. */
export interface TestDatabaseServer extends TestDatabase {
  /** stops the server as an operator would; its data stay, and it comes back on another port */
  restart(downMs?: number): Promise<void>;
}

/**
 * Creates a database on the server that all files share; starts a server where none is shared (drills, benchmarks).
 *
 * @param from another such database, which nobody is connected to: this one begins as its copy
 */
export async function startTestDatabase(from?: TestDatabase): Promise<TestDatabase> {
  const shared = process.env[TEST_SERVER];
  if (shared === undefined) {
    if (from !== undefined) throw new Error('only databases of a shared server can be copied');
    return startTestDatabaseServer();
  }
  const directory = mkdtempSync(join(tmpdir(), 'zkrisk-'));
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const admin = async (statement: string) => {
    const connection = await new DataSource({ type: 'postgres', url: shared, poolSize: 1 }).initialize();
    try {
      await connection.query(statement);
    } finally {
      await connection.destroy();
    }
  };
  const template = from === undefined ? TEMPLATE_DATABASE : new URL(from.url).pathname.slice(1);
  await admin(`create database ${name} template ${template}`);
  const url = new URL(shared);
  url.pathname = name;
  const open: DataSource[] = [];
  return {
    url: url.href,
    directory,
    connect: () => connectTo(url.href, open),
    stop: async () => {
      await closeAll(open);
      await admin(`drop database ${name} with (force)`);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Tests cut the way to a database with a proxy between: that takes TCP. */
export const BY_TCP = { listen_addresses: '127.0.0.1' };

/** @param given where the server keeps its files; by default a temporary folder, removed at the end */
export async function startTestDatabaseServer(given?: string): Promise<TestDatabaseServer> {
  const directory = given ?? mkdtempSync(join(tmpdir(), 'zkrisk-'));
  let server: RunningPostgres = await startEmbeddedPostgres(join(directory, 'postgres'), BY_TCP);
  const open: DataSource[] = [];
  return {
    get url() {
      return server.url;
    },
    directory,
    restart: async (downMs = 0) => {
      await server.stop();
      await sleep(downMs);
      server = await startEmbeddedPostgres(join(directory, 'postgres'), BY_TCP);
    },
    connect: () => connectTo(server.url, open),
    stop: async () => {
      await closeAll(open);
      await server.stop();
      if (given === undefined) rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function connectTo(url: string, open: DataSource[]): Promise<DataSource> {
  const options = dataSourceOptions(url);
  await migrate(options);
  const database = await new DataSource(options).initialize();
  open.push(database);
  return database;
}

async function closeAll(open: readonly DataSource[]): Promise<void> {
  for (const database of open) if (database.isInitialized) await database.destroy().catch(() => undefined);
}

/**
 * Waits until a condition holds.
 *
 * @throws {Error} after `timeoutMs`, with the name of the condition
 */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 50_000,
): Promise<void> {
  const began = Date.now();
  while (!(await condition())) {
    if (Date.now() - began > timeoutMs) throw new Error(`timed out waiting for ${what}`);
    // Soon at first, ten times a second later: a condition may be a query over a whole table.
    await sleep(Math.min(100, 20 + (Date.now() - began) / 50));
  }
}
