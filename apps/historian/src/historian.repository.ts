import type { EntityManager } from 'typeorm';
import { formatMoney, MONEY_DECIMALS, parseDecimal } from '#lib/amounts';
import { type Column, insertRows, MonthlyPartitions, type Statement, writeRows } from '#lib/storage';
import { HISTORY_TABLES, type HistoryTable } from './partitions.js';

/** Lengths of the buckets that are kept, milliseconds: ranges of months are read by hours. */
export const RESOLUTIONS = [60_000, 3_600_000] as const;

/** Names a table's columns with their types in PostgreSQL. */
type Columns = Readonly<Record<string, string>>;

interface Layout {
  readonly key: readonly string[];
  readonly columns: Columns;
  /** how a value joins one that the bucket has: sums are added to, everything else is replaced */
  readonly sums?: boolean;
}

const AT = { resolution: 'int', at: 'bigint' };

const LAYOUTS = {
  history_market: {
    key: ['resolution', 'market', 'at'],
    columns: {
      ...{ ...AT, market: 'text', mark: 'text', state: 'text', size: 'text' },
      ...{ funding_per_unit_year: 'float8', allocation: 'float8' },
    },
  },
  history_funding: {
    key: ['resolution', 'market', 'at'],
    columns: { ...AT, market: 'text', risk: 'numeric', liquidity: 'numeric', index: 'numeric' },
    sums: true,
  },
  history_premia: {
    key: ['resolution', 'at'],
    columns: { ...AT, risk: 'numeric', liquidity: 'numeric', penalties: 'numeric', trades: 'int' },
    sums: true,
  },
  history_charges: {
    key: ['resolution', 'account', 'at'],
    columns: {
      ...{ ...AT, account: 'text', risk: 'numeric', liquidity: 'numeric' },
      ...{ penalties: 'numeric', fees: 'numeric', credit: 'numeric' },
    },
    sums: true,
  },
  history_flows: {
    key: ['resolution', 'at'],
    columns: {
      ...{ ...AT, provided: 'numeric', withdrawn: 'numeric', exit_fees: 'numeric' },
      ...{ deposited: 'numeric', paid_out: 'numeric', credit: 'numeric', bad_debt: 'numeric' },
    },
    sums: true,
  },
  history_risk: { key: ['resolution', 'at'], columns: { ...AT, record: 'jsonb' } },
  history_shares: {
    key: ['resolution', 'at'],
    columns: { ...AT, outstanding: 'text', worth: 'text', capital: 'text', liquidity: 'text' },
  },
  history_liquidation: {
    key: ['plan_id', 'kind', 'at'],
    columns: {
      ...{ at: 'bigint', plan_id: 'text', kind: 'text', account: 'text', status: 'text' },
      ...{ orders: 'jsonb', reason: 'text' },
    },
  },
  history_account: {
    key: ['account', 'at', 'sequence'],
    columns: { at: 'bigint', account: 'text', sequence: 'bigint', state: 'jsonb' },
  },
} as const satisfies Record<HistoryTable, Layout>;

type Values = Record<string, string | number | null>;

export type Row = Readonly<Values> & { readonly at: number };

/** Writes history within the transaction that consumes its messages. */
export class HistorianRepository {
  readonly partitions = new MonthlyPartitions(HISTORY_TABLES);

  /** A row of each resolution: the last of a bucket, or with sums the bucket's total. */
  async writeBuckets(manager: EntityManager, table: HistoryTable, rows: readonly Row[]): Promise<void> {
    await this.write(
      manager,
      table,
      RESOLUTIONS.flatMap((resolution) =>
        rows.map((row) => ({ ...row, resolution, at: row.at - (row.at % resolution) })),
      ),
    );
  }

  /** Writes rows; where one of the same key is there, it is replaced or, in tables of sums, added to. */
  async write(manager: EntityManager, table: HistoryTable, rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return;
    await this.partitions.prepare(
      manager,
      table,
      rows.map(({ at }) => at),
    );
    await writeRows(manager, table, rows, (all: readonly Row[]) => statementOf(table, all));
  }
}

/** The statement that writes rows of any number of batches, in their order. */
function statementOf(table: HistoryTable, rows: readonly Row[]): Statement {
  const { key, columns, sums = false }: Layout = LAYOUTS[table];
  // A statement cannot meet the same row twice.
  const merged = new Map<string, Values>();
  for (const row of rows) {
    const name = key.map((column) => row[column]).join(' ');
    const known = merged.get(name);
    if (!sums || known === undefined) merged.set(name, { ...row });
    else for (const column of valuesOf({ key, columns })) known[column] = added(known[column]!, row[column]!);
  }
  const updates = valuesOf({ key, columns }).map((column) =>
    sums ? `${column} = t.${column} + excluded.${column}` : `${column} = excluded.${column}`,
  );
  return insertRows(
    table,
    Object.fromEntries(
      Object.entries(columns).map(([name, type]): [string, Column<Values>] => [
        name,
        [type, (row) => row[name]],
      ]),
    ),
    [...merged.values()],
    `on conflict (${key.join(', ')}) do update set ${updates.join(', ')}`,
  );
}

function valuesOf({ key, columns }: Pick<Layout, 'key' | 'columns'>): string[] {
  return Object.keys(columns).filter((column) => !key.includes(column));
}

/** Money exactly, counts as numbers. */
function added(a: string | number, b: string | number): string | number {
  if (typeof a === 'number') return a + Number(b);
  const units = [a, String(b)].map((text) => parseDecimal(text, MONEY_DECIMALS, 'amount'));
  return formatMoney(units[0] + units[1]);
}
