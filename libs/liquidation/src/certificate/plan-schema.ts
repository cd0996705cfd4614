import { z } from 'zod';
import { parseInput } from '#lib/errors';
import { MOST_SCENARIOS } from '#lib/margin';
import type { LiquidationCase } from '../program/liquidation-case.js';
import type { LiquidationPlan } from './plan.js';

/** Of an account and of its plan: a circuit breaker for whoever checks plans of strangers. */
const MOST_POSITIONS = 512;
const MOST_CUTS = 4096;
const MOST_TIERS = 16;

const number = z.number();
const numbers = z.array(number).max(MOST_POSITIONS ** 2);
const fraction = z.number().min(0).max(1);
const fractions = z.array(fraction).max(MOST_POSITIONS);
const multiplier = z.number().min(0);

export const liquidationCaseSchema = z.strictObject({
  collateral: number.describe('cash less funding owed'),
  positions: z
    .array(
      z.strictObject({
        market: z.string().min(1),
        size: number.describe('signed, base units'),
        price: number.describe('mark'),
        entryNotional: number.describe('signed sum of size × entry price'),
        maintenanceRate: number,
        initialRate: number,
        tiers: z
          .array(z.strictObject({ above: number, maintenanceRate: number, initialRate: number }))
          .max(MOST_TIERS)
          .optional(),
        depth: number.optional(),
        impact: number.optional(),
      }),
    )
    .min(1)
    .max(MOST_POSITIONS),
  pool: z.strictObject({
    mean: number.describe('m = qᵀμ − (C+P+L) of the whole book'),
    variance: number.describe('s² = QᵀΣQ of the whole book'),
    covarianceWithBook: numbers.describe('(ΣQ)_i, by position'),
    covariance: numbers.describe('Σ of the positions’ markets, row-major'),
    liquidity: z
      .strictObject({
        committed: number.describe('L'),
        volatilityShare: number.describe('deviation of the providers’ call spread, as a share of s'),
      })
      .optional(),
  }),
  alpha: number,
  penaltyRate: number.optional(),
  reserved: number.optional(),
  portfolio: z
    .strictObject({
      alpha: number.nullable(),
      covariance: numbers,
      scenarios: z.array(z.strictObject({ name: z.string(), shocks: numbers })).max(MOST_SCENARIOS),
      absorbable: number.nullable(),
    })
    .optional(),
}) satisfies z.ZodType<LiquidationCase>;

const cut = z.strictObject({ point: fractions, shift: number, multiplier });
const loss = z.union([
  z.strictObject({ scenario: z.int().min(0), multiplier }),
  z.strictObject({ evar: fractions, multiplier }),
]);

/** Witnesses of a plan. */
export const certificateSchema = z.strictObject({
  proves: z.enum(['optimality', 'infeasibility']),
  poolShift: number,
  primalShift: number,
  dual: z.strictObject({
    margin: multiplier,
    losses: z.array(loss).max(MOST_CUTS),
    premium: z.array(cut).max(MOST_CUTS),
  }),
});

export const liquidationPlanSchema = z.strictObject({
  version: z.literal(1),
  case: liquidationCaseSchema,
  caseDigest: z.string(),
  outcome: z.enum(['healthy', 'partial', 'full', 'bankrupt']),
  fractions,
  objective: number,
  lowerBound: number.nullable(),
  gap: number.nullable(),
  closedNotional: number,
  premium: number,
  penalty: number,
  reserved: number,
  equityBefore: number,
  maintenanceMargin: number,
  equityAfter: number,
  initialMarginAfter: number,
  shortfall: number,
  certificate: certificateSchema.nullable(),
  method: z.enum(['closed-form', 'sequential-quadratic', 'interior-point', 'cutting-planes']).nullable(),
  programs: z.int().min(0),
}) satisfies z.ZodType<LiquidationPlan>;

/** @throws {InvalidInputError} naming the first field that is not as it must be */
export function parseCase(value: unknown): LiquidationCase {
  return parseInput(liquidationCaseSchema, value, 'account');
}

/**
 * A plan within the domain of the certificate: finite numbers, points and fractions in [0,1], multipliers that are not
 * negative, nothing that is not part of a plan.
 *
 * @throws {InvalidInputError} naming the first field that is not as it must be
 */
export function parsePlan(value: unknown): LiquidationPlan {
  return parseInput(liquidationPlanSchema, value, 'plan');
}
