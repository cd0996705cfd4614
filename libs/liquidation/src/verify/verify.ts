import { messageOf } from '#lib/errors';
import { excessBound, infeasibility, infeasibilitySlack, lowerBound } from '../certificate/bounds.js';
import { parsePlan } from '../certificate/plan-schema.js';
import {
  type Consequences,
  consequencesOf,
  digestOf,
  GAP_TOLERANCE,
  type LiquidationPlan,
  PLATFORM_ROUNDING,
} from '../certificate/plan.js';
import { requireCase } from '../program/case-domain.js';
import { liquidityPremium } from '../program/liquidity-premium.js';
import { type LiquidationProgram, programOf } from '../program/program.js';

/** Result of a check: every reason why a plan does not hold; empty where it does. */
export interface Verdict {
  readonly holds: boolean;
  readonly failures: readonly string[];
}

type Check = (holds: boolean, failure: string) => void;

/** Sums and products are equal on every machine; results of exp and log may differ in the last digits. */
const EXACT: readonly (keyof Consequences)[] = [
  'objective',
  'closedNotional',
  'penalty',
  'reserved',
  'equityBefore',
  'maintenanceMargin',
  'initialMarginAfter',
  'shortfall',
];
const ROUNDED: readonly (keyof Consequences)[] = ['lowerBound', 'premium', 'equityAfter'];

/**
 * Checks a plan without any solver or optimiser: everything it claims is computed again from the account's data and
 * the certificate's witnesses. A wrong witness can only make the check fail: the bounds hold for any witness in their
 * domain, less a bound of their rounding error; inputs outside the domain are refused.
 *
 * @param plan of a stranger: any value, as JSON was read; use `parseJson` for text, which refuses keys that come twice
 * @param tolerance largest relative gap that is accepted
 */
export function verifyCertificate(plan: unknown, tolerance: number = GAP_TOLERANCE): Verdict {
  let parsed: LiquidationPlan;
  try {
    parsed = parsePlan(plan);
    requireCase(parsed.case);
  } catch (error) {
    return { holds: false, failures: [messageOf(error)] };
  }
  const n = parsed.case.positions.length;
  const { losses = [], premium = [] } = parsed.certificate?.dual ?? {};
  const points = [
    parsed.fractions,
    ...losses.flatMap(({ evar }) => (evar === undefined ? [] : [evar])),
    ...premium.map(({ point }) => point),
  ];
  if (points.some((point) => point.length !== n)) {
    return { holds: false, failures: [`fractions and points must have ${n} entries, one a position`] };
  }
  const failures: string[] = [];
  const check: Check = (holds, failure) => {
    if (!holds) failures.push(failure);
  };
  const program = programOf(parsed.case, parsed.certificate?.poolShift);
  checkClaims(parsed, program, check);
  checkMethod(parsed, check);
  if (parsed.outcome === 'healthy') checkUntouched(parsed, check);
  else if (parsed.certificate === null) check(false, 'there is no certificate');
  else if (parsed.certificate.proves === 'optimality') checkOptimal(parsed, program, tolerance, check);
  else checkImpossible(parsed, program, check);
  return { holds: failures.length === 0, failures };
}

/** Every number that a plan states follows from the case, the fractions and the witnesses. */
function checkClaims(plan: LiquidationPlan, program: LiquidationProgram, check: Check): void {
  const { case: given, fractions, certificate, outcome } = plan;
  check(digestOf(given) === plan.caseDigest, 'caseDigest is not that of the case');
  const due = consequencesOf(given, program, fractions, certificate);
  for (const field of EXACT)
    check(plan[field] === due[field], `${field} is ${due[field]}, not ${plan[field]}`);
  for (const field of ROUNDED) {
    check(near(plan[field], due[field]), `${field} is ${due[field]}, not ${plan[field]}`);
  }
  // The bound may differ in its last digits, and the gap is the objective less the bound.
  const gap =
    due.gap === null || plan.gap === null
      ? plan.gap === due.gap
      : Math.abs(plan.gap - due.gap) <= PLATFORM_ROUNDING;
  check(gap, `gap is ${due.gap}, not ${plan.gap}`);
  check(
    (outcome === 'healthy') === due.equityBefore >= due.maintenanceMargin,
    `equity ${due.equityBefore} against a maintenance margin of ${due.maintenanceMargin} does not make it ${outcome}`,
  );
}

/** A plan's claims on how it was found. */
function checkMethod({ method, programs, outcome }: LiquidationPlan, check: Check): void {
  check((outcome === 'healthy') === (method === null), `method ${method} does not fit a ${outcome} account`);
  const none = method === null || method === 'closed-form';
  check(none === (programs === 0), `${programs} programs do not fit the method ${method}`);
}

function checkUntouched({ certificate, fractions }: LiquidationPlan, check: Check): void {
  check(certificate === null, 'a healthy account has no certificate');
  check(
    fractions.every((fraction) => fraction === 0),
    'a healthy account closes nothing',
  );
}

/** The fractions restore the margin, and by the witness no others do so with an objective lower than the gap allows. */
function checkOptimal(
  plan: LiquidationPlan,
  program: LiquidationProgram,
  tolerance: number,
  check: Check,
): void {
  const { outcome, fractions, certificate, objective, gap } = plan;
  check(outcome !== 'bankrupt', 'a bankrupt account has no plan that restores its margin');
  check(
    (outcome === 'full') === fractions.every((fraction) => fraction === 1),
    `fractions are not those of a ${outcome} liquidation`,
  );
  const owed = liquidityPremium(plan.case, program, fractions);
  check(owed <= plan.reserved, `the liquidity premium ${owed} is above what is reserved, ${plan.reserved}`);
  const excess = excessBound(program, fractions, certificate!.primalShift);
  check(excess <= 0, `the initial margin is not restored: ${excess} is missing`);
  check(gap! <= tolerance, `the gap ${gap} is above ${tolerance}`);
  const proven = lowerBound(program, certificate!.dual, objective);
  check(
    plan.lowerBound! <= proven,
    `the bound ${plan.lowerBound} is above ${proven}, which is what the witness proves`,
  );
  check(proven <= objective, `the bound ${proven} contradicts the objective ${objective}`);
}

/** Everything is closed because nothing less, and not even everything, restores the margin. */
function checkImpossible(
  { outcome, fractions, certificate, equityBefore }: LiquidationPlan,
  program: LiquidationProgram,
  check: Check,
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
    Number.isFinite(due) &&
    Math.abs(claimed - due) <= PLATFORM_ROUNDING * Math.max(Math.abs(due), Number.MIN_VALUE)
  );
}
