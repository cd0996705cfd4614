import type { Margin } from '#lib/sdk';
import { Decimal, Percent, Real, State } from '../../parts/figures.js';
import { Gauge } from '../../parts/gauge.js';
import { Fact, Facts } from '../../parts/panel.js';

/** Equity against both margins, and the terms of the margins. */
export function MarginView({ margin, cash }: { margin: Margin; cash?: string }) {
  const { equity, initialMargin, maintenanceMargin, terms } = margin;
  const state = margin.liquidatable ? 'bad' : equity < initialMargin ? 'warn' : 'good';
  const word = margin.liquidatable
    ? 'below maintenance: to be liquidated'
    : equity < initialMargin
      ? 'below initial margin: can only reduce'
      : 'margin held';
  return (
    <>
      <div class="gauge-line">
        <State tone={state}>{word}</State>
        <span>
          maintenance <Real of={maintenanceMargin} decimals={2} /> of equity <Real of={equity} decimals={2} />
        </span>
      </div>
      <Gauge
        label="Maintenance margin as a part of equity"
        part={maintenanceMargin}
        whole={equity}
        tone={state === 'good' ? 'plain' : state}
      />
      <Facts>
        {cash !== undefined && (
          <Fact name="Cash">
            <Decimal of={cash} />
          </Fact>
        )}
        <Fact name="Equity">
          <Real of={equity} decimals={2} signed />
        </Fact>
        <Fact name="Unrealised profit">
          <Real of={margin.unrealisedPnl} decimals={2} signed />
        </Fact>
        <Fact name="Notional">
          <Real of={margin.notional} decimals={0} />
        </Fact>
        <Fact name="Equity over notional">
          {margin.marginRatio === null ? '–' : <Percent of={margin.marginRatio} />}
        </Fact>
        <Fact name="Free above initial margin">
          <Real of={margin.available} decimals={2} signed />
        </Fact>
      </Facts>
      {margin.notional > 0 && (
        <table class="plain">
          <caption>Terms of the margins</caption>
          <thead>
            <tr>
              <th scope="col">Term</th>
              <th scope="col" class="numeric">
                initial
              </th>
              <th scope="col" class="numeric">
                maintenance
              </th>
            </tr>
          </thead>
          <tbody>
            {(['risk', 'concentration', 'closing', 'floor', 'total'] as const).map((term) => (
              <tr key={term}>
                <th scope="row">
                  {term}
                  {term === 'risk' && <span class="note"> worst: {terms.initial.worst}</span>}
                </th>
                <td class="numeric">
                  <Real of={terms.initial[term]} decimals={2} />
                </td>
                <td class="numeric">
                  <Real of={terms.maintenance[term]} decimals={2} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}
