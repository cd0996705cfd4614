import type { DataSource } from 'typeorm';
import type { Vesting } from '#lib/exchange';
import { LedgerStore } from '../../pricer/src/index.js';

/**
 * Contents of books, ledgers and plans, in an order that does not depend on when anything was written. Snapshots of the
 * ledger are not among them: how far the books were when one was taken is a matter of time; {@link compareSnapshots}.
 */
const TABLES: Readonly<Record<string, string>> = {
  book_event: 'select sequence, kind, at, payload from book_event order by sequence',
  command_outcome: 'select key, at, sequence, asked from command_outcome order by key',
  risk_record: 'select at, payload from risk_record order by at',
  bar: 'select bar_end, prices, stale from bar order by bar_end',
  market_model: `select version, fitted_on, model, diagnostics - 'seconds' as diagnostics from market_model
    order by version`,
  margin_account: 'select account, unit, sequence, state from margin_account order by account',
  liquidation: `select plan_id, unit, ordinal, account, status, race->'won'->>'status' as reported, opened_at, closed_at, outcome, method, gap,
    objective, closed_notional, notional, shortfall, opened from liquidation order by unit, ordinal`,
  liquidation_event:
    'select unit, unit_sequence, plan_id, payload from liquidation_event order by unit, unit_sequence',
  service_state: `select service, name, case when name = 'model' then value::jsonb - 'seconds' else value::jsonb end as value
    from service_state
    where service in ('forecaster', 'pricer', 'liquidator') order by service, name`,
  consumer_offset: `select consumer_group, topic, partition, next_offset, sources from consumer_offset
    where split_part(consumer_group, '/', 1) in ('forecaster', 'pricer', 'liquidator')
    order by consumer_group, topic, partition`,
};

export interface ComparedTable {
  readonly table: string;
  readonly rows: number;
  readonly same: boolean;
  /** where they are not the same: the first row that differs, of both */
  readonly difference?: readonly [string, string];
}

/** Compares two databases table by table, to the last bit. */
export async function compareDatabases(one: DataSource, other: DataSource): Promise<ComparedTable[]> {
  const compared: ComparedTable[] = [];
  for (const [table, query] of Object.entries(TABLES)) {
    const [left, right] = await Promise.all(
      [one, other].map(async (database) =>
        (await database.query<object[]>(query)).map((row) => JSON.stringify(row)),
      ),
    );
    const rows = Math.max(left.length, right.length);
    let at = 0;
    while (at < rows && left[at] === right[at]) at++;
    const same = at === rows;
    compared.push({
      table,
      rows: left.length,
      same,
      ...(same ? {} : { difference: [left[at] ?? 'no row', right[at] ?? 'no row'] as const }),
    });
  }
  return compared;
}

/** Whether a database's snapshots of the ledger equal the fold of its journal, to the last bit. */
export async function compareSnapshots(database: DataSource, vesting: Vesting): Promise<ComparedTable> {
  const snapshots = await new LedgerStore(database, vesting).verifySnapshots();
  const difference = snapshots.find((snapshot) => snapshot.difference !== undefined)?.difference;
  return {
    table: 'ledger_snapshot',
    rows: snapshots.length,
    same: difference === undefined,
    ...(difference && { difference }),
  };
}
