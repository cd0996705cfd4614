import { useHistory } from '../../engine/history.js';
import { risksSeen } from '../../engine/seen.js';
import { significantText } from '../../format/numbers.js';
import { Chart } from '../../parts/chart.js';

interface Point {
  readonly at: number;
  readonly evar: number;
  readonly rho: number;
}

/** EVaR and ρ over time: from the history where the engine keeps one, and what this page has seen since. */
export function RiskPast({ spanMs, height }: { spanMs: number; height: number }) {
  const past = useHistory('risk', spanMs)?.map(({ at, entropicValueAtRisk, riskMeasure }): Point => ({
    ...{ at, evar: Number(entropicValueAtRisk), rho: Number(riskMeasure) },
  }));
  const last = past?.at(-1)?.at ?? -Infinity;
  const points: readonly Point[] = [...(past ?? []), ...risksSeen.value.filter(({ at }) => at > last)];
  if (points.length < 2) return <p class="quiet">A line needs two bars; {points.length} have been seen.</p>;
  const { evar, rho } = points.at(-1)!;
  return (
    <>
      <p class="caption">EVaR and ρ over time{past === undefined ? ', since this page was opened' : ''}</p>
      <Chart
        label="EVaR and risk measure over time"
        summary={`Last EVaR ${significantText(evar)}, ρ ${significantText(rho)}.`}
        {...{ xs: points.map(({ at }) => at / 1000), time: true, height }}
        lines={[
          { name: 'EVaR', values: points.map((point) => point.evar) },
          { name: 'ρ', values: points.map((point) => point.rho), dashed: true },
        ]}
      />
    </>
  );
}
