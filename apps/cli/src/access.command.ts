import { createHash, randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import {
  accessEnvironment,
  type ApiKey,
  ApiKeys,
  type AuditHead,
  AuditLog,
  type AuditVerdict,
  hostEnvironment,
  type Scope,
  SCOPES,
  signedHeaders,
  verifyAuditLog,
  type Withdrawals,
} from '#lib/host';
import { fields } from '#lib/messages';
import { readConfig } from '#lib/service';
import { dataSourceOptions, migrate } from '#lib/storage';
import { UsageError } from '#lib/terminal';

/** Works on the database that DATABASE_URL names. */
async function withDatabase<T>(work: (database: DataSource) => Promise<T>): Promise<T> {
  const { DATABASE_URL } = readConfig(
    hostEnvironment.extend({ DATABASE_URL: z.string().meta({ secret: true }) }),
    process.env,
  );
  const options = dataSourceOptions(DATABASE_URL);
  await migrate(options);
  const database = await new DataSource(options).initialize();
  try {
    return await work(database);
  } finally {
    await database.destroy();
  }
}

/** Creates and revokes keys without a running process, the first key above all. Each change is in the audit log. */
function withKeys<T>(method: string, path: string, work: (keys: ApiKeys) => Promise<T>): Promise<T> {
  return withDatabase(async (database) => {
    const audit = new AuditLog(database);
    const begun = await audit.begin({
      ...{ service: 'cli', keyId: null, address: 'the database', method, path },
      ...{ requestId: randomUUID(), bodyHash: createHash('sha256').update(path).digest('hex') },
    });
    const done = await work(new ApiKeys(database));
    await audit.end(begun, 200);
    return done;
  });
}

export function createKeyCommand(options: {
  label: string;
  scopes: string[];
  holder?: string;
  accounts?: string[];
  rate?: number;
  withdrawFrom?: string[];
  withdrawPerDay?: string;
}): Promise<{ key: string; id: string }> {
  const unknown = options.scopes.filter((scope) => !SCOPES.includes(scope as Scope));
  if (unknown.length > 0)
    throw new UsageError(`--scopes: ${unknown.join(', ')} is not one of ${SCOPES.join(', ')}`);
  const { label, holder, accounts, rate, withdrawFrom: from, withdrawPerDay: perDay } = options;
  if (perDay !== undefined && !fields.amount.safeParse(perDay).success)
    throw new UsageError('--withdraw-per-day: must be a plain decimal number, at most 1e15');
  const withdrawals: Withdrawals = { from, perDay };
  const scopes = options.scopes as Scope[];
  return withKeys('CREATE', `api-key ${label} ${scopes.join()} ${accounts?.join() ?? '*'}`, (keys) =>
    keys.create({ label, holder, scopes, accounts, ratePerSecond: rate, withdrawals }),
  );
}

export const listKeysCommand = (): Promise<ApiKey[]> =>
  withDatabase((database) => new ApiKeys(database).list());
export const revokeKeyCommand = (id: string): Promise<void> =>
  withKeys('REVOKE', `api-key ${id}`, (keys) => keys.revoke(id));

/** Computes the audit log's chain of hashes again. @param heads `sequence:hash`, as they were published elsewhere */
export function verifyAuditCommand(heads: readonly string[]): Promise<AuditVerdict> {
  const published = heads.map((text): AuditHead => {
    const [, sequence, hash] = /^(\d{1,15}):(?:0x)?([0-9a-f]{64})$/.exec(text) ?? [];
    if (hash === undefined) throw new UsageError(`--head: ${text} is not sequence:hash`);
    return { sequence: Number(sequence), hash };
  });
  return withDatabase((database) => verifyAuditLog(database, published));
}

export const auditHeadCommand = (): Promise<AuditHead> =>
  withDatabase((database) => new AuditLog(database).head());

export interface AdminCall {
  readonly method: string;
  readonly path: string;
  readonly url: string;
  readonly key: string;
  readonly body?: string;
  /** approves the call, which somebody else will make, instead of making it */
  readonly approve?: boolean;
}

/** Makes a signed admin call; ADMIN_SECRET signs it. */
export async function adminCommand({ approve, ...options }: AdminCall): Promise<{
  status: number;
  body: unknown;
}> {
  if (approve === true) {
    const { method, path, url, key, body = '' } = options;
    const call = JSON.stringify({ method: method.toUpperCase(), path, body });
    return adminCommand({ method: 'POST', path: '/v1/admin/approvals', url, key, body: call });
  }
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
