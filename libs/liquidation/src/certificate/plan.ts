import { createHash } from 'node:crypto';
import { marginTerms } from '#lib/margin';
import { lowerBound } from './bounds.js';
import { premiumBound } from './premium-bounds.js';
import type { Certificate } from './witness.js';
import {
  type LiquidationCase,
  marginModelOf,
  signedNotionals,
  standingOf,
} from '../program/liquidation-case.js';
import { type LiquidationProgram, objectiveOf } from '../program/program.js';

export type LiquidationOutcome = 'healthy' | 'partial' | 'full' | 'bankrupt';
export type PlanMethod = 'closed-form' | 'sequential-quadratic' | 'interior-point' | 'cutting-planes';

/** Results of closing a plan's fractions. Money in quote units. */
export interface Consequences {
  /** cᵀw + ½ Σ κ_i w_i² */
  readonly objective: number;
  /** no fractions that restore the margin have an objective below this; null where none restore it */
  readonly lowerBound: number | null;
  /** (objective − lowerBound)/objective */
  readonly gap: number | null;
  readonly closedNotional: number;
  /** upper bound of the risk premium π(w) */
  readonly premium: number;
  readonly penalty: number;
  /** reserved for costs of closing besides premium and penalty */
  readonly reserved: number;
  readonly equityBefore: number;
  readonly maintenanceMargin: number;
  readonly equityAfter: number;
  readonly initialMarginAfter: number;
  /** −E where equity is negative: the pool's loss */
  readonly shortfall: number;
}

/** Fractions to close, their results, and the certificate. Plain JSON. */
export interface LiquidationPlan extends Consequences {
  readonly version: 1;
  readonly case: LiquidationCase;
  /** SHA-256 of the case as canonical JSON, hexadecimal */
  readonly caseDigest: string;
  readonly outcome: LiquidationOutcome;
  /** w_i, share of each position to close at mark */
  readonly fractions: readonly number[];
  readonly certificate: Certificate | null;
  readonly method: PlanMethod | null;
  /** quadratic and linear programs solved, or Newton systems of the interior-point method */
  readonly programs: number;
}

/** The gap that checks ask for. */
export const GAP_TOLERANCE = 1e-8;

/** exp and log differ in their last digits between machines: claims leave this share of room for a check elsewhere. */
export const PLATFORM_ROUNDING = 1e-12;

/** Relative distance of the two sides; negative where they contradict each other. */
export function relativeGap(objective: number, bound: number): number {
  return objective > 0 ? (objective - bound) / objective : objective - bound;
}

/** Everything from the case, the fractions and the certificate's witnesses: a plan claims these numbers, and a check recomputes them. */
export function consequencesOf(
  given: LiquidationCase,
  program: LiquidationProgram,
  fractions: readonly number[],
  certificate: Certificate | null,
): Consequences {
  const { equity, maintenanceMargin } = standingOf(given);
  const objective = objectiveOf(program, fractions);
  const bound =
    certificate?.proves === 'optimality'
      ? lowerBound(program, certificate.dual, objective) * (1 - PLATFORM_ROUNDING)
      : null;
  const premium = certificate === null ? 0 : premiumBound(program, fractions, certificate.primalShift);
  let closedNotional = 0;
  let initialMarginAfter = 0;
  for (let i = 0; i < program.n; i++) {
    closedNotional += program.notionals[i] * fractions[i];
    if (program.portfolio === undefined)
      initialMarginAfter += given.positions[i].initialRate * program.notionals[i] * (1 - fractions[i]);
  }
  if (program.portfolio) {
    initialMarginAfter = marginTerms(
      marginModelOf(given),
      signedNotionals(given, fractions),
      'initial',
    ).total;
  }
  const penalty = (given.penaltyRate ?? 0) * closedNotional;
  const reserved = certificate === null ? 0 : (given.reserved ?? 0);
  return {
    objective,
    lowerBound: bound,
    gap: bound === null ? null : relativeGap(objective, bound),
    closedNotional,
    premium,
    penalty,
    reserved,
    equityBefore: equity,
    maintenanceMargin,
    equityAfter: equity - premium - penalty - reserved,
    initialMarginAfter,
    shortfall: Math.max(0, -equity),
  };
}

/** Canonical JSON: object keys sorted, numbers as ECMAScript writes them. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${canonical(entry)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

/** SHA-256 of a plan's inputs: two plans with one digest are about the same account at the same moment. */
export function digestOf(given: LiquidationCase): string {
  return createHash('sha256').update(canonical(given)).digest('hex');
}
