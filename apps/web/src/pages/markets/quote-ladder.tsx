import { decimalsFor } from '../../format/numbers.js';
import { Real } from '../../parts/figures.js';
import { type Column, Table } from '../../parts/table.js';

interface Point {
  readonly size: string;
  readonly risk: string;
  readonly liquidity: string;
}
/** What selling and buying of one size cost. */
interface Rung {
  readonly size: number;
  readonly sold: number | undefined;
  readonly bought: number | undefined;
}

/**
 * The premium curve as an order book is read: for each size the prices, premium included, at which it is sold and bought.
 *
 * @param points of the premium curve; sizes signed
 */
export function QuoteLadder({ points, mark }: { points: readonly Point[]; mark: number }) {
  const premium = ({ risk, liquidity }: Point) => Number(risk) + Number(liquidity);
  const sizes = new Map<number, { sold?: number; bought?: number }>();
  for (const point of points) {
    const size = Number(point.size);
    if (size === 0) continue;
    const rung = sizes.get(Math.abs(size)) ?? {};
    // A seller gets the premium less, a buyer pays it more.
    const price = mark + premium(point) / size;
    sizes.set(Math.abs(size), { ...rung, ...(size < 0 ? { sold: price } : { bought: price }) });
  }
  const rungs: Rung[] = [...sizes]
    .map(([size, { sold, bought }]) => ({ size, sold, bought }))
    .sort((a, b) => a.size - b.size);
  const decimals = decimalsFor(mark, 7);
  const price = (value: number | undefined) =>
    value === undefined ? (
      '–'
    ) : (
      <>
        <Real of={value} decimals={decimals} />{' '}
        <span class="note">
          <Real of={(value / mark - 1) * 10_000} decimals={1} /> bp
        </span>
      </>
    );
  const columns: readonly Column<Rung>[] = [
    {
      ...{ name: 'Size', numeric: true },
      cell: ({ size }) => <Real of={size} significant={5} />,
    },
    {
      ...{ name: 'Notional', numeric: true },
      cell: ({ size }) => <Real of={size * mark} decimals={0} />,
    },
    {
      name: 'Sold at',
      title: 'Price with the premium, and its distance from the mark',
      numeric: true,
      cell: ({ sold }) => price(sold),
    },
    {
      name: 'Bought at',
      title: 'Price with the premium, and its distance from the mark',
      numeric: true,
      cell: ({ bought }) => price(bought),
    },
  ];
  return (
    <Table
      {...{ label: 'Prices by size', columns, rows: rungs, height: 300 }}
      keyOf={({ size }) => String(size)}
      empty="No size is quoted."
    />
  );
}
