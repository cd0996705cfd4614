import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

export interface Column<Row> {
  readonly name: string;
  /** heading, where it is not the name; explained by the title */
  readonly title?: string;
  readonly numeric?: boolean;
  readonly cell: (row: Row) => ComponentChildren;
  /** what rows are sorted by; without it the column cannot be sorted by */
  readonly sort?: (row: Row) => number | string;
}

/** Rows of one height each, so that which ones are in view is known without measuring. */
const ROW_PX = 30;
const MARGIN_ROWS = 8;
/** Shorter tables are written out. */
const VIRTUAL_FROM = 60;

/**
 * A table whose rows are drawn only while they are in view. The first column names the row.
 *
 * @param height most pixels the table takes; it scrolls within
 */
export function Table<Row>({
  label,
  columns,
  rows,
  keyOf,
  height = 560,
  selected,
  empty,
}: {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  height?: number;
  selected?: string | undefined;
  empty?: string;
}) {
  const order = useSignal<{ column: number; down: boolean } | undefined>(undefined);
  const top = useSignal(0);
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current!;
    const follow = () => (top.value = element.scrollTop);
    element.addEventListener('scroll', follow, { passive: true });
    return () => {
      element.removeEventListener('scroll', follow);
    };
  }, [top]);
  const sorted = sortedBy(rows, columns, order.value);
  const virtual = sorted.length > VIRTUAL_FROM;
  const first = virtual ? Math.max(0, Math.floor(top.value / ROW_PX) - MARGIN_ROWS) : 0;
  const last = virtual
    ? Math.min(sorted.length, Math.ceil((top.value + height) / ROW_PX) + MARGIN_ROWS)
    : sorted.length;
  const space = (rowsLeft: number) =>
    rowsLeft > 0 && (
      <tr aria-hidden="true" style={{ height: `${rowsLeft * ROW_PX}px` }}>
        <td colSpan={columns.length} />
      </tr>
    );
  return (
    <div
      class="table"
      ref={box}
      style={{ maxHeight: `${height}px` }}
      tabIndex={0}
      role="group"
      aria-label={label}
    >
      <table aria-rowcount={sorted.length + 1}>
        <thead>
          <tr>
            {columns.map(({ name, title, numeric, sort }, i) => {
              const active = order.value?.column === i ? order.value : undefined;
              const direction = active === undefined ? 'none' : active.down ? 'descending' : 'ascending';
              return (
                <th
                  key={name}
                  scope="col"
                  class={numeric === true ? 'numeric' : ''}
                  {...(sort === undefined ? {} : { 'aria-sort': direction })}
                >
                  {sort === undefined ? (
                    <span title={title}>{name}</span>
                  ) : (
                    <button
                      type="button"
                      title={title}
                      onClick={() => {
                        order.value =
                          active?.down === false ? undefined : { column: i, down: active === undefined };
                      }}
                    >
                      {name}
                      <span aria-hidden="true">{active === undefined ? '' : active.down ? ' ↓' : ' ↑'}</span>
                    </button>
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {space(first)}
          {sorted.slice(first, last).map((row, i) => {
            const key = keyOf(row);
            return (
              <tr key={key} aria-rowindex={first + i + 2} class={key === selected ? 'selected' : ''}>
                {columns.map(({ name, numeric, cell }, j) =>
                  j === 0 ? (
                    <th key={name} scope="row" class={numeric === true ? 'numeric' : ''}>
                      {cell(row)}
                    </th>
                  ) : (
                    <td key={name} class={numeric === true ? 'numeric' : ''}>
                      {cell(row)}
                    </td>
                  ),
                )}
              </tr>
            );
          })}
          {space(sorted.length - last)}
          {sorted.length === 0 && (
            <tr>
              <td class="quiet" colSpan={columns.length}>
                {empty ?? 'None.'}
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}

function sortedBy<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  order: { column: number; down: boolean } | undefined,
): readonly Row[] {
  const by = order && columns[order.column].sort;
  if (by === undefined) return rows;
  const sign = order!.down ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [x, y] = [by(a), by(b)];
    return sign * (typeof x === 'string' ? x.localeCompare(String(y)) : x - Number(y));
  });
}
