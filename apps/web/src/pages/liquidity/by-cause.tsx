import { marketNow } from '../../engine/clock.js';
import { sumOf, useHistory } from '../../engine/history.js';
import { Real } from '../../parts/figures.js';
import { Panel } from '../../parts/panel.js';
import { Waterfall } from '../../parts/waterfall.js';
import { Age } from '../../parts/figures.js';

const MONTH_MS = 30 * 24 * 3_600_000;

/** What the providers have earned and lost in thirty days, cause by cause; the causes add up to the change of their shares' worth. */
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
  if (shares.length < 2)
    return (
      <Panel title="Earned and lost, by cause" wide={6}>
        <p class="quiet">A change needs two hours of history; {shares.length} have been seen.</p>
      </Panel>
    );
  // What was before the first sample belongs to the worth that it begins with.
  const [first, last] = [shares[0], shares.at(-1)!];
  const since = <Row extends { readonly at: number }>(rows: readonly Row[]) =>
    rows.filter(({ at }) => at > first.at);
  const change = Number(last.worth) - Number(first.worth);
  const paidIn =
    sumOf(since(flows), 'provided') - sumOf(since(flows), 'withdrawn') - sumOf(since(flows), 'exitFees');
  const earned = {
    premia: sumOf(since(premia), 'liquidity'),
    funding: sumOf(since(funding), 'liquidity'),
  };
  const result = change - paidIn;
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
        Quote currency, thirty days or since the first hour that is kept. Worth of all shares{' '}
        <Real of={Number(first.worth)} decimals={2} /> → <Real of={Number(last.worth)} decimals={2} />, paid
        in less taken out, fees for leaving early included, <Real of={paidIn} decimals={2} signed />. The last
        cause is what the others do not explain: capital bears losses first, and the worth counts open ones
        and premia that have not vested.
      </p>
    </Panel>
  );
}
