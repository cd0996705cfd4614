import type { Book, Markets } from '../../engine/answers.js';
import { percentText } from '../../format/numbers.js';
import { Real } from '../../parts/figures.js';
import { type Column, Table } from '../../parts/table.js';

const SHOCKS = [-0.5, -0.3, -0.1, 0.1, 0.3, 0.5];

interface Row {
  readonly name: string;
  /** what traders together hold, quote currency at the mark */
  readonly net: number;
}

/** What the pool would earn or lose if marks moved at once: it holds the opposite of all traders. */
export function StressGrid({
  book,
  markets,
  groups,
}: {
  book: Book;
  markets: Markets;
  groups: readonly (readonly string[])[];
}) {
  const marks = new Map(markets.markets.map(({ market, mark }) => [market, Number(mark)]));
  const nets = new Map(
    book.markets.map(({ market, signedSize }) => [market, Number(signedSize) * (marks.get(market) ?? 0)]),
  );
  const sum = (names: readonly string[]) => names.reduce((total, name) => total + (nets.get(name) ?? 0), 0);
  const buffer = Number(book.capital) + Number(book.liquidity);
  const all = [...nets.keys()];
  const rows: Row[] = [
    { name: 'All markets', net: sum(all) },
    ...groups
      .filter(({ length }) => length > 1 && length < all.length)
      .map((group) => ({ name: group.join(' · '), net: sum(group) })),
    ...[...all]
      .sort((a, b) => Math.abs(nets.get(b)!) - Math.abs(nets.get(a)!))
      .map((name) => ({ name, net: nets.get(name)! })),
  ];
  const columns: Column<Row>[] = [
    {
      name: 'Moved',
      cell: ({ name }) => (
        <span class="clip" title={name}>
          {name}
        </span>
      ),
    },
    ...SHOCKS.map((shock) => ({
      ...{ name: `${shock > 0 ? '+' : ''}${percentText(shock, 0)}`, numeric: true },
      cell: ({ net }: Row) => {
        const result = -net * shock;
        return (
          <span class={result < -buffer / 4 ? 'cell bad' : result < -buffer / 20 ? 'cell warn' : 'cell'}>
            <Real of={result} decimals={0} signed />
          </span>
        );
      },
    })),
  ];
  return (
    <>
      <Table
        {...{ label: 'Result of the pool under stress', columns, rows, height: 340 }}
        keyOf={({ name }) => name}
      />
      <p class="note">
        The pool’s result, quote currency, at the sizes of now: liquidations on the way, which make it
        smaller, are not counted. Shaded from a twentieth, and stronger from a quarter, of P + L.
      </p>
    </>
  );
}
