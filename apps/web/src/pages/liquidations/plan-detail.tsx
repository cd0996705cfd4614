import type { LiquidationDetail } from '#lib/sdk';
import { API_BASE } from '../../engine/api.js';
import { useAnswer } from '../../engine/resource.js';
import { href } from '../../router.js';
import { Age, Decimal, Percent, Real } from '../../parts/figures.js';
import { Fact, Facts, Known, Panel } from '../../parts/panel.js';
import { type Column, Table } from '../../parts/table.js';
import { CheckHere } from './verdict.js';

interface Row {
  readonly market: string;
  readonly notional: number;
  readonly fraction: number;
  readonly order: string | undefined;
}
const COLUMNS: readonly Column<Row>[] = [
  { name: 'Market', cell: ({ market }) => <a href={href('markets', market)}>{market}</a> },
  {
    name: 'Held notional',
    numeric: true,
    cell: ({ notional }) => <Real of={notional} decimals={0} signed />,
  },
  { name: 'Closed', numeric: true, cell: ({ fraction }) => <Percent of={fraction} /> },
  {
    name: 'Order, base units',
    numeric: true,
    cell: ({ order }) => (order === undefined ? '–' : <Decimal of={order} decimals={6} signed />),
  },
];

export function PlanDetail({ planId }: { planId: string }) {
  const path = `v1/liquidations/${encodeURIComponent(planId)}`;
  const answer = useAnswer<LiquidationDetail & { readonly proof: string }>(path, 5000);
  const { data } = answer.value;
  return (
    <Panel
      title={data === undefined ? 'Plan' : `Plan № ${data.ordinal}`}
      aside={
        <>
          {data !== undefined && <Age of={data.openedAt} />} <a href={href('liquidations')}>Close</a>
        </>
      }
    >
      <Known answer={answer}>
        {({ plan, orders, account, status, outcome, shortfall, gap, proof, closedNotional }) => (
          <div class="halves">
            <div>
              <Facts>
                <Fact name="Account">
                  <a href={href('account', account.split('~')[0])}>{account}</a>
                </Fact>
                <Fact name="State">
                  {status}, {outcome}
                </Fact>
                <Fact name="Equity before → after">
                  <Real of={plan.equityBefore} decimals={2} signed /> →{' '}
                  <Real of={plan.equityAfter} decimals={2} signed />
                </Fact>
                <Fact name="Maintenance margin">
                  <Real of={plan.maintenanceMargin} decimals={2} />
                </Fact>
                <Fact name="Initial margin after">
                  <Real of={plan.initialMarginAfter} decimals={2} />
                </Fact>
                <Fact name="Closed notional">
                  <Decimal of={closedNotional} decimals={2} />
                </Fact>
                <Fact name="At least needed" note="proven by the certificate’s witness">
                  {plan.lowerBound === null ? '–' : <Real of={plan.lowerBound} decimals={2} />}
                </Fact>
                <Fact name="Gap">{gap === null ? '–' : <Real of={gap} significant={2} />}</Fact>
                <Fact name="Shortfall" note="borne by the pool">
                  <Decimal of={shortfall} />
                </Fact>
                <Fact name="Proof in zero knowledge">
                  <a href={href('proofs', proof.replace('/v1/proofs/', ''))}>its state</a> ·{' '}
                  <a href={new URL(path, API_BASE).href}>plan as JSON</a>
                </Fact>
              </Facts>
              <CheckHere plan={() => plan} />
            </div>
            <Table
              {...{ label: 'Positions of the plan', columns: COLUMNS, height: 320 }}
              rows={plan.case.positions.map(({ market, size, price }, i) => ({
                market,
                notional: size * price,
                fraction: plan.fractions[i],
                order: orders.find((order) => order.market === market)?.size,
              }))}
              keyOf={({ market }) => market}
            />
          </div>
        )}
      </Known>
    </Panel>
  );
}
