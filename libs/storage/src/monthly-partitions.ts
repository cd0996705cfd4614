import type { EntityManager } from 'typeorm';

/** The month of a time: its name, its beginning and its end, milliseconds. */
export function monthOf(at: number): { name: string; from: number; to: number } {
  const date = new Date(at);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return {
    name: `${year}${String(month + 1).padStart(2, '0')}`,
    from: Date.UTC(year, month),
    to: Date.UTC(year, month + 1),
  };
}

/** Partitions of tables that are split by months of a time in milliseconds: made before they are written, dropped when they are over. */
export class MonthlyPartitions<Table extends string> {
  private readonly known = new Set<string>();
  /** of the last row: the next batch is mostly of the same one */
  private month = monthOf(0);

  constructor(private readonly tables: readonly Table[]) {}

  /**
   * @param times of the rows to be written
   * @returns whether a lookup was for a partition that this object did not know
   */
  async prepare(manager: EntityManager, table: Table, times: readonly number[]): Promise<boolean> {
    const before = this.known.size;
    let { month } = this;
    let looked = false;
    for (const at of times) {
      const same = at >= month.from && at < month.to;
      if (same && looked) continue;
      if (!same) this.month = month = monthOf(at);
      looked = true;
      const { name, from, to } = month;
      const partition = `${table}_${name}`;
      if (this.known.has(partition)) continue;
      await manager.query(
        `create table if not exists ${partition} partition of ${table} for values from (${from}) to (${to})`,
      );
      this.known.add(partition);
    }
    return this.known.size > before;
  }

  /** A transaction was rolled back: its partitions are not there. */
  forget(): void {
    this.known.clear();
  }

  /** Drops partitions that ended before a time. @returns the partitions' names */
  async drop(manager: EntityManager, before: number): Promise<string[]> {
    const rows = await manager.query<{ partition: string }[]>(
      `select c.relname as partition from pg_inherits i
         join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent
       where p.relname = any($1::text[]) order by 1`,
      [this.tables],
    );
    const over = rows
      .map(({ partition }) => partition)
      .filter((partition) => {
        const [, year, month] = /_(\d{4})(\d{2})$/.exec(partition)!;
        return Date.UTC(Number(year), Number(month)) <= before;
      });
    for (const partition of over) {
      await manager.query(`drop table ${partition}`);
      this.known.delete(partition);
    }
    return over;
  }
}
