import { writeFileSync } from 'node:fs';
import {
  coveragePicture,
  coverageReport,
  type CoverageReport,
  type CoverageSnapshot,
  coverageSnapshot,
  labParameters,
} from '#lib/lab';
import type { CoverageReportFile } from './explain-coverage.js';
import { barsPlayed, type InputOptions, labInputs } from './lab-inputs.js';
import { playOurs } from './our-venue.js';
import { reportInputs, writeReport } from './report-inputs.js';

export interface CoverageOptions extends InputOptions {
  readonly seed: number;
  readonly set: Readonly<Record<string, unknown>>;
  /** SVG that is written */
  readonly picture?: string;
  /** file that tests, intervals and inputs are written to, for `lab explain` */
  readonly report?: string;
}

/** `zkrisk lab coverage`: expectations of the engine at each horizon of a history beside the outcomes. */
export async function coverageCommand(options: CoverageOptions): Promise<Omit<CoverageReport, 'intervals'>> {
  const { seed } = options;
  const parameters = labParameters(options.set);
  const inputs = await labInputs(options, parameters);
  const { panel, digest } = inputs;
  const snapshots: CoverageSnapshot[] = [];
  const played = barsPlayed(`zkrisk, seed ${seed}`, panel.times);
  await playOurs(
    inputs,
    { seed, parameters },
    {
      bar: ({ engine }, bar, figures) => {
        played(bar, figures);
        const snapshot = coverageSnapshot(engine, panel.markets);
        if (snapshot !== null) snapshots.push(snapshot);
      },
    },
  );
  const coverage = coverageReport(snapshots, Math.ceil(parameters.horizonBars), parameters.alpha);
  if (options.picture !== undefined) writeFileSync(options.picture, coveragePicture(coverage));
  if (options.report !== undefined) {
    const report: CoverageReportFile = {
      ...{ kind: 'coverage', ...reportInputs(options, digest, parameters), seed, coverage },
    };
    writeReport(options.report, report);
  }
  const { intervals: _, ...tests } = coverage;
  return tests;
}
