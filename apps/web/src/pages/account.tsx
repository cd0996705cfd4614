import { useEffect } from 'preact/hooks';
import type { Account as AccountAnswer, Margin } from '#lib/sdk';
import { useAnswer } from '../engine/resource.js';
import { decimalsFor } from '../format/numbers.js';
import { go, href, place } from '../router.js';
import { Age, Decimal, Percent, Real } from '../parts/figures.js';
import { Fact, Facts, Known, Panel } from '../parts/panel.js';
import { type Column, Table } from '../parts/table.js';
import { accountName } from './account/account-name.js';
import { AccountCharges, AccountPast } from './account/account-past.js';
import { Deposit } from './account/deposit.js';
import { MarginView } from './account/margin-view.js';
import { WhatIf } from './account/what-if.js';

export function Account() {
  const asked = place.value.item;
  useEffect(() => {
    if (asked !== undefined) accountName.value = asked;
  }, [asked]);
  const name = asked ?? accountName.value;
  return (
    <div class="grid">
      <Panel title="Account">
        <form
          class="fields"
          onSubmit={(event) => {
            event.preventDefault();
            go('account', new FormData(event.currentTarget).get('account') as string);
          }}
        >
          <label>
            Account
            <input name="account" required pattern="[\w.:@\-]{1,80}" key={name} defaultValue={name} />
          </label>
          <button type="submit">Show</button>
        </form>
      </Panel>
      <Standing key={name} name={name} />
    </div>
  );
}

function Standing({ name }: { name: string }) {
  const account = useAnswer<AccountAnswer>(`v1/accounts/${encodeURIComponent(name)}`, 2000);
  const { data } = account.value;
  return (
    <>
      <Panel title="Margin" wide={5} aside={data && <Age of={data.marketTime} />}>
        <Known
          answer={account}
          absent={({ code, message }) =>
            code === 'unknown-account' ? (
              <>
                <p class="quiet">
                  The exchange knows no account “{name}”. It comes to be with its first deposit.
                </p>
                <Deposit account={name} />
              </>
            ) : (
              message
            )
          }
        >
          {({ cross, cash }) => (
            <>
              <MarginView margin={cross} cash={cash} />
              <Deposit account={name} />
              <p class="note">
                <a
                  href={`v1/accounts/${encodeURIComponent(name)}/inclusion`}
                  download={`${name}-inclusion.json`}
                >
                  Where it stands in the last book
                </a>{' '}
                that was committed to: keep the file; zkrisk check-inclusion holds it against the chain.
              </p>
            </>
          )}
        </Known>
      </Panel>
      {data !== undefined && (
        <>
          <Panel title="Positions" wide={7}>
            <Positions margin={data.cross} label="Cross positions" />
            {data.isolated.map((margin) => (
              <div key={margin.market}>
                <h3>Isolated: {margin.market}</h3>
                <MarginView margin={margin} />
                <Positions margin={margin} label={`Isolated position in ${margin.market}`} />
              </div>
            ))}
          </Panel>
          <WhatIf name={name} margin={data.cross} />
          <Losses losses={data.losses} at={data.marketTime} />
          <AccountCharges name={name} />
          <AccountPast name={name} />
        </>
      )}
    </>
  );
}

/** The account's part of a loss past the pool: shared pro rata of gains, there is no queue with a rank. */
function Losses({
  losses: { gain, haircut, wouldBeCut, notes, creditPerHour },
  at,
}: {
  losses: AccountAnswer['losses'];
  at: string;
}) {
  return (
    <Panel title="Losses past the pool" wide={12} aside={<Age of={at} />}>
      <p class="note">
        A loss past P + L is borne by what accounts have won in the last day, pro rata: everybody alike, so
        nobody has a rank.
      </p>
      <Facts>
        <Fact name="Won in the last day">
          <Decimal of={gain} />
        </Fact>
        <Fact name="Taken of every gain now">
          <Real of={100 * haircut} decimals={2} /> %
        </Fact>
        <Fact name="Would be cut now">
          <Decimal of={wouldBeCut} />
        </Fact>
        <Fact name="Notes for what was cut" note="claimable / outstanding">
          <Decimal of={notes.claimable} /> / <Decimal of={notes.outstanding} />
        </Fact>
        <Fact name="Default option, an hour">
          <Decimal of={creditPerHour} decimals={6} />
        </Fact>
      </Facts>
    </Panel>
  );
}

type Position = Margin['positions'][number];
const COLUMNS: readonly Column<Position>[] = [
  {
    name: 'Market',
    cell: ({ market }) => <a href={href('markets', market)}>{market}</a>,
    sort: ({ market }) => market,
  },
  {
    name: 'Size',
    numeric: true,
    cell: ({ size }) => <Real of={size} significant={6} signed />,
    sort: ({ size }) => size,
  },
  {
    name: 'Entry',
    numeric: true,
    cell: ({ entryPrice }) => <Real of={entryPrice} decimals={decimalsFor(entryPrice)} />,
  },
  { name: 'Mark', numeric: true, cell: ({ mark }) => <Real of={mark} decimals={decimalsFor(mark)} /> },
  {
    ...{ name: 'Profit', numeric: true, sort: ({ unrealisedPnl }) => unrealisedPnl },
    cell: ({ unrealisedPnl }) => <Real of={unrealisedPnl} decimals={2} signed />,
  },
  {
    ...{
      name: 'Liquidated at',
      numeric: true,
      title: 'Mark at which the account meets its maintenance margin, all else unchanged',
    },
    cell: ({ liquidationPrice }) =>
      liquidationPrice === null ? (
        'never by this market'
      ) : (
        <Real of={liquidationPrice} decimals={decimalsFor(liquidationPrice)} />
      ),
  },
  {
    ...{ name: 'Away', numeric: true, title: 'How far the mark is from it' },
    cell: ({ liquidationPrice, mark }) =>
      liquidationPrice === null ? '–' : <Percent of={liquidationPrice / mark - 1} decimals={1} />,
    sort: ({ liquidationPrice, mark }) =>
      liquidationPrice === null ? Infinity : Math.abs(liquidationPrice / mark - 1),
  },
];

export function Positions({ margin, label }: { margin: Margin; label: string }) {
  return (
    <Table
      {...{ label, columns: COLUMNS, rows: margin.positions, height: 320 }}
      keyOf={({ market }) => market}
      empty="No positions."
    />
  );
}
