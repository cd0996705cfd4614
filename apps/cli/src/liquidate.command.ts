import {
  liquidate,
  type LiquidationPlan,
  loadSolvers,
  parseCase,
  parsePlan,
  type Verdict,
  verifyCertificate,
} from '#lib/liquidation';
import { readJson } from './read-json.js';

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
