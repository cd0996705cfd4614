import { parseInput } from '#lib/errors';
import { stressHistory } from '#lib/margin';
import { type RiskParameters, riskParameters } from '#lib/messages';
import { commonWindow, readSeriesFiles } from '#lib/price-file';
import { UsageError } from '#lib/terminal';
import { fitForecastModel } from '#lib/volatility';
import { note } from './print.js';

export interface StressParametersOptions {
  readonly files: readonly string[];
  readonly column?: string;
  /** bars, the last ones */
  readonly bars: number;
}

/** Fewest bars that groups of markets are described by. */
const LEAST_BARS = 100;

/**
 * `zkrisk parameters scenarios`: the record of parameters with the scenarios that its history asks for: worst hours, worst joint
 * hours, and the groups of markets that the forecast's model describes. Everything else stays.
 *
 * @param parameters that hold
 * @throws {UsageError} where the files have too little
 */
export function stressParameters(
  parameters: unknown,
  { files, column, bars }: StressParametersOptions,
): RiskParameters {
  const base = parseInput(riskParameters, parameters, 'parameters');
  const table = readSeriesFiles(files, { kind: 'price', ...(column === undefined ? {} : { column }) });
  table.notes.forEach(note);
  const { markets, returns, leftOut } = commonWindow(table, 'price', bars);
  for (const { market, reason } of leftOut) note(`${market} keeps its scenarios: it ${reason}`);
  if ((returns[0]?.length ?? 0) < LEAST_BARS)
    throw new UsageError(
      `${files.join(', ')}: ${returns[0]?.length ?? 0} bars in common, at least ${LEAST_BARS} are needed`,
    );
  const relative = returns.map((series) => Float64Array.from(series, (r) => Math.expm1(r)));
  const { worstHours, jointHours } = stressHistory(markets, relative);
  const { groups } = fitForecastModel(markets, returns, { describe: true });
  const clusters = (groups ?? [])
    .filter(({ markets: members }) => members.length > 1)
    .map(({ markets: members }, i): [string, string[]] => [`group-${i + 1}`, [...members]]);
  return {
    ...base,
    margin: {
      ...base.margin,
      worstHours: { ...base.margin.worstHours, ...worstHours },
      jointHours: jointHours.map((hour) => ({ ...hour })),
      clusters: Object.fromEntries(clusters),
    },
  };
}
