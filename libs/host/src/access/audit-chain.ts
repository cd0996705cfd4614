import type { DataSource } from 'typeorm';
import { type AuditHead, chained } from './audit-log.js';

/** Result of a check of the audit log. */
export interface AuditVerdict {
  readonly holds: boolean;
  /** the first entry that is kept, and the last */
  readonly first: number;
  readonly head: AuditHead;
  /** the first entry that does not fit, and why */
  readonly broken?: { readonly sequence: number; readonly reason: string };
}

interface Row {
  readonly sequence: string;
  readonly at: string;
  readonly entry: string;
  readonly hash: string;
  readonly ends: string | null;
}

const PAGE = 5_000;
const START = '00'.repeat(32);

/**
 * Computes the chain of the audit log again, entry by entry. Where the oldest entries were dropped, the first that is kept is taken
 * as it is.
 *
 * @param published heads that others know, such as those of epochs on the chain: the log must have them. Without one, who holds the
 *   database can cut the end off, or write the whole log anew.
 */
export async function verifyAuditLog(
  database: DataSource,
  published: readonly AuditHead[] = [],
): Promise<AuditVerdict> {
  const due = new Map(published.map(({ sequence, hash }) => [sequence, hash]));
  let first = 0;
  let head: AuditHead = { sequence: 0, hash: START };
  const broken = (sequence: number, reason: string): AuditVerdict => ({
    ...{ holds: false, first, head, broken: { sequence, reason } },
  });
  for (;;) {
    const rows = await database.query<Row[]>(
      `select sequence, at, entry, encode(hash, 'hex') as hash, ends from audit_log
       where sequence > $1 order by sequence limit $2`,
      [head.sequence, PAGE],
    );
    for (const row of rows) {
      const sequence = Number(row.sequence);
      const dropped = first === 0 && sequence > 1;
      if (first === 0) first = sequence;
      if (!dropped && sequence !== head.sequence + 1)
        return broken(head.sequence + 1, `is missing: the next one is ${sequence}`);
      if (!dropped && chained(head.hash, row.entry) !== row.hash)
        return broken(sequence, 'does not follow from the entry before it: one of them was altered');
      const copied = copiedColumns(row);
      if (copied !== undefined) return broken(sequence, copied);
      if (due.has(sequence) && due.get(sequence) !== row.hash)
        return broken(sequence, `has not the hash that was published of it, ${due.get(sequence)}`);
      due.delete(sequence);
      head = { sequence, hash: row.hash };
    }
    if (rows.length < PAGE) break;
  }
  const kept = await database.query<{ sequence: string; hash: string }[]>(
    `select sequence, encode(hash, 'hex') as hash from audit_head`,
  );
  if (Number(kept[0]?.sequence) !== head.sequence || kept[0]?.hash !== head.hash)
    return broken(head.sequence + 1, `is missing: the log went on to ${kept[0]?.sequence}`);
  const lost = [...due.keys()].find((sequence) => sequence >= first);
  if (lost !== undefined) return broken(lost, 'was published and is not there');
  return { holds: true, first, head };
}

/** Why the columns beside an entry's text differ from the text. */
function copiedColumns({ sequence, at, entry, ends }: Row): string | undefined {
  const said = JSON.parse(entry) as { sequence?: number; at?: number; ends?: number };
  if (said.sequence !== Number(sequence)) return `says that it is ${said.sequence}`;
  if (said.at !== Number(at)) return `says that it is of ${said.at}, and is kept under ${at}`;
  if ((said.ends ?? null) !== (ends === null ? null : Number(ends)))
    return `says that it ends ${said.ends}, and is kept as the end of ${ends}`;
  return undefined;
}
