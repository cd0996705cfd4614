import type { Stress } from '../../engine/answers.js';
import { useAnswer } from '../../engine/resource.js';
import { percentText } from '../../format/numbers.js';
import { Age, Real, State } from '../../parts/figures.js';
import { Fact, Facts, Known, Panel } from '../../parts/panel.js';
import { type Column, Table } from '../../parts/table.js';

type Scenario = Stress['scenarios'][number];

/** Nearer than this many standard deviations of the horizon a move is nothing out of the ordinary. */
const NEAR = 3;
const MOVES_TOLD = 6;

const money = (name: string, of: (scenario: Scenario) => number, title?: string): Column<Scenario> => ({
  ...{ name, numeric: true, sort: of, ...(title === undefined ? {} : { title }) },
  cell: (scenario) => <Real of={of(scenario)} decimals={0} />,
});

const COLUMNS: readonly Column<Scenario>[] = [
  {
    name: 'Move',
    cell: ({ name }) => (
      <span class="clip" title={name}>
        {name}
      </span>
    ),
    sort: ({ name }) => name,
  },
  money('Pool loses', ({ poolLoss }) => poolLoss, 'Gains paid, less losses had, bad debt included'),
  money('Liquidated', ({ liquidated }) => liquidated.notional, 'Notional of the accounts below maintenance'),
  money('Bad debt', ({ badDebt }) => badDebt, 'Losses of accounts past their equity'),
  money('From P', ({ fromCapital }) => fromCapital),
  money('From L', ({ fromLiquidity }) => fromLiquidity),
  {
    ...{ name: 'Uncovered', numeric: true, sort: ({ uncovered }) => uncovered },
    cell: ({ uncovered }) =>
      uncovered > 0 ? (
        <State tone="bad">
          <Real of={uncovered} decimals={0} />
        </State>
      ) : (
        '0'
      ),
  },
];

/** The engine's own stress of the book, account by account: who is liquidated, what debts are left, how far insolvency is. */
export function StressReport() {
  const stress = useAnswer<Stress>('v1/stress', 5000);
  const { data } = stress.value;
  return (
    <Panel title="Stress, account by account" aside={data && <Age of={data.marketTime} />}>
      <Known answer={stress}>
        {({ distance, scenarios, accounts, capital, liquidity }) => (
          <>
            <Facts>
              <DistanceFact name="To the nearest move that uses up P" of={distance.capital} />
              <DistanceFact name="To the nearest that uses up P and L" of={distance.insolvency} />
              <Fact name="P and L with the open book" note={`${accounts} accounts with positions`}>
                <Real of={capital} decimals={0} /> and <Real of={liquidity} decimals={0} />
              </Fact>
            </Facts>
            <Table
              {...{ label: 'The book under moves of all markets at once', columns: COLUMNS, height: 420 }}
              rows={scenarios}
              keyOf={({ name }) => name}
            />
            <p class="note">
              Quote currency, the worst first. Accounts are liquidated at the prices after the move. No move
              nearer than a distance costs its amount: that is certified; the move found at the far end of the
              bracket does.
            </p>
          </>
        )}
      </Known>
    </Panel>
  );
}

function DistanceFact({
  name,
  of: { atLeast, atMost, moves },
}: {
  name: string;
  of: Stress['distance']['capital'];
}) {
  if (atMost === 0)
    return (
      <Fact name={name}>
        <State tone="warn">used up without a move</State>
      </Fact>
    );
  const largest = Object.entries(moves ?? {})
    .sort(([, a], [, b]) => Math.abs(b) - Math.abs(a))
    .slice(0, MOVES_TOLD)
    .map(([market, move]) => `${market} ${percentText(move, 0)}`);
  return (
    <Fact name={name} note={largest.length === 0 ? 'no such move was found' : `found: ${largest.join(', ')}`}>
      <State tone={atLeast < NEAR ? 'warn' : 'good'} title="certified from below">
        at least <Real of={atLeast} significant={4} unit="σ" />
      </State>
      {atMost !== null && (
        <>
          {' '}
          at most <Real of={atMost} significant={4} unit="σ" />
        </>
      )}
    </Fact>
  );
}
