import { createHash } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { MonthlyPartitions } from '#lib/storage';

/** A call that may change state. */
export interface AuditEntry {
  readonly service: string;
  readonly keyId: string | null;
  readonly address: string;
  readonly method: string;
  readonly path: string;
  readonly requestId: string;
  /** SHA-256 of the body, hexadecimal */
  readonly bodyHash: string;
}

/** A call's entry in the chain: its beginning, or its end. */
type Link = AuditEntry | { readonly ends: number; readonly status: number };

export interface RecordedEntry extends AuditEntry {
  readonly id: number;
  readonly at: string;
  /** null while it runs, or where the process ended before it had */
  readonly status: number | null;
}

/** The last entry's number, and the hash over it and all before it. */
export interface AuditHead {
  readonly sequence: number;
  /** SHA-256, hexadecimal */
  readonly hash: string;
}

/** Entries written in one transaction at most. */
const BATCH = 500;

/**
 * Every call that may change state, written down before it does. An entry's hash is SHA-256 over the hash of the entry before it and
 * its own text, so that no entry can be altered, left out or put in without altering all that follow; `zkrisk audit-log verify`
 * computes them again. Entries that come at once are written together: the chain has one end, and its row is locked once for all.
 *
 * Entries are kept for ever, in partitions by month; an operator may drop the oldest ones, and the check then begins after them.
 */
export class AuditLog {
  private readonly partitions = new MonthlyPartitions(['audit_log']);
  private waiting: { link: Link; done: (sequence: number) => void; failed: (error: unknown) => void }[] = [];
  private writing = false;

  constructor(private readonly database: DataSource) {}

  /** @returns the entry's number, which {@link end} takes */
  begin(entry: AuditEntry): Promise<number> {
    return this.append(entry);
  }

  async end(begun: number, status: number): Promise<void> {
    await this.append({ ends: begun, status });
  }

  async head(): Promise<AuditHead> {
    return headOf(this.database.manager);
  }

  /** The newest first, before an id. */
  async list({ before, limit }: { before?: number | undefined; limit: number }): Promise<RecordedEntry[]> {
    const rows = await this.database.query<{ sequence: string; entry: string; ended: string | null }[]>(
      `select b.sequence, b.entry, e.entry as ended from audit_log b left join audit_log e on e.ends = b.sequence
       where b.ends is null and b.sequence < $1 order by b.sequence desc limit $2`,
      [before ?? Number.MAX_SAFE_INTEGER, limit],
    );
    return rows.map(({ sequence, entry, ended }) => {
      const { at, ...call } = JSON.parse(entry) as AuditEntry & { at: number; sequence: number };
      return {
        ...{ id: Number(sequence), at: new Date(at).toISOString(), service: call.service, keyId: call.keyId },
        ...{ address: call.address, method: call.method, path: call.path, requestId: call.requestId },
        bodyHash: call.bodyHash,
        status: ended === null ? null : (JSON.parse(ended) as { status: number }).status,
      };
    });
  }

  private append(link: Link): Promise<number> {
    return new Promise((done, failed) => {
      this.waiting.push({ link, done, failed });
      if (!this.writing) void this.write();
    });
  }

  private async write(): Promise<void> {
    this.writing = true;
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, BATCH);
      try {
        const last = await this.database.transaction((manager) =>
          this.link(
            manager,
            batch.map(({ link }) => link),
          ),
        );
        batch.forEach(({ done }, i) => {
          done(last - batch.length + 1 + i);
        });
      } catch (error) {
        this.partitions.forget();
        for (const { failed } of batch) failed(error);
      }
    }
    this.writing = false;
  }

  /** @returns the last entry's number */
  private async link(manager: EntityManager, links: readonly Link[]): Promise<number> {
    const at = Date.now();
    await this.partitions.prepare(manager, 'audit_log', [at]);
    let { sequence, hash } = await headOf(manager, 'for update');
    const rows = links.map((link) => {
      const entry = JSON.stringify({ sequence: ++sequence, at, ...link });
      hash = chained(hash, entry);
      return { sequence, entry, hash, ends: 'ends' in link ? link.ends : null };
    });
    await manager.query(
      `with moved as (update audit_head set sequence = $6, hash = decode($7, 'hex'))
       insert into audit_log (sequence, at, entry, hash, ends)
       select sequence, $5, entry, decode(hash, 'hex'), ends
       from unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[]) as n (sequence, entry, hash, ends)`,
      [
        rows.map((row) => row.sequence),
        rows.map(({ entry }) => entry),
        rows.map((row) => row.hash),
        rows.map(({ ends }) => ends),
        ...[at, sequence, hash],
      ],
    );
    return sequence;
  }
}

async function headOf(manager: EntityManager, lock = ''): Promise<AuditHead> {
  const [{ sequence, hash }] = await manager.query<[{ sequence: string; hash: string }]>(
    `select sequence, encode(hash, 'hex') as hash from audit_head ${lock}`,
  );
  return { sequence: Number(sequence), hash };
}

/** The hash of an entry in the chain: SHA-256 over the 32 bytes of the hash before it and the entry's text. */
export function chained(before: string, entry: string): string {
  return createHash('sha256').update(Buffer.from(before, 'hex')).update(entry).digest('hex');
}
