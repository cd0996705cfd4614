import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { Panel } from '../../parts/panel.js';
import { type Column, Table } from '../../parts/table.js';
import { drillsIn, type Drill } from './drills-in.js';

const COLUMNS: readonly Column<Drill>[] = [
  { name: 'Round', numeric: true, cell: ({ round }) => round, sort: ({ round }) => Number(round) },
  {
    ...{ name: 'Fault', sort: ({ fault }: Drill) => fault },
    cell: ({ fault }) => (
      <span class="clip wide" title={fault}>
        {fault}
      </span>
    ),
  },
  {
    name: 'Result',
    cell: ({ result }) => (
      <span class="clip wide" title={result}>
        {result}
      </span>
    ),
  },
  { name: 'Seconds', numeric: true, cell: ({ seconds }) => seconds, sort: ({ seconds }) => Number(seconds) },
  { name: 'Books', cell: ({ verdict }) => verdict, sort: ({ verdict }) => verdict },
];

/** The last drills of this version: the fault of each round, and whether the books were the same afterwards. */
export function Drills() {
  const rounds = useSignal<readonly Drill[]>([]);
  useEffect(() => {
    void import('../../../../../docs/operate/reliability.md?raw').then(({ default: text }) => {
      rounds.value = drillsIn(text);
    });
  }, [rounds]);
  return (
    <Panel title="The last drills" aside={<span>of this version, by npm run drills</span>}>
      <Table
        {...{ label: 'Drills', columns: COLUMNS, rows: rounds.value, height: 320 }}
        keyOf={({ round }) => round}
        empty="Asking…"
      />
    </Panel>
  );
}
