import { z } from 'zod';
import { parseInput } from '#lib/errors';
import type { LiquidationCase } from './liquidation-case.js';
import type { LiquidationPlan } from './plan.js';

const number = z.number();
const numbers = z.array(number);

export const liquidationCaseSchema = z.strictObject({
  collateral: number.describe('cash less funding owed'),
  positions: z
    .array(
      z.strictObject({
        market: z.string(),
        size: number.describe('signed, base units'),
        price: number.describe('mark'),
        entryNotional: number.describe('signed sum of size × entry price'),
        maintenanceRate: number,
        initialRate: number,
        impact: number.optional(),
      }),
    )
    .min(1),
  pool: z.strictObject({
    mean: number.describe('m = qᵀμ − (C+P+L) of the whole book'),
    variance: number.describe('s² = QᵀΣQ of the whole book'),
    covarianceWithBook: numbers.describe('(ΣQ)_i, by position'),
    covariance: numbers.describe('Σ of the positions’ markets, row-major'),
  }),
  alpha: number,
  penaltyRate: number.optional(),
}) satisfies z.ZodType<LiquidationCase>;

const linearisation = { point: numbers, shift: number };

export const liquidationPlanSchema = z.strictObject({
  version: z.literal(1),
  case: liquidationCaseSchema,
  caseDigest: z.string(),
  outcome: z.enum(['healthy', 'partial', 'full', 'bankrupt']),
  fractions: numbers,
  objective: number,
  lowerBound: number.nullable(),
  gap: number.nullable(),
  closedNotional: number,
  premium: number,
  penalty: number,
  equityBefore: number,
  maintenanceMargin: number,
  equityAfter: number,
  initialMarginAfter: number,
  shortfall: number,
  certificate: z
    .strictObject({
      proves: z.enum(['optimality', 'infeasibility']),
      poolShift: number,
      primalShift: number,
      dual: z.strictObject({
        linear: number,
        cuts: z.array(z.strictObject({ ...linearisation, multiplier: number })),
      }),
    })
    .nullable(),
  method: z.enum(['closed-form', 'sequential-quadratic', 'cutting-planes']).nullable(),
  programs: z.int(),
}) satisfies z.ZodType<LiquidationPlan>;

/** @throws {InvalidInputError} naming the first field that is not as it must be */
export function parseCase(value: unknown): LiquidationCase {
  return parseInput(liquidationCaseSchema, value, 'account');
}

/** @throws {InvalidInputError} naming the first field that is not as it must be */
export function parsePlan(value: unknown): LiquidationPlan {
  return parseInput(liquidationPlanSchema, value, 'plan');
}
