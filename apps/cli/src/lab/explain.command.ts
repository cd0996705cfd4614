import { readFileSync } from 'node:fs';
import type { LabReport } from '#lib/lab';
import { UsageError } from '#lib/terminal';
import {
  type CoverageReportFile,
  explainCoverage,
  type IntervalExplanation,
  type TestExplanation,
} from './explain-coverage.js';
import {
  explainRun,
  explainSweep,
  type RunExplanation,
  type RunReport,
  type SweepReportFile,
} from './explain-runs.js';
import { explainStress, type StressExplanation, type StressReportFile } from './explain-stress.js';
import { explainTournament, type MeanExplanation } from './explain-tournament.js';
import type { InputsNow } from './report-inputs.js';

export interface ExplainOptions extends InputsNow {
  readonly report: string;
}

export type Explanation =
  RunExplanation | MeanExplanation | TestExplanation | IntervalExplanation | StressExplanation;

type AnyReport =
  | RunReport
  | SweepReportFile
  | CoverageReportFile
  | StressReportFile
  | (LabReport & { readonly kind?: undefined });

/**
 * `zkrisk lab explain ID`: repeats the run of a report and traces a figure of it to the figures, accounts and events that it is computed
 * from.
 *
 * @throws {UsageError} for an ID that the report does not have, or where the run repeated is not the one reported
 */
export async function explainCommand(id: string, { report, ...now }: ExplainOptions): Promise<Explanation> {
  const read = JSON.parse(readFileSync(report, 'utf8')) as AnyReport;
  switch (read.kind) {
    case 'run':
      return explainRun(id, read, now);
    case 'sweep':
      return explainSweep(id, read, now);
    case 'coverage':
      return explainCoverage(id, read, now);
    case 'stress':
      return explainStress(id, read, now);
    case undefined:
      return explainTournament(id, read, now);
    default:
      throw new UsageError(`${report} is no report of the lab`);
  }
}
