import { marketNow } from '../../engine/clock.js';
import { DAY_MS, HOUR_MS, MONTH_MS, type Past, sumOf, useHistory } from '../../engine/history.js';
import { timeText } from '../../format/times.js';
import { Age, Real } from '../../parts/figures.js';
import { Panel } from '../../parts/panel.js';
import { Waterfall } from '../../parts/waterfall.js';

/** Earnings and losses of the providers over thirty days, cause by cause; the causes add up to the result of their shares. */
export function ByCause() {
  const shares = useHistory('shares', MONTH_MS);
  const premia = useHistory('premia', MONTH_MS);
  const funding = useHistory('funding', MONTH_MS, { step: '1d' });
  const flows = useHistory('flows', MONTH_MS);
  if (shares === undefined || premia === undefined || funding === undefined || flows === undefined)
    return (
      <Panel title="Earned and lost, by cause" wide={6}>
        <p class="quiet">
          {marketNow.value === undefined ? 'Asking…' : 'No history is kept by this process.'}
        </p>
      </Panel>
    );
  const priced = shares.filter(({ outstanding }) => Number(outstanding) > 0);
  if (priced.length < 2)
    return (
      <Panel title="Earned and lost, by cause" wide={6}>
        <p class="quiet">A change needs two hours with shares; {priced.length} have been seen.</p>
      </Panel>
    );
  const [first, last] = [priced[0], priced.at(-1)!];
  // A day that has the first hour in it counts: before the first shares providers earned nothing.
  const since = (rows: readonly Past[], stepMs = HOUR_MS) => rows.filter(({ at }) => at > first.at - stepMs);
  const earned = {
    premia: sumOf(since(premia), 'liquidity'),
    funding: sumOf(since(funding, DAY_MS), 'liquidity'),
  };
  const result = resultOf(priced);
  return (
    <Panel title="Earned and lost, by cause" wide={6} aside={<Age of={last.at} />}>
      <Waterfall
        label="Result of the providers by cause"
        parts={[
          { name: 'Premia for liquidity', value: earned.premia },
          { name: 'Funding for liquidity', value: earned.funding },
          {
            name: 'Losses borne, open ones and what came back',
            value: result - earned.premia - earned.funding,
          },
        ]}
        total={{ name: 'Result', value: result }}
      />
      <p class="note">
        Quote currency, since {timeText(first.at)} UTC: what the shares of each hour have won by their price.
        Paid in <Real of={sumOf(since(flows), 'provided')} decimals={2} />, taken out{' '}
        <Real of={sumOf(since(flows), 'withdrawn')} decimals={2} />, fees for leaving early{' '}
        <Real of={sumOf(since(flows), 'exitFees')} decimals={2} />. The last cause is what the others do not
        explain: capital bears losses first, and the price counts open ones and premia that have not vested.
      </p>
    </Panel>
  );
}

/** Result of the shares: the price's change in each hour times the shares outstanding at its start. Whoever came or went paid the price. */
function resultOf(rows: readonly Past[]): number {
  const price = ({ worth, outstanding }: Past) => Number(worth) / Number(outstanding);
  return rows
    .slice(1)
    .reduce((sum, row, i) => sum + Number(rows[i].outstanding) * (price(row) - price(rows[i])), 0);
}
