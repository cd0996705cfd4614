import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import {
  accessEnvironment,
  type ApiKey,
  ApiKeys,
  hostEnvironment,
  type Scope,
  SCOPES,
  signedHeaders,
} from '#lib/host';
import { readConfig } from '#lib/service';
import { dataSourceOptions, migrate } from '#lib/storage';
import { UsageError } from '#lib/terminal';

/** Works on the keys of the database that DATABASE_URL names: for the first key, and where no process runs. */
export async function withKeys<T>(work: (keys: ApiKeys) => Promise<T>): Promise<T> {
  const { DATABASE_URL } = readConfig(
    hostEnvironment.extend({ DATABASE_URL: z.string().meta({ secret: true }) }),
    process.env,
  );
  const options = dataSourceOptions(DATABASE_URL);
  await migrate(options);
  const database = await new DataSource(options).initialize();
  try {
    return await work(new ApiKeys(database));
  } finally {
    await database.destroy();
  }
}

export function createKeyCommand(options: {
  label: string;
  scopes: string[];
  accounts?: string[];
  rate?: number;
}): Promise<{ key: string; id: string }> {
  const unknown = options.scopes.filter((scope) => !SCOPES.includes(scope as Scope));
  if (unknown.length > 0)
    throw new UsageError(`--scopes: ${unknown.join(', ')} is not one of ${SCOPES.join(', ')}`);
  const { label, accounts, rate } = options;
  return withKeys((keys) =>
    keys.create({ label, scopes: options.scopes as Scope[], accounts, ratePerSecond: rate }),
  );
}

export const listKeysCommand = (): Promise<ApiKey[]> => withKeys((keys) => keys.list());
export const revokeKeyCommand = (id: string): Promise<void> => withKeys((keys) => keys.revoke(id));

/** Makes a signed admin call; ADMIN_SECRET signs it. */
export async function adminCommand(options: {
  method: string;
  path: string;
  url: string;
  key: string;
  body?: string;
}): Promise<{ status: number; body: unknown }> {
  const { ADMIN_SECRET } = readConfig(accessEnvironment, process.env);
  if (ADMIN_SECRET === undefined) throw new UsageError('ADMIN_SECRET: is needed to sign with');
  const { path, url, key, body = '' } = options;
  const method = options.method.toUpperCase();
  const call = { method, url: path, body: Buffer.from(body), nonce: randomUUID() };
  const response = await fetch(new URL(path, url), {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body === '' ? {} : { 'content-type': 'application/json' }),
      ...signedHeaders(ADMIN_SECRET, call),
    },
    ...(body === '' ? {} : { body }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? null : (JSON.parse(text) as unknown) };
}
