import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { addressOf } from './data-source.js';

const RECONNECT_MS = 1000;

/**
 * Calls back whenever any process notifies a channel of the database, and after every reconnection: notices sent meanwhile are not
 * known.
 *
 * @returns ends it
 */
export function listenTo(database: DataSource, channel: string, heard: () => void): () => Promise<void> {
  const stopping = new AbortController();
  const running = listen(database, channel, heard, stopping.signal);
  return async () => {
    stopping.abort();
    await running;
  };
}

async function listen(
  database: DataSource,
  channel: string,
  heard: () => void,
  signal: AbortSignal,
): Promise<void> {
  const { url, ssl } = addressOf(database);
  while (!signal.aborted) {
    const client = new pg.Client({ connectionString: url, keepAlive: true, ...(ssl && { ssl }) });
    const lost = new Promise<void>((resolve) => {
      client.once('end', resolve);
      client.once('error', () => {
        resolve();
      });
      signal.addEventListener('abort', () => {
        resolve();
      });
    });
    client.on('notification', heard);
    try {
      await client.connect();
      await client.query(`listen ${client.escapeIdentifier(channel)}`);
      heard();
      await lost;
    } catch {
      // The database is away: tried again in a moment.
    }
    await client.end().catch(() => undefined);
    await sleep(RECONNECT_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Tells all processes that listen to a channel of the database. */
export async function notify(database: DataSource, channel: string): Promise<void> {
  await database.query('select pg_notify($1, $2)', [channel, '']);
}
