import { createHash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { Principal } from './api-keys.js';
import { SecondHolderError } from './errors.js';

/** An admin call as it will be made: method, path with query, body to the byte. */
export interface ApprovedCall {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

export interface Approval extends ApprovedCall {
  readonly id: number;
  readonly keyId: string;
  readonly holder: string;
  readonly at: string;
  readonly expiresAt: string;
}

const LIFETIME_MS = 3_600_000;

/**
 * Admin calls that move money or change parameters need two keys of different holders: the second holder approves the very call, to
 * the byte, and the first then makes it, once, within an hour.
 */
export class Approvals {
  constructor(private readonly database: DataSource) {}

  async approve(
    { keyId, holder }: Principal,
    call: ApprovedCall,
  ): Promise<{ id: number; expiresAt: string }> {
    const method = call.method.toUpperCase();
    const [{ id, at }] = await this.database.query<[{ id: string; at: Date }]>(
      `insert into admin_approval (method, path, body, body_hash, key_id, holder)
       values ($1, $2, $3, $4, $5, $6) returning id, at`,
      [method, call.path, call.body, hashOf(call.body), keyId, holder],
    );
    return { id: Number(id), expiresAt: expiryOf(at) };
  }

  /** Approvals that can still be used, the newest first. */
  async open(): Promise<Approval[]> {
    const rows = await this.database.query<
      { id: string; method: string; path: string; body: string; key_id: string; holder: string; at: Date }[]
    >(
      `select id, method, path, body, key_id, holder, at from admin_approval
       where used_by is null and at > now() - $1 * interval '1 millisecond' order by id desc limit 100`,
      [LIFETIME_MS],
    );
    return rows.map(({ id, method, path, body, key_id, holder, at }) => ({
      ...{ id: Number(id), method, path, body, keyId: key_id, holder },
      ...{ at: at.toISOString(), expiresAt: expiryOf(at) },
    }));
  }

  /**
   * Uses up an approval of a call by the key of somebody else, which must still be valid.
   *
   * @throws {SecondHolderError} where there is none
   */
  async use({ keyId, holder }: Principal, method: string, path: string, body: Buffer): Promise<void> {
    const [used] = await this.database.query<[object[], number]>(
      `update admin_approval set used_by = $1 where id = (
         select a.id from admin_approval a join api_key k on k.id = a.key_id
         where a.used_by is null and a.method = $2 and a.path = $3 and a.body_hash = $4 and a.body = $5
           and a.at > now() - $6 * interval '1 millisecond'
           and k.revoked_at is null and 'admin' = any(k.scopes) and k.holder <> $7
         order by a.id limit 1 for update of a skip locked) returning id`,
      [keyId, method, path, hashOf(body), body.toString(), LIFETIME_MS, holder],
    );
    if (used.length > 0) return;
    throw new SecondHolderError(
      `this call needs another holder than ${holder}: a key of another holder approves it first, to the byte (POST /v1/admin/approvals)`,
      { holder },
    );
  }
}

const hashOf = (body: string | Buffer): string => createHash('sha256').update(body).digest('hex');
const expiryOf = (at: Date): string => new Date(at.getTime() + LIFETIME_MS).toISOString();
