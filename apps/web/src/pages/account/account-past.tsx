import { MONTH_MS, type Past, sumOf, useHistory } from '../../engine/history.js';
import { significantText } from '../../format/numbers.js';
import { Chart } from '../../parts/chart.js';
import { Age, Decimal, Real } from '../../parts/figures.js';
import { Fact, Facts, Panel } from '../../parts/panel.js';
import { type Column, Table } from '../../parts/table.js';

/** Rows of the table: the newest. */
const SHOWN = 500;

/** A change of an account's cash or positions. */
interface Change {
  readonly key: string;
  readonly at: number;
  readonly account: string;
  readonly cash: string;
  readonly positions: string;
}

const COLUMNS: readonly Column<Change>[] = [
  { name: 'When', cell: ({ at }) => <Age of={at} />, sort: ({ at }) => at },
  { name: 'Account', cell: ({ account }) => account, sort: ({ account }) => account },
  {
    ...{ name: 'Cash after it', numeric: true, sort: ({ cash }: Change) => Number(cash) },
    cell: ({ cash }) => <Decimal of={cash} />,
  },
  {
    name: 'Positions after it',
    cell: ({ positions }) => (
      <span class="clip" title={positions}>
        {positions === '' ? 'none' : positions}
      </span>
    ),
  },
];

/** Cash over thirty days, by trades, funding, deposits and liquidations, and each change with the positions after it. */
export function AccountPast({ name }: { name: string }) {
  const past = useHistory(`accounts/${encodeURIComponent(name)}`, MONTH_MS);
  if (past === undefined || past.length === 0) return null;
  const own = past.filter(({ account }) => account === name);
  const values = own.map(({ cash }) => Number(cash));
  return (
    <Panel
      title="History, thirty days"
      aside={
        past.length > SHOWN && (
          <span>
            the newest {SHOWN} of {past.length} changes
          </span>
        )
      }
    >
      {own.length > 1 && (
        <Chart
          label={`Cash of ${name} over thirty days`}
          summary={`Last ${values.at(-1)!.toFixed(2)} after ${own.length} changes.`}
          {...{ xs: own.map(({ at }) => at / 1000), time: true, height: 160 }}
          lines={[{ name: 'cash', values }]}
        />
      )}
      <Table
        {...{ label: 'Changes of the account', columns: COLUMNS, height: 320 }}
        rows={past.slice(-SHOWN).reverse().map(changeOf)}
        keyOf={({ key }) => key}
      />
    </Panel>
  );
}

function changeOf({ at, account, cash, positions }: Past, i: number): Change {
  return {
    ...{ key: `${String(account)} ${at} ${i}`, at, account: String(account), cash: String(cash) },
    positions: (positions as readonly { readonly market: string; readonly size: string }[])
      .map(({ market, size }) => `${market} ${size}`)
      .join(', '),
  };
}

const CHARGES = [
  ['risk', 'Premia for risk'],
  ['liquidity', 'Premia for liquidity'],
  ['funding', 'Funding'],
  ['penalties', 'Penalties of liquidations'],
  ['fees', 'Fees of matched trades'],
  ['credit', 'Default option'],
] as const;

/** Premia, funding and other charges of thirty days, hour by hour, isolated positions included. */
export function AccountCharges({ name }: { name: string }) {
  const past = useHistory(`accounts/${encodeURIComponent(name)}/charges`, MONTH_MS);
  if (past === undefined || past.length === 0) return null;
  let [premia, funding] = [0, 0];
  const summed = past.map((row) => ({
    at: row.at / 1000,
    premia: (premia += Number(row.risk) + Number(row.liquidity)),
    funding: (funding += Number(row.funding)),
  }));
  return (
    <Panel title="Paid, thirty days" aside={<Age of={past.at(-1)!.at} />}>
      <Facts>
        {CHARGES.map(([column, title]) => (
          <Fact key={column} name={title}>
            <Real of={sumOf(past, column)} decimals={2} signed />
          </Fact>
        ))}
      </Facts>
      {summed.length > 1 && (
        <Chart
          label={`Premia and funding paid by ${name}, summed over thirty days`}
          summary={`Premia ${significantText(premia)}, funding ${significantText(funding)}.`}
          {...{ xs: summed.map(({ at }) => at), time: true, height: 160 }}
          lines={[
            { name: 'premia', values: summed.map((sum) => sum.premia) },
            { name: 'funding', values: summed.map((sum) => sum.funding), dashed: true },
          ]}
        />
      )}
      <p class="note">
        Quote currency; negative: received. Funding is each minute’s at the size with which the minute began;
        the rest is as it was booked.
      </p>
    </Panel>
  );
}
