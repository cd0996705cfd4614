import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { dataSourceOptions, migrate, startEmbeddedPostgres } from '#lib/storage';
import { BY_TCP, TEMPLATE_DATABASE, TEST_SERVER } from './database.js';

/** Nothing in these databases has to survive a crash of the machine. */
const NOT_DURABLE = {
  ...BY_TCP,
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '400',
};

/**
 * Starts the PostgreSQL server of all spec files of a project (vitest calls it once, before the first file) and
 * migrates the database that theirs are copied from.
 * The complete run starts one for all its files.
 *
 * @returns stops the server and removes its files
 */
export default async function startSharedDatabase(): Promise<() => Promise<void>> {
  if (process.env[TEST_SERVER] !== undefined) return () => Promise.resolve();
  const directory = mkdtempSync(join(tmpdir(), 'zkrisk-shared-'));
  const server = await startEmbeddedPostgres(join(directory, 'postgres'), NOT_DURABLE);
  const admin = await new DataSource({ type: 'postgres', url: server.url }).initialize();
  await admin.query(`create database ${TEMPLATE_DATABASE}`);
  await admin.destroy();
  const template = new URL(server.url);
  template.pathname = TEMPLATE_DATABASE;
  await migrate(dataSourceOptions(template.href));
  // Files run in processes of their own, which inherit the environment.
  process.env[TEST_SERVER] = server.url;
  return async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  };
}
