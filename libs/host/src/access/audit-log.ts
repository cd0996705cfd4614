import type { DataSource } from 'typeorm';

/** A state-changing call. */
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

export interface RecordedEntry extends AuditEntry {
  readonly id: number;
  readonly at: string;
  /** null while it runs, or where the process ended before it had */
  readonly status: number | null;
}

/** Every call that may change anything: written down before it does. */
export class AuditLog {
  constructor(private readonly database: DataSource) {}

  async begin(entry: AuditEntry): Promise<string> {
    const [{ id }] = await this.database.query<[{ id: string }]>(
      `insert into audit_log (service, key_id, address, method, path, request_id, body_hash)
       values ($1, $2, $3, $4, $5, $6, $7) returning id`,
      [
        ...[entry.service, entry.keyId, entry.address, entry.method, entry.path],
        ...[entry.requestId, entry.bodyHash],
      ],
    );
    return id;
  }

  async end(id: string, status: number): Promise<void> {
    await this.database.query('update audit_log set status = $2 where id = $1', [id, status]);
  }

  /** The newest first, before an id. */
  async list({ before, limit }: { before?: number | undefined; limit: number }): Promise<RecordedEntry[]> {
    const rows = await this.database.query<Record<string, unknown>[]>(
      `select id, at, service, key_id, address, method, path, request_id, body_hash, status from audit_log
       where id < $1 order by id desc limit $2`,
      [before ?? Number.MAX_SAFE_INTEGER, limit],
    );
    return rows.map((row) => ({
      id: Number(row.id),
      at: (row.at as Date).toISOString(),
      service: row.service as string,
      keyId: row.key_id as string | null,
      address: row.address as string,
      method: row.method as string,
      path: row.path as string,
      requestId: row.request_id as string,
      bodyHash: row.body_hash as string,
      status: row.status as number | null,
    }));
  }
}
