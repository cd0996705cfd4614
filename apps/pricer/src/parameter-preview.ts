import { setImmediate } from 'node:timers/promises';
import type { RiskParameters } from '#lib/messages';
import { AccountStandings, type PricingEngine, type RiskRules, riskRules } from '#lib/exchange';

/** Accounts marked between two breaths of the process. */
const ACCOUNTS_AT_ONCE = 1000;
const MOST_NAMES = 100;

/** Effect of a change of parameters. Money. */
export interface ParameterPreview {
  readonly base: number;
  readonly digest: string;
  /** paths of the fields that are different */
  readonly changed: readonly string[];
  /** accounts with positions */
  readonly accounts: number;
  readonly liquidatable: {
    readonly before: number;
    readonly after: number;
    /** of those that only the change makes so, some */
    readonly names: readonly string[];
  };
  readonly initialMargin: { readonly before: number; readonly after: number };
  readonly maintenanceMargin: { readonly before: number; readonly after: number };
  /** ρ of the pool; null before a forecast */
  readonly riskMeasure: { readonly before: number; readonly after: number } | null;
}

/**
 * Marks every account under the parameters that hold and under others; nothing is changed. Takes time in proportion to the
 * accounts, in small pieces.
 *
 * @throws {InvalidInputError} naming the parameter that does not fit
 */
export async function previewParameters(
  engine: PricingEngine,
  parameters: RiskParameters,
): Promise<ParameterPreview> {
  const holds = engine.parameters.rules;
  const changed = riskRules(holds.version + 1, parameters);
  const under = (rules: RiskRules) =>
    new AccountStandings(
      engine.ledger,
      engine.board,
      () => rules,
      () => engine.marginCapital,
    );
  const [before, after] = [under(holds), under(changed)];
  const names: string[] = [];
  const counts = { before: 0, after: 0 };
  const initialMargin = { before: 0, after: 0 };
  const maintenanceMargin = { before: 0, after: 0 };
  let accounts = 0;
  for (const account of engine.ledger.openAccounts()) {
    const [was, would] = [before.standing(account), after.standing(account)];
    initialMargin.before += was.initialMargin;
    initialMargin.after += would.initialMargin;
    maintenanceMargin.before += was.maintenanceMargin;
    maintenanceMargin.after += would.maintenanceMargin;
    if (was.liquidatable) counts.before++;
    if (would.liquidatable) counts.after++;
    if (would.liquidatable && !was.liquidatable && names.length < MOST_NAMES) names.push(account);
    if (++accounts % ACCOUNTS_AT_ONCE === 0) await setImmediate();
  }
  // None of these parameters is the risk measure's: it stays.
  const riskMeasure = engine.ready() ? engine.assessment().assessment.riskMeasure : null;
  return {
    base: holds.version,
    digest: changed.digest,
    changed: differences(holds.parameters, changed.parameters),
    accounts,
    liquidatable: { ...counts, names },
    ...{ initialMargin, maintenanceMargin },
    riskMeasure: riskMeasure === null ? null : { before: riskMeasure, after: riskMeasure },
  };
}

/** Paths at which two values of the same shape differ. */
function differences(a: unknown, b: unknown, path = ''): string[] {
  if (JSON.stringify(a) === JSON.stringify(b)) return [];
  const plain = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!plain(a) || !plain(b)) return [path];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((name) =>
    differences(a[name], b[name], path === '' ? name : `${path}.${name}`),
  );
}
