import type { Liquidation } from '#lib/sdk';
import { useAnswer } from '../engine/resource.js';
import { href, place } from '../router.js';
import { significantText } from '../format/numbers.js';
import { Age, Decimal, State, type Tone } from '../parts/figures.js';
import { Known, Panel } from '../parts/panel.js';
import { type Column, Table } from '../parts/table.js';
import { CheckAny } from './liquidations/check-any.js';
import { Tape } from '../parts/tape.js';
import { Ladder } from './liquidations/ladder.js';
import { PlanDetail } from './liquidations/plan-detail.js';

const TONES: Readonly<Record<Liquidation['status'], Tone>> = {
  open: 'warn',
  executed: 'good',
  'partially-executed': 'good',
  expired: 'bad',
  superseded: 'quiet',
  refused: 'bad',
};

const COLUMNS: readonly Column<Liquidation>[] = [
  {
    name: 'Plan',
    cell: ({ planId, ordinal }) => <a href={href('liquidations', planId)}>№ {ordinal}</a>,
    sort: ({ ordinal }) => ordinal,
  },
  {
    name: 'Account',
    cell: ({ account }) => <a href={href('account', account.split('~')[0])}>{account}</a>,
    sort: ({ account }) => account,
  },
  {
    name: 'State',
    cell: ({ status }) => <State tone={TONES[status]}>{status}</State>,
    sort: ({ status }) => status,
  },
  { name: 'Outcome', cell: ({ outcome }) => outcome, sort: ({ outcome }) => outcome },
  {
    name: 'Opened',
    numeric: true,
    cell: ({ openedAt }) => <Age of={openedAt} />,
    sort: ({ openedAt }) => openedAt,
  },
  {
    ...{ name: 'Closed notional', numeric: true, sort: ({ closedNotional }) => Number(closedNotional) },
    cell: ({ closedNotional }) => <Decimal of={closedNotional} decimals={0} />,
  },
  {
    ...{
      name: 'of',
      numeric: true,
      title: 'Notional of the account',
      sort: ({ notional }) => Number(notional),
    },
    cell: ({ notional }) => <Decimal of={notional} decimals={0} />,
  },
  {
    name: 'Shortfall',
    numeric: true,
    cell: ({ shortfall }) => <Decimal of={shortfall} signed />,
    sort: ({ shortfall }) => Number(shortfall),
  },
  {
    ...{
      name: 'Gap',
      numeric: true,
      title: 'How far, at most, the plan is from the least that restores the margin',
      sort: ({ gap }) => gap ?? -1,
    },
    cell: ({ gap }) =>
      gap === null ? (
        '–'
      ) : (
        <data value={gap} title={String(gap)}>
          {significantText(gap, 2)}
        </data>
      ),
  },
  { name: 'Method', cell: ({ method }) => method ?? '–' },
];

export function Liquidations() {
  const all = useAnswer<{ liquidations: readonly Liquidation[] }>('v1/liquidations?limit=500', 2000);
  const chosen = place.value.item;
  return (
    <div class="grid">
      {chosen !== undefined && <PlanDetail key={chosen} planId={chosen} />}
      <Panel title="Liquidations" aside={<span>the newest 500</span>}>
        <Known answer={all}>
          {({ liquidations }) => (
            <Table
              {...{
                label: 'Liquidations',
                columns: COLUMNS,
                rows: liquidations,
                selected: chosen,
                height: 420,
              }}
              keyOf={({ planId }) => planId}
              empty="No account has been liquidated."
            />
          )}
        </Known>
      </Panel>
      <Ladder />
      <Tape only={['opened', 'closed']} />
      <CheckAny />
    </div>
  );
}
