import { textList, texts } from './text-list.js';
import type { Statement } from './transaction-writes.js';

/** A column's type in the tables, and its value in a row. */
export type Column<Row> = readonly [type: string, value: (row: Row) => string | number | bigint | null];

/**
 * The statement that inserts rows, in their order, with one parameter a column: {@link textList}.
 *
 * @param table is called `t` in the statement
 * @param columns by their names
 * @param conflict the clause `on conflict`
 */
export function insertRows<Row>(
  table: string,
  columns: Readonly<Record<string, Column<Row>>>,
  rows: readonly Row[],
  conflict = '',
): Statement {
  const all = Object.values(columns);
  return {
    text: `insert into ${table} as t (${Object.keys(columns).join(', ')})
       select * from unnest(${all.map(([type], i) => texts(`$${i + 1}`, type)).join(', ')}) ${conflict}`,
    parameters: all.map(([, valueOf]) => textList(rows.map((row) => valueOf(row)))),
  };
}
