import type { Stress } from '../../engine/answers.js';
import { useAnswer } from '../../engine/resource.js';
import { Age, Real } from '../../parts/figures.js';
import { Known, Panel } from '../../parts/panel.js';
import { type Column, Table } from '../../parts/table.js';

type Scenario = Stress['scenarios'][number];

/** Names of the moves of all markets at once, among the stress grid's. */
const ALL_MARKETS = 'all markets ';

const COLUMNS: readonly Column<Scenario>[] = [
  { name: 'All marks move by', cell: ({ name }) => name.slice(ALL_MARKETS.length) },
  {
    ...{
      name: 'Accounts liquidated',
      numeric: true,
      sort: ({ liquidated }: Scenario) => liquidated.accounts,
    },
    cell: ({ liquidated }) => liquidated.accounts,
  },
  {
    ...{ name: 'Their notional', numeric: true, sort: ({ liquidated }: Scenario) => liquidated.notional },
    cell: ({ liquidated }) => <Real of={liquidated.notional} decimals={0} />,
  },
  {
    name: 'Bad debt',
    title: 'What they could not pay',
    numeric: true,
    cell: ({ badDebt }) => <Real of={badDebt} decimals={0} />,
    sort: ({ badDebt }) => badDebt,
  },
  {
    name: 'Pool’s result',
    title: 'What losers pay, less what winners gain',
    numeric: true,
    cell: ({ poolLoss }) => <Real of={-poolLoss} decimals={0} signed />,
    sort: ({ poolLoss }) => -poolLoss,
  },
  {
    ...{ name: 'borne by P', numeric: true },
    cell: ({ fromCapital }) => <Real of={fromCapital} decimals={0} />,
  },
  {
    ...{ name: 'by L', numeric: true },
    cell: ({ fromLiquidity }) => <Real of={fromLiquidity} decimals={0} />,
  },
  {
    name: 'by nobody',
    title: 'Past P + L: shared by those who gained',
    numeric: true,
    cell: ({ uncovered }) => <Real of={uncovered} decimals={0} />,
  },
];

/** Percent; the engine lists the dearest for the pool first. */
function moveOf({ name }: Scenario): number {
  return Number.parseFloat(name.slice(ALL_MARKETS.length).replace('−', '-'));
}

/** What would be liquidated if all marks moved at once, and who would bear what is missing. */
export function Ladder() {
  const stress = useAnswer<Stress>('v1/stress', 10_000);
  const { data } = stress.value;
  return (
    <Panel
      title="If all markets moved at once"
      aside={
        data && (
          <span>
            {data.accounts} accounts with positions · <Age of={data.marketTime} />
          </span>
        )
      }
    >
      <Known
        answer={stress}
        absent={({ code }) =>
          code === 'no-forecast' ? (
            <p class="quiet">The book is stressed once there is a forecast.</p>
          ) : undefined
        }
      >
        {({ scenarios }) => (
          <Table
            {...{ label: 'Liquidation ladder', columns: COLUMNS, height: 320 }}
            rows={scenarios
              .filter(({ name }) => name.startsWith(ALL_MARKETS))
              .sort((a, b) => moveOf(a) - moveOf(b))}
            keyOf={({ name }) => name}
          />
        )}
      </Known>
    </Panel>
  );
}
