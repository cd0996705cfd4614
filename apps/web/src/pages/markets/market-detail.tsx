import { MONTH_MS, useHistory } from '../../engine/history.js';
import { useAnswer } from '../../engine/resource.js';
import { compactText, decimalsFor, fixedText, significantText } from '../../format/numbers.js';
import { href } from '../../router.js';
import { Chart } from '../../parts/chart.js';
import { Age } from '../../parts/figures.js';
import { Known, Panel } from '../../parts/panel.js';
import { Ticket } from '../account/ticket.js';
import { QuoteLadder } from './quote-ladder.js';

interface Curve {
  readonly marketTime: string;
  readonly mark: string;
  readonly points: readonly { readonly size: string; readonly risk: string; readonly liquidity: string }[];
}

/** One market: what a trade of any size costs, a trade by hand, and its last thirty days. */
export function MarketDetail({ market }: { market: string }) {
  const curve = useAnswer<Curve>(`v1/markets/${encodeURIComponent(market)}/premia`, 5000);
  return (
    <>
      <Panel title={`Trade ${market}`} wide={5} aside={<a href={href('markets')}>Close</a>}>
        <Ticket market={market} />
      </Panel>
      <Panel
        title="Premium over size"
        wide={7}
        aside={curve.value.data && <Age of={curve.value.data.marketTime} />}
      >
        <Known answer={curve}>
          {({ points, mark }) => (
            <>
              <PremiumCurve points={points} mark={Number(mark)} />
              <QuoteLadder points={points} mark={Number(mark)} />
            </>
          )}
        </Known>
      </Panel>
      <MarketPast market={market} />
    </>
  );
}

function PremiumCurve({ points, mark }: { points: Curve['points']; mark: number }) {
  const share = (amount: string, size: string) =>
    Number(size) === 0 ? null : (Number(amount) / (Math.abs(Number(size)) * mark)) * 10_000;
  const last = points.at(-1);
  return (
    <>
      <p class="caption">Basis points of notional; sold to the left, bought to the right.</p>
      <Chart
        label="Premium of a trade against its size"
        summary={
          last === undefined
            ? ''
            : `Buying ${last.size} costs ${last.risk} for risk and ${last.liquidity} for liquidity.`
        }
        xs={points.map(({ size }) => Number(size) * mark)}
        x={compactText}
        y={(value) => `${fixedText(value, 1)} bp`}
        height={220}
        lines={[
          { name: 'risk', values: points.map(({ risk, size }) => share(risk, size)) },
          {
            name: 'liquidity',
            values: points.map(({ liquidity, size }) => share(liquidity, size)),
            dashed: true,
          },
        ]}
      />
    </>
  );
}

function MarketPast({ market }: { market: string }) {
  const marks = useHistory('marks', MONTH_MS, { market });
  const funding = useHistory('funding', MONTH_MS, { market });
  if (marks === undefined || marks.length < 2) return null;
  const values = marks.map(({ mark }) => Number(mark));
  let [risk, liquidity] = [0, 0];
  const sums = (funding ?? []).map((hour) => ({
    at: hour.at / 1000,
    risk: (risk += Number(hour.risk)),
    liquidity: (liquidity += Number(hour.liquidity)),
  }));
  return (
    <>
      <Panel title="Mark, thirty days" wide={6} aside={<Age of={marks.at(-1)!.at} />}>
        <Chart
          label={`Mark of ${market} over thirty days`}
          summary={`Last ${significantText(values.at(-1)!, 6)}.`}
          {...{ xs: marks.map(({ at }) => at / 1000), time: true, height: 180 }}
          y={(value) => fixedText(value, Math.min(4, decimalsFor(value, 5)))}
          lines={[{ name: 'mark', values }]}
        />
      </Panel>
      {sums.length > 1 && (
        <Panel
          title="Funding of all positions, summed over thirty days"
          wide={6}
          aside={<Age of={funding!.at(-1)!.at} />}
        >
          <Chart
            label={`Funding of ${market}, summed over thirty days`}
            summary={`To capital ${significantText(risk)}, to liquidity ${significantText(liquidity)}.`}
            {...{ xs: sums.map(({ at }) => at), time: true, height: 180 }}
            lines={[
              { name: 'to capital', values: sums.map((sum) => sum.risk) },
              { name: 'to liquidity', values: sums.map((sum) => sum.liquidity), dashed: true },
            ]}
          />
        </Panel>
      )}
    </>
  );
}
