import { percentText } from '../../format/numbers.js';
import { Real, State } from '../../parts/figures.js';
import { type Column, Table } from '../../parts/table.js';

export interface ServiceLevel {
  readonly name: string;
  readonly objective: number;
  /** times too fast that the error budget is spent; left out or null where nothing is known of the window */
  readonly burn: Readonly<Partial<Record<'5m' | '1h' | '6h', number | null>>>;
}

/** As the alerts have it: a month's budget gone in two days, or in ten. */
const FAST = 14.4;
const SLOW = 3;

const burnColumn = (window: '5m' | '1h' | '6h', name: string): Column<ServiceLevel> => ({
  ...{ name, numeric: true, sort: ({ burn }) => burn[window] ?? -1 },
  title: 'How many times too fast the error budget is spent; 1 spends a month’s in a month',
  cell: ({ burn }) => {
    const rate = burn[window];
    if (rate == null) return <span class="note">nothing yet</span>;
    return (
      <State tone={rate > FAST ? 'bad' : rate > SLOW ? 'warn' : 'good'}>
        <Real of={rate} decimals={2} unit="×" />
      </State>
    );
  },
});

const COLUMNS: readonly Column<ServiceLevel>[] = [
  { name: 'Promise', cell: ({ name }) => name },
  {
    ...{ name: 'Objective', numeric: true },
    cell: ({ objective }) => percentText(objective, 1),
  },
  burnColumn('5m', '5 min'),
  burnColumn('1h', '1 h'),
  burnColumn('6h', '6 h'),
];

/** Service levels by the process's own counts, with the rates at which their budgets burn. */
export function ServiceLevels({ levels }: { levels: readonly ServiceLevel[] }) {
  return (
    <>
      <Table
        {...{ label: 'Service levels', columns: COLUMNS, rows: levels, height: 240 }}
        keyOf={({ name }) => name}
      />
      <p class="note">
        Burn rates of this process; an alert pages from {FAST}× over an hour and still over five minutes. Time
        before the first forecast counts as not ready.
      </p>
    </>
  );
}
