import { createHash } from 'node:crypto';
import type { Certificate } from './certificate.js';
import type { LiquidationCase } from './liquidation-case.js';

export type LiquidationOutcome = 'healthy' | 'partial' | 'full' | 'bankrupt';
export type PlanMethod = 'closed-form' | 'sequential-quadratic' | 'cutting-planes';

/** What to close, what that leads to, and what proves it. Plain JSON; money in quote units. */
export interface LiquidationPlan {
  readonly version: 1;
  readonly case: LiquidationCase;
  /** SHA-256 of the case as canonical JSON, hexadecimal */
  readonly caseDigest: string;
  readonly outcome: LiquidationOutcome;
  /** w_i, share of each position to close at mark */
  readonly fractions: readonly number[];
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
  readonly equityBefore: number;
  readonly maintenanceMargin: number;
  readonly equityAfter: number;
  readonly initialMarginAfter: number;
  /** −E where equity is negative: what the pool loses */
  readonly shortfall: number;
  readonly certificate: Certificate | null;
  readonly method: PlanMethod | null;
  /** quadratic and linear programs solved */
  readonly programs: number;
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

/** SHA-256 of what a plan rests on: two plans with one digest are about the same account at the same moment. */
export function digestOf(given: LiquidationCase): string {
  return createHash('sha256').update(canonical(given)).digest('hex');
}
