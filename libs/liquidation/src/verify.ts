import { messageOf } from '#lib/errors';
import { excessBound, infeasibility, infeasibilitySlack } from './certificate.js';
import { requireCase } from './liquidation-case.js';
import {
  type Consequences,
  consequencesOf,
  digestOf,
  GAP_TOLERANCE,
  type LiquidationPlan,
  relativeGap,
} from './plan.js';
import { type LiquidationProgram, programOf } from './program.js';

/** What a check found: every reason why a plan does not hold; none where it does. */
export interface Verdict {
  readonly holds: boolean;
  readonly failures: readonly string[];
}

/** Sums and products come out the same everywhere; what goes through exp and log may differ in the last digits. */
const EXACT: readonly (keyof Consequences)[] = [
  'objective',
  'closedNotional',
  'penalty',
  'equityBefore',
  'maintenanceMargin',
  'initialMarginAfter',
  'shortfall',
];
const ROUNDED: readonly (keyof Consequences)[] = ['lowerBound', 'premium', 'equityAfter'];
const ROUNDING = 1e-12;

/**
 * Checks a plan without any solver or optimiser: everything it claims is computed again from the account's data and
 * the certificate's witnesses. A wrong witness can only make the check fail: the bounds hold for any.
 *
 * @param tolerance largest relative gap that is accepted
 */
export function verifyCertificate(plan: LiquidationPlan, tolerance: number = GAP_TOLERANCE): Verdict {
  const failures: string[] = [];
  const check = (holds: boolean, failure: string) => {
    if (!holds) failures.push(failure);
  };
  const { case: given, fractions, certificate, outcome } = plan;
  try {
    requireCase(given);
  } catch (error) {
    return { holds: false, failures: [messageOf(error)] };
  }
  const n = given.positions.length;
  const cuts = certificate?.dual.cuts ?? [];
  if (fractions.length !== n || cuts.some(({ point }) => point.length !== n)) {
    return { holds: false, failures: [`fractions and points must have ${n} entries, one a position`] };
  }
  check(
    fractions.every((fraction) => fraction >= 0 && fraction <= 1),
    'fractions must be between 0 and 1',
  );
  check(digestOf(given) === plan.caseDigest, 'caseDigest is not that of the case');
  const program = programOf(given, certificate?.poolShift);
  const due = consequencesOf(given, program, fractions, certificate);
  for (const field of EXACT)
    check(plan[field] === due[field], `${field} is ${due[field]}, not ${plan[field]}`);
  for (const field of ROUNDED) {
    check(near(plan[field], due[field]), `${field} is ${due[field]}, not ${plan[field]}`);
  }
  const gap = plan.lowerBound === null ? null : relativeGap(plan.objective, plan.lowerBound);
  check(plan.gap === gap, `gap is ${gap}, not ${plan.gap}`);
  check(
    (outcome === 'healthy') === due.equityBefore >= due.maintenanceMargin,
    `equity ${due.equityBefore} against a maintenance margin of ${due.maintenanceMargin} does not make it ${outcome}`,
  );
  if (outcome === 'healthy') {
    check(
      certificate === null && fractions.every((fraction) => fraction === 0),
      'a healthy account closes nothing',
    );
  } else if (certificate === null) {
    failures.push('there is no certificate');
  } else if (certificate.proves === 'optimality') {
    check(outcome !== 'bankrupt', 'a bankrupt account has no plan that restores its margin');
    check(
      (outcome === 'full') === fractions.every((fraction) => fraction === 1),
      `fractions are not those of a ${outcome} liquidation`,
    );
    const excess = excessBound(program, fractions, certificate.primalShift);
    check(excess <= 0, `the initial margin is not restored: ${excess} is missing`);
    check(due.gap !== null && due.gap <= tolerance, `the gap ${due.gap} is above ${tolerance}`);
  } else {
    checkImpossible(plan, program, check);
  }
  return { holds: failures.length === 0, failures };
}

/** Everything is closed because nothing less, and not even everything, restores the margin. */
function checkImpossible(
  { outcome, fractions, certificate, equityBefore }: LiquidationPlan,
  program: LiquidationProgram,
  check: (holds: boolean, failure: string) => void,
): void {
  check(
    fractions.every((fraction) => fraction === 1),
    'where no plan restores the margin everything is closed',
  );
  check(
    outcome === (equityBefore < 0 ? 'bankrupt' : 'full'),
    `equity ${equityBefore} does not make it ${outcome}`,
  );
  const least = infeasibility(program, certificate!.dual);
  check(
    least > -infeasibilitySlack(program),
    `the witness does not prove that no plan restores the margin: least violation ${least}`,
  );
}

function near(claimed: number | null, due: number | null): boolean {
  if (claimed === null || due === null) return claimed === due;
  return (
    Number.isFinite(due) && Math.abs(claimed - due) <= ROUNDING * Math.max(Math.abs(due), Number.MIN_VALUE)
  );
}
