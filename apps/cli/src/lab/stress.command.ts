import { wholeText } from '#lib/amounts';
import { labParameters, type StressReport, stressReport } from '#lib/lab';
import { UsageError } from '#lib/terminal';
import { engineAnswer } from '../engine-answer.js';
import type { StressReportFile } from './explain-stress.js';
import { type InputOptions, labInputs } from './lab-inputs.js';
import { playOurs } from './our-venue.js';
import { pastMoves } from './past-moves.js';
import { reportInputs, writeReport } from './report-inputs.js';

export interface StressOptions extends Partial<InputOptions> {
  /** of a running engine; its own book is stressed */
  readonly url?: string;
  readonly key?: string;
  readonly seed: number;
  readonly set: Readonly<Record<string, unknown>>;
  /** file that the report and the run's inputs are written to, for `lab explain`; of the lab's own book alone */
  readonly report?: string;
}

/** The part of a report that is shown, the engine's or the lab's. */
export interface StressSummary {
  readonly forecastId: string;
  readonly accounts: number;
  readonly capital: number;
  readonly liquidity: number;
  readonly distance: Readonly<
    Record<'capital' | 'insolvency', { readonly atLeast: number; readonly atMost: number | null }>
  >;
  readonly scenarios: readonly {
    readonly name: string;
    readonly poolLoss: number;
    readonly badDebt: number;
    readonly fromCapital: number;
    readonly fromLiquidity: number;
    readonly uncovered: number;
    readonly liquidated: { readonly accounts: number; readonly notional: number };
  }[];
}

/** `zkrisk lab stress`: the book of a running engine, or the one that a run of the lab ends with. */
export async function stressCommand(options: StressOptions): Promise<StressSummary> {
  const { url, key, prices, report } = options;
  if (url !== undefined && report !== undefined)
    throw new UsageError('lab stress: --report repeats a run of the lab, an engine’s book is its journal’s');
  if (url !== undefined) return (await engineAnswer(url, '/v1/stress', { apiKey: key })) as StressSummary;
  if (prices === undefined) throw new UsageError('lab stress: give --url of an engine, or --prices FILE');
  return fromLab({ ...options, prices });
}

async function fromLab(options: StressOptions & InputOptions): Promise<StressReport> {
  const { seed } = options;
  const parameters = labParameters(options.set);
  const inputs = await labInputs(options, parameters);
  const { venue } = await playOurs(inputs, { seed, parameters }, {});
  const stress = stressReport(venue.engine, pastMoves(inputs.panel));
  if (stress === null) throw new UsageError('there is no forecast yet: give more bars');
  if (options.report !== undefined) {
    const report: StressReportFile = {
      ...{ kind: 'stress', ...reportInputs(options, inputs.digest, parameters), seed, stress },
    };
    writeReport(options.report, report);
  }
  return stress;
}

/** The report for the screen. */
export function stressTable({
  forecastId,
  accounts,
  capital,
  liquidity,
  distance,
  scenarios,
}: StressSummary): string {
  const money = (value: number) => wholeText(value).padStart(14);
  const away = ({ atLeast, atMost }: StressSummary['distance']['capital']) =>
    `at least ${atLeast.toFixed(2)} σ, at most ${atMost === null || !Number.isFinite(atMost) ? 'unknown' : `${atMost.toFixed(2)} σ`}`;
  return [
    `${forecastId}: ${accounts} accounts; P ${money(capital).trim()}, L ${money(liquidity).trim()}`,
    `the nearest move that uses up P is ${away(distance.capital)} away, P and L ${away(distance.insolvency)}`,
    `${'scenario'.padEnd(46)}${['pool loss', 'bad debt', 'from P', 'from L', 'uncovered', 'accounts', 'notional'].map((text) => text.padStart(14)).join('')}`,
    ...scenarios.map((each) =>
      [
        each.name.padEnd(46),
        ...[each.poolLoss, each.badDebt, each.fromCapital, each.fromLiquidity, each.uncovered].map(money),
        String(each.liquidated.accounts).padStart(14),
        money(each.liquidated.notional),
      ].join(''),
    ),
  ].join('\n');
}
