import type { Forecast, Risk } from '../../engine/answers.js';
import { HOUR_MS, useHistory } from '../../engine/history.js';
import { useAnswer } from '../../engine/resource.js';
import { risksSeen } from '../../engine/seen.js';
import { significantText } from '../../format/numbers.js';
import { Chart, type Line } from '../../parts/chart.js';
import { exceedances, type Forecasted } from './exceedances.js';

interface Point {
  readonly at: number;
  readonly evar: number;
  readonly rho: number;
}

/**
 * EVaR and ρ over time: the engine's history, where it keeps one, and the values that this page has received since.
 *
 * @param events with the bars from which the pool lost more than the EVaR, and the hours in which plans were opened
 */
export function RiskPast({
  spanMs,
  height,
  events = false,
}: {
  spanMs: number;
  height: number;
  events?: boolean;
}) {
  const rows = useHistory('risk', spanMs);
  const past = rows?.map(({ at, entropicValueAtRisk, riskMeasure }): Point => ({
    ...{ at, evar: Number(entropicValueAtRisk), rho: Number(riskMeasure) },
  }));
  const last = past?.at(-1)?.at ?? -Infinity;
  const points: readonly Point[] = [...(past ?? []), ...risksSeen.value.filter(({ at }) => at > last)];
  const happened = useHappened(events, spanMs, rows as readonly Forecasted[] | undefined, points);
  if (points.length < 2) return <p class="quiet">A line needs two bars; {points.length} have been seen.</p>;
  const { evar, rho } = points.at(-1)!;
  return (
    <>
      <p class="caption">
        EVaR and ρ over time, quote currency{past === undefined ? ', since this page was opened' : ''}
      </p>
      <Chart
        label="EVaR and risk measure over time"
        summary={`Last EVaR ${significantText(evar)}, ρ ${significantText(rho)}. ${happened.words}`}
        {...{ xs: points.map(({ at }) => at / 1000), time: true, height }}
        lines={[
          { name: 'EVaR', values: points.map((point) => point.evar) },
          { name: 'ρ', values: points.map((point) => point.rho), dashed: true },
          ...happened.lines,
        ]}
      />
      {events && <p class="note">{happened.words}</p>}
    </>
  );
}

/** Marks at the points of the chart: bars whose forecast was exceeded, hours in which plans were opened. */
function useHappened(
  wanted: boolean,
  spanMs: number,
  forecasts: readonly Forecasted[] | undefined,
  points: readonly Point[],
): { readonly lines: readonly Line[]; readonly words: string } {
  const liquidations = useHistory(wanted ? 'liquidations' : undefined, spanMs);
  const { data: forecast } = useAnswer<Forecast>('v1/forecasts/latest?include=factors', 5000).value;
  const { data: risk } = useAnswer<Risk>('v1/risk', 2000).value;
  if (!wanted || forecasts === undefined || forecast === undefined || risk === undefined)
    return { lines: [], words: '' };
  const judged = exceedances(forecasts, forecast.horizonSeconds * 1000, risk.alpha);
  const exceeded = new Set(forecasts.filter((_, i) => judged[i] === true).map(({ at }) => at));
  const ended = judged.filter((each) => each !== undefined).length;
  const opened = (liquidations ?? []).filter(({ kind }) => kind === 'opened');
  const hours = new Set(opened.map(({ at }) => at - (at % HOUR_MS)));
  const marks = (name: string, colour: 3 | 4, at: (point: Point) => boolean): Line => ({
    ...{ name, colour, marks: true, values: points.map((point) => (at(point) ? point.evar : null)) },
  });
  return {
    lines: [
      marks('lost more than EVaR', 3, ({ at }) => exceeded.has(at)),
      marks('plans opened', 4, ({ at }) => hours.has(at - (at % HOUR_MS))),
    ],
    words:
      (ended === 0
        ? 'The horizon of no bar has ended yet'
        : `From ${exceeded.size} of ${ended} bars whose horizon has ended the pool lost more than the EVaR at ${Math.round((1 - risk.alpha) * 100)} %, liquidity that came or went counted`) +
      `; ${opened.length} liquidation plans were opened in ${hours.size} hours.`,
  };
}
