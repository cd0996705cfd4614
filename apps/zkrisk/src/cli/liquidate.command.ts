import { readFileSync } from 'node:fs';
import { messageOf } from '#lib/errors';
import {
  liquidate,
  type LiquidationPlan,
  loadSolvers,
  parseCase,
  parsePlan,
  type Verdict,
  verifyCertificate,
} from '#lib/liquidation';
import { UsageError } from '../usage-error.js';

/** The plan for an account, with its certificate. @throws {UsageError} for a file that cannot be read */
export async function liquidateCommand(file: string): Promise<LiquidationPlan> {
  const given = parseCase(readJson(file));
  return liquidate(given, await loadSolvers());
}

/** Whether a plan holds. @throws {UsageError} for a file that cannot be read */
export function checkPlanCommand(
  file: string,
): Verdict & { readonly outcome: string; readonly gap: number | null } {
  const plan = parsePlan(readJson(file));
  const { outcome, gap } = plan;
  return { ...verifyCertificate(plan), outcome, gap };
}

function readJson(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file}: cannot be read: ${messageOf(error)}`);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new UsageError(`${file}: is not JSON: ${messageOf(error)}`);
  }
}
