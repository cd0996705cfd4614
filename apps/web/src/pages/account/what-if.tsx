import { useSignal } from '@preact/signals';
import type { Margin, Simulation } from '#lib/sdk';
import { ask } from '../../engine/api.js';
import { percentText, significantText } from '../../format/numbers.js';
import { Chart } from '../../parts/chart.js';
import { Decimal, State } from '../../parts/figures.js';
import { Fact, Facts, Panel } from '../../parts/panel.js';
import { MarginView } from './margin-view.js';

/** Moves of every mark at once that the curve is drawn at. */
const SHOCKS = [
  -0.5, -0.4, -0.3, -0.2, -0.15, -0.1, -0.05, -0.02, 0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5,
];
const PRICE_DECIMALS = 8;

interface Outcome {
  readonly then: Simulation;
  readonly curve: readonly {
    readonly shock: number;
    readonly equity: number;
    readonly maintenance: number;
  }[];
}

/** What a trade or a deposit would make of the cross margin, and what a move of all marks would make of that. */
export function WhatIf({ name, margin }: { name: string; margin: Margin }) {
  const legs = useSignal([{ market: '', size: '' }]);
  const deposit = useSignal('');
  const outcome = useSignal<Outcome | { readonly failed: string } | undefined>(undefined);
  const compute = async () => {
    const path = `v1/accounts/${encodeURIComponent(name)}/simulate`;
    const asked = {
      legs: legs.value.filter(({ market, size }) => market.trim() !== '' && size.trim() !== ''),
      ...(deposit.value.trim() === '' ? {} : { deposit: deposit.value.trim() }),
    };
    try {
      const then = await ask<Simulation>(path, asked);
      const curve = await Promise.all(
        SHOCKS.map(async (shock) => {
          const marks = Object.fromEntries(
            then.positions.map(({ market, mark }) => [market, (mark * (1 + shock)).toFixed(PRICE_DECIMALS)]),
          );
          const { equity, maintenanceMargin } = await ask<Simulation>(path, { ...asked, marks });
          return { shock, equity, maintenance: maintenanceMargin };
        }),
      );
      outcome.value = { then, curve };
    } catch (error) {
      outcome.value = { failed: error instanceof Error ? error.message : String(error) };
    }
  };
  const edit = (i: number, field: 'market' | 'size', text: string) => {
    legs.value = legs.value.map((leg, j) => (i === j ? { ...leg, [field]: text } : leg));
  };
  return (
    <Panel title="What if" wide={12} aside={<span>Nothing is booked.</span>}>
      <div class="halves">
        <form
          class="fields"
          onSubmit={(event) => {
            event.preventDefault();
            void compute();
          }}
        >
          {legs.value.map((leg, i) => (
            <div class="leg" key={i}>
              <label>
                Market
                <input
                  list="what-if-markets"
                  value={leg.market}
                  onInput={({ currentTarget }) => edit(i, 'market', currentTarget.value)}
                />
              </label>
              <label>
                Size, signed
                <input
                  inputMode="text"
                  pattern="-?\d+(\.\d+)?"
                  value={leg.size}
                  onInput={({ currentTarget }) => edit(i, 'size', currentTarget.value)}
                />
              </label>
            </div>
          ))}
          <datalist id="what-if-markets">
            {margin.positions.map(({ market }) => (
              <option key={market} value={market} />
            ))}
          </datalist>
          <button
            type="button"
            class="ghost"
            onClick={() => (legs.value = [...legs.value, { market: '', size: '' }])}
          >
            Another leg
          </button>
          <label>
            Paid in (negative: out)
            <input
              pattern="-?\d+(\.\d+)?"
              value={deposit.value}
              onInput={({ currentTarget }) => (deposit.value = currentTarget.value)}
            />
          </label>
          <button type="submit">Compute</button>
        </form>
        <div role="status">
          <OutcomeView outcome={outcome.value} />
        </div>
      </div>
    </Panel>
  );
}

function OutcomeView({ outcome }: { outcome: Outcome | { readonly failed: string } | undefined }) {
  if (outcome === undefined)
    return (
      <p class="quiet">
        Without any change the curve shows what a move of all marks would do to the account as it is.
      </p>
    );
  if ('failed' in outcome)
    return (
      <p class="notice bad">
        <State tone="bad">Refused</State> {outcome.failed}
      </p>
    );
  const { then, curve } = outcome;
  const gone = curve.filter(({ equity, maintenance }) => equity < maintenance).map(({ shock }) => shock);
  const below = Math.max(...gone.filter((shock) => shock < 0), -Infinity);
  const above = Math.min(...gone.filter((shock) => shock > 0), Infinity);
  const words = [
    ...(Number.isFinite(below) ? [percentText(below, 0)] : []),
    ...(Number.isFinite(above) ? [`+${percentText(above, 0)}`] : []),
  ];
  return (
    <>
      {then.premium !== null && (
        <Facts>
          <Fact name="Premium of the trade" note="risk + liquidity">
            <Decimal of={then.premium.risk} /> + <Decimal of={then.premium.liquidity} />
          </Fact>
          <Fact name="Initial margin">
            <State tone={then.accepted ? 'good' : 'bad'}>
              {then.accepted ? 'enough: it would be booked' : 'too little: it would be refused'}
            </State>
          </Fact>
        </Facts>
      )}
      <MarginView margin={then} />
      {then.positions.length > 0 && (
        <>
          <p class="caption">
            Equity and maintenance margin if every mark moved at once
            {words.length > 0
              ? `; liquidated at ${words.join(' and ')} of the moves tried`
              : '; not liquidated within ±50 %'}
          </p>
          <Chart
            label="Equity and maintenance margin against a move of all marks"
            summary={`At no move equity is ${significantText(then.equity)} and maintenance ${significantText(then.maintenanceMargin)}.`}
            xs={curve.map(({ shock }) => shock)}
            x={(shock) => percentText(shock, 0)}
            lines={[
              { name: 'equity', values: curve.map(({ equity }) => equity) },
              {
                name: 'maintenance',
                values: curve.map(({ maintenance }) => maintenance),
                colour: 2,
                dashed: true,
              },
            ]}
          />
        </>
      )}
    </>
  );
}
