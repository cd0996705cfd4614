import { writeFileSync } from 'node:fs';
import {
  coveragePicture,
  coverageReport,
  type CoverageReport,
  type CoverageSnapshot,
  coverageSnapshot,
  labParameters,
  labRun,
  populationOf,
  zkriskSettings,
  ZkriskVenue,
} from '#lib/lab';
import { loadSolvers } from '#lib/liquidation';
import { barsPlayed, type InputOptions, labInputs } from './lab-inputs.js';

export interface CoverageOptions extends InputOptions {
  readonly seed: number;
  readonly set: Readonly<Record<string, unknown>>;
  /** SVG that is written */
  readonly picture?: string;
}

/** `zkrisk lab coverage`: expectations of the engine at each horizon of a history beside the outcomes. */
export async function coverageCommand(options: CoverageOptions): Promise<Omit<CoverageReport, 'intervals'>> {
  const parameters = labParameters(options.set);
  const [{ panel, forecasts }, solvers] = await Promise.all([labInputs(options, parameters), loadSolvers()]);
  const snapshots: CoverageSnapshot[] = [];
  const played = barsPlayed(`zkrisk, seed ${options.seed}`, panel.times);
  let venue: ZkriskVenue | undefined;
  labRun({
    ...{ panel, forecasts },
    flow: populationOf({ rules: 'zkrisk', seed: options.seed, parameters }, panel.markets.length),
    venue: (tell) =>
      (venue = new ZkriskVenue(panel.markets, zkriskSettings(parameters, panel.barMs), solvers, tell)),
    progress: (bar, figures) => {
      played(bar, figures);
      const snapshot = coverageSnapshot(venue!.engine, panel.markets);
      if (snapshot !== null) snapshots.push(snapshot);
    },
  });
  const report = coverageReport(snapshots, Math.ceil(parameters.horizonBars), parameters.alpha);
  if (options.picture !== undefined) writeFileSync(options.picture, coveragePicture(report));
  const { intervals: _, ...tests } = report;
  return tests;
}
