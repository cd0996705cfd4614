import type { Liquidation } from '#lib/sdk';
import { useAnswer } from '../../engine/resource.js';
import { href } from '../../router.js';
import { Age, Decimal } from '../../parts/figures.js';
import { Known } from '../../parts/panel.js';
import { type Column, Table } from '../../parts/table.js';

const COLUMNS: readonly Column<Liquidation>[] = [
  { name: 'Plan', cell: ({ planId, account }) => <a href={href('liquidations', planId)}>{account}</a> },
  { name: 'Outcome', cell: ({ outcome }) => outcome },
  {
    name: 'To close',
    numeric: true,
    cell: ({ closedNotional }) => <Decimal of={closedNotional} decimals={0} />,
  },
  { name: 'Open', numeric: true, cell: ({ openedAt }) => <Age of={openedAt} /> },
];

export function OpenPlans() {
  const open = useAnswer<{ liquidations: readonly Liquidation[] }>(
    'v1/liquidations?status=open&limit=100',
    2000,
  );
  return (
    <Known answer={open}>
      {({ liquidations }) => (
        <Table
          {...{ label: 'Open liquidation plans', columns: COLUMNS, rows: liquidations, height: 220 }}
          keyOf={({ planId }) => planId}
          empty="No account is being liquidated."
        />
      )}
    </Known>
  );
}
