import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { SCOPES, type Scope } from '#lib/service';
import { listenTo, notify } from '#lib/storage';
import { UnauthenticatedError, UnknownKeyError } from './errors.js';

/** A key's limits of withdrawal; an omitted one does not limit. */
export interface Withdrawals {
  /** accounts and providers it may withdraw from, among its own; empty: none */
  readonly from?: readonly string[] | undefined;
  /** money in any 24 hours, a decimal */
  readonly perDay?: string | undefined;
}

/** Who calls. */
export interface Principal {
  readonly keyId: string;
  /** the person or the machine that has the key: two keys of one holder are one pair of eyes */
  readonly holder: string;
  readonly scopes: ReadonlySet<Scope>;
  /** accounts and providers it may act for; null: all */
  readonly accounts: ReadonlySet<string> | null;
  readonly ratePerSecond: number | null;
  readonly withdrawals: Withdrawals;
}

/** A key as it is listed: never its secret, which is not kept. */
export interface ApiKey {
  readonly id: string;
  readonly label: string;
  readonly holder: string;
  readonly scopes: Scope[];
  readonly accounts: string[] | null;
  readonly ratePerSecond: number | null;
  readonly withdrawals: Withdrawals;
  readonly createdAt: string;
  readonly revokedAt: string | null;
}

interface Row {
  id: string;
  label: string;
  holder: string;
  hash: Buffer;
  scopes: Scope[];
  accounts: string[] | null;
  rate_per_second: number | null;
  withdraws_from: string[] | null;
  withdraws_per_day: string | null;
  created_at: Date;
  revoked_at: Date | null;
}

export { SCOPES, type Scope };

const REFRESH_MS = 2_000;
const LEAST_REFRESH_MS = 50;
const SECRET_BYTES = 32;
/** Message between processes when a key is revoked. */
const REVOKED = 'zkrisk_key_revoked';

/**
 * Keys of the REST API. A key is 256 random bits, of which the SHA-256 hash is kept: there is nothing to guess, so nothing slow
 * is needed. Every process knows the valid ones by heart, reads them again every two seconds at the latest, and at once when another
 * process tells that it has revoked one, where it {@link follow}s.
 */
export class ApiKeys {
  private known = new Map<string, { hash: Buffer; principal: Principal }>();
  private readAt = 0;
  private reading: Promise<void> | undefined;
  private tickets = 0;
  private applied = 0;
  private changed: () => void = () => undefined;

  constructor(private readonly database: DataSource) {}

  /**
   * Whose key this is.
   *
   * @param text `zk_<id>_<secret>`
   * @throws {UnauthenticatedError}
   */
  async principalOf(text: string): Promise<Principal> {
    if (Date.now() - this.readAt > REFRESH_MS) await this.refresh();
    const [, id, secret] = /^zk_([0-9a-f]{16})_([\w-]{43})$/.exec(text) ?? [];
    // A key that was made a moment ago is not known yet; one that was made up is not looked up more often than that.
    if (id !== undefined && !this.known.has(id)) await this.refresh();
    const key = id === undefined ? undefined : this.known.get(id);
    if (key === undefined || !timingSafeEqual(key.hash, hashOf(secret)))
      throw new UnauthenticatedError('the API key is not known, or not valid any more');
    return key.principal;
  }

  /**
   * Reads the keys again as soon as any process has revoked one.
   *
   * @param changed called after every reading
   * @returns ends it
   */
  follow(changed: () => void): () => Promise<void> {
    this.changed = changed;
    return listenTo(this.database, REVOKED, () => {
      this.readAt = 0;
      this.read().catch(() => undefined);
    });
  }

  /** Whether a key is valid, as the keys were read last. */
  isValid(keyId: string): boolean {
    return this.known.has(keyId);
  }

  /** Reads the keys again where that has not been done lately. */
  async renew(): Promise<void> {
    if (Date.now() - this.readAt > REFRESH_MS) await this.refresh();
  }

  /**
   * Makes a key; this is the only time it is told.
   *
   * @param options.holder who has it; its label where left out
   */
  async create(options: {
    label: string;
    holder?: string | undefined;
    scopes: readonly Scope[];
    accounts?: readonly string[] | undefined;
    ratePerSecond?: number | undefined;
    withdrawals?: Withdrawals | undefined;
  }): Promise<{ key: string; id: string }> {
    const id = randomBytes(8).toString('hex');
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    const { from, perDay } = options.withdrawals ?? {};
    await this.database.query(
      `insert into api_key
         (id, label, hash, scopes, accounts, rate_per_second, holder, withdraws_from, withdraws_per_day)
       values ($1, $2, $3, $4::text[], $5::text[], $6, $7, $8::text[], $9)`,
      [
        ...[id, options.label, hashOf(secret), options.scopes],
        ...[options.accounts ?? null, options.ratePerSecond ?? null],
        ...[options.holder ?? options.label, from ?? null, perDay ?? null],
      ],
    );
    this.readAt = 0;
    return { key: `zk_${id}_${secret}`, id };
  }

  async list(): Promise<ApiKey[]> {
    const rows = await this.database.query<Row[]>('select * from api_key order by created_at');
    return rows.map((row) => ({
      ...{ id: row.id, label: row.label, holder: row.holder, scopes: row.scopes, accounts: row.accounts },
      ratePerSecond: row.rate_per_second,
      withdrawals: withdrawalsOf(row),
      createdAt: row.created_at.toISOString(),
      revokedAt: row.revoked_at?.toISOString() ?? null,
    }));
  }

  /** @throws {UnknownKeyError} */
  async revoke(id: string): Promise<void> {
    const [, count] = await this.database.query<[unknown[], number]>(
      'update api_key set revoked_at = coalesce(revoked_at, now()) where id = $1',
      [id],
    );
    if (count === 0) throw new UnknownKeyError(`there is no key ${id}`, { id });
    this.readAt = 0;
    await notify(this.database, REVOKED);
  }

  /** Reads the keys as they are now, or a moment later. */
  private refresh(): Promise<void> {
    this.reading ??= sleep(this.readAt + LEAST_REFRESH_MS - Date.now()).then(() => {
      this.reading = undefined;
      return this.read();
    });
    return this.reading;
  }

  private async read(): Promise<void> {
    this.readAt = Date.now();
    const ticket = ++this.tickets;
    const rows = await this.database.query<Row[]>('select * from api_key where revoked_at is null');
    // An older reading that took longer does not bring a revoked key back.
    if (ticket < this.applied) return;
    this.applied = ticket;
    this.known = new Map(
      rows.map((row) => {
        const { id, hash, holder, scopes, accounts, rate_per_second } = row;
        const principal = {
          ...{ keyId: id, holder, scopes: new Set(scopes), ratePerSecond: rate_per_second },
          accounts: accounts === null ? null : new Set(accounts),
          withdrawals: withdrawalsOf(row),
        };
        return [id, { hash, principal }];
      }),
    );
    this.changed();
  }
}

function withdrawalsOf({ withdraws_from, withdraws_per_day }: Row): Withdrawals {
  return {
    ...(withdraws_from === null ? {} : { from: withdraws_from }),
    ...(withdraws_per_day === null ? {} : { perDay: withdraws_per_day }),
  };
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
