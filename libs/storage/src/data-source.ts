import { readFileSync } from 'node:fs';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { Initial1700000000000 } from '../../../migrations/1700000000000-initial.js';
import { ENTITIES } from './entities/index.js';
import { PreparedClient } from './prepared-client.js';

/** "zkr": two processes that start at once must not migrate at once. */
const MIGRATION_LOCK = 0x7a6b72;

/** Options of every DataSource of the engine: entities, migrations, nothing synchronised behind one's back. */
export function dataSourceOptions(
  url: string,
  options: { poolSize?: number; caFile?: string; prepared?: boolean } = {},
): DataSourceOptions {
  const { poolSize = 10, caFile, prepared = false } = options;
  return {
    type: 'postgres',
    url,
    // TypeORM's own reading of a URL knows no Unix sockets (?host=…); the driver's does.
    // Statements of a transaction that need no answer are sent one after the other without waiting.
    extra: { connectionString: url, pipeline: true, ...(prepared ? { Client: PreparedClient } : {}) },
    entities: ENTITIES,
    migrations: [Initial1700000000000],
    synchronize: false,
    poolSize,
    applicationName: 'zkrisk',
    ...(caFile === undefined ? {} : { ssl: { ca: readFileSync(caFile, 'utf8') } }),
  };
}

/** How a thread reaches the database that its process is connected to; plain data, to be sent over. */
export interface DatabaseAddress {
  readonly url: string;
  /** certificates the server is trusted by */
  readonly ssl?: { readonly ca: string };
}

/** @throws {Error} for a connection that was not made with {@link dataSourceOptions} */
export function addressOf({ options }: DataSource): DatabaseAddress {
  if (options.type !== 'postgres' || options.url === undefined)
    throw new Error('not a connection of the engine');
  const { url, ssl } = options as { url: string; ssl?: { ca: string } };
  return { url, ...(ssl === undefined ? {} : { ssl: { ca: ssl.ca } }) };
}

/** A single connection of a thread's own. */
export function connectTo({ url, ssl }: DatabaseAddress): Promise<DataSource> {
  const options = dataSourceOptions(url, { poolSize: 1 });
  return new DataSource({ ...options, ...(ssl && { ssl }) }).initialize();
}

/** Brings a database's tables up to date; of several processes that do so at once, one does. */
export async function migrate(options: DataSourceOptions): Promise<void> {
  const database = await new DataSource({ ...options, poolSize: 3 } as DataSourceOptions).initialize();
  try {
    const runner = database.createQueryRunner();
    await runner.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    try {
      await database.runMigrations();
    } finally {
      await runner.query('select pg_advisory_unlock($1)', [MIGRATION_LOCK]);
      await runner.release();
    }
  } finally {
    await database.destroy();
  }
}
