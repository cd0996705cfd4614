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

/** A row of a bucket. The bucket stands beside the row: copies of it with other times are most of the cost of writing it. */
interface Bucketed {
  readonly row: Values;
  readonly at: number;
  /** null in tables without buckets */
  readonly resolution: number | null;
}

/** Writes history within the transaction that consumes its messages. */
export class HistorianRepository {
  readonly partitions = new MonthlyPartitions(HISTORY_TABLES);

  /** A row of each resolution: the last of a bucket, or with sums the bucket's total. */
  async writeBuckets(manager: EntityManager, table: HistoryTable, rows: readonly Row[]): Promise<void> {
    await this.writeRows(
      manager,
      table,
      RESOLUTIONS.flatMap((resolution) =>
        rows.map((row): Bucketed => ({ row, at: row.at - (row.at % resolution), resolution })),
      ),
    );
  }

  /** Writes rows; where one of the same key is there, it is replaced or, in tables of sums, added to. */
  async write(manager: EntityManager, table: HistoryTable, rows: readonly Row[]): Promise<void> {
    await this.writeRows(
      manager,
      table,
      rows.map((row): Bucketed => ({ row, at: row.at, resolution: null })),
    );
  }

  private async writeRows(
    manager: EntityManager,
    table: HistoryTable,
    rows: readonly Bucketed[],
  ): Promise<void> {
    if (rows.length === 0) return;
    await this.partitions.prepare(
      manager,
      table,
      rows.map(({ at }) => at),
    );
    await writeRows(manager, table, rows, (all: readonly Bucketed[]) => statementOf(table, all));
  }
}

/** The statement that writes rows of any number of batches, in their order. */
function statementOf(table: HistoryTable, rows: readonly Bucketed[]): Statement {
  const { key, columns, sums = false }: Layout = LAYOUTS[table];
  const values = valuesOf({ key, columns });
  // A statement cannot meet the same row twice.
  const merged = new Map<string, Bucketed>();
  for (const bucketed of rows) {
    let name = '';
    for (const column of key) name += ` ${valueIn(bucketed, column)}`;
    const known = sums ? merged.get(name) : undefined;
    if (known === undefined) merged.set(name, sums ? { ...bucketed, row: { ...bucketed.row } } : bucketed);
    else for (const column of values) known.row[column] = added(known.row[column]!, bucketed.row[column]!);
  }
  const updates = values.map((column) =>
    sums ? `${column} = t.${column} + excluded.${column}` : `${column} = excluded.${column}`,
  );
  return insertRows(
    table,
    Object.fromEntries(
      Object.entries(columns).map(([name, type]): [string, Column<Bucketed>] => [
        name,
        [type, (bucketed) => valueIn(bucketed, name)],
      ]),
    ),
    [...merged.values()],
    `on conflict (${key.join(', ')}) do update set ${updates.join(', ')}`,
  );
}

function valueIn({ row, at, resolution }: Bucketed, column: string): string | number | null {
  if (column === 'at') return at;
  return column === 'resolution' ? resolution : row[column];
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
