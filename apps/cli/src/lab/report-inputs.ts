import { writeFileSync } from 'node:fs';
import type { LabParameters } from '#lib/lab';
import { UsageError } from '#lib/terminal';
import { note } from '../print.js';
import { type InputOptions, type LabInputs, labInputs } from './lab-inputs.js';

/** The inputs of a report, from which its runs can be repeated. */
export interface ReportInputs {
  /** files that prices were read from */
  readonly prices: readonly string[];
  readonly column?: string;
  readonly bars?: number;
  /** of prices and forecast settings */
  readonly digest: string;
  readonly parameters: LabParameters;
}

export function reportInputs(
  { prices, column, bars }: InputOptions,
  digest: string,
  parameters: LabParameters,
): ReportInputs {
  return {
    prices,
    ...(column === undefined ? {} : { column }),
    ...(bars === undefined ? {} : { bars }),
    ...{ digest, parameters },
  };
}

export function writeReport(file: string, report: object): void {
  writeFileSync(file, `${JSON.stringify(report)}\n`);
  note(`${file} is written: zkrisk lab explain ID --report ${file}`);
}

/** Where prices and forecasts are now. */
export interface InputsNow {
  /** files of prices, where they are elsewhere now */
  readonly prices?: readonly string[];
  readonly cache?: string;
}

/** Reads the inputs of a report again. @throws {UsageError} where their digest is not the report's */
export async function inputsAgain(
  { prices: then, column, bars, digest, parameters }: ReportInputs,
  { prices = then, cache }: InputsNow,
): Promise<LabInputs> {
  const inputs = await labInputs(
    {
      prices,
      ...(column === undefined ? {} : { column }),
      ...(bars === undefined ? {} : { bars }),
      ...(cache === undefined ? {} : { cache }),
    },
    parameters,
  );
  if (inputs.digest !== digest)
    throw new UsageError(`the prices are not those of the report: ${inputs.digest} and not ${digest}`);
  return inputs;
}
