import { z } from 'zod';
import { fromNumber, MONEY_DECIMALS } from '#lib/amounts';
import { InvalidInputError, parseInput } from '#lib/errors';
import type { LiquidationCase } from '#lib/liquidation';
import { SCALE_BITS } from '../field.js';
import { type MarginTerms, type TangentWeights, WEIGHT_BITS } from './tangent.js';

/**
 * Public data beside a proof's public values where the margin is not linear: the margin's terms in the units in which a chain registers
 * them, and the weights of the tangent. A verifier computes the margin from it (`tangent.ts`).
 */
export interface MarginAnnex {
  /** one unit of the account, quote units with 18 decimals */
  readonly unit: string;
  /** E, units of 2^−24 of the account's unit */
  readonly equity: string;
  /** charged on closed notional, units of 2^−24 */
  readonly penaltyRate: number;
  /** e: EVaR² of the margin over vᵀQv, units of 2^−24 */
  readonly evarFactor: string;
  /** bK, money with 8 decimals; 0: no limit */
  readonly absorbable: string;
  readonly markets: readonly MarketAnnex[];
  readonly evarWeight: string;
  readonly weights: readonly (readonly [scenario: number, weight: string])[];
  readonly tiers: readonly (readonly [tier: number, share: number])[];
}

export interface MarketAnnex {
  readonly side: 1 | -1;
  /** D_i, money with 8 decimals; 0: closing does not move the price */
  readonly depth: string;
  /** from a notional on (money with 8 decimals) these rates, units of 2^−24 */
  readonly tiers: readonly (readonly [above: string, initial: number, maintenance: number])[];
  /** units of 2^−24 */
  readonly shocks: readonly number[];
}

/** An annex without its weights: the terms of a case's margin. */
export type AnnexTerms = Omit<MarginAnnex, 'evarWeight' | 'weights' | 'tiers'>;

const ONE = 2 ** SCALE_BITS;
const MOST_TIERS = 17;
const MOST_SCENARIOS = 1024;
/** 8 decimals to 18 */
const MONEY = 10n ** 10n;

const whole = z.string().regex(/^(0|-?[1-9][0-9]{0,29})$/, 'must be a whole number of at most 30 digits');
const natural = z.string().regex(/^(0|[1-9][0-9]{0,29})$/, 'must be a whole number of at most 30 digits');
const rate = z.int().min(0).max(ONE);
const annexSchema = z.strictObject({
  unit: natural,
  equity: whole,
  penaltyRate: rate,
  evarFactor: natural,
  absorbable: natural,
  markets: z
    .array(
      z.strictObject({
        side: z.union([z.literal(1), z.literal(-1)]),
        depth: natural,
        tiers: z
          .array(z.tuple([natural, rate, rate]))
          .min(1)
          .max(MOST_TIERS),
        shocks: z
          .array(
            z
              .int()
              .min(-ONE)
              .max(2 ** 31 - 1),
          )
          .max(MOST_SCENARIOS),
      }),
    )
    .min(1)
    .max(16),
  evarWeight: natural,
  weights: z.array(z.tuple([z.int().min(0), natural])).max(MOST_SCENARIOS),
  tiers: z.array(z.tuple([z.int().min(0), rate])).max(16),
}) satisfies z.ZodType<MarginAnnex>;

/** @throws {InvalidInputError} naming the first field that is not as it must be */
export function parseAnnex(value: unknown): MarginAnnex {
  const annex = parseInput(annexSchema, value, 'annex');
  const { markets } = annex;
  if (annex.unit === '0') throw new InvalidInputError('annex.unit', 'must not be 0');
  markets.forEach(({ tiers, shocks }, i) => {
    const field = `annex.markets[${i}]`;
    if (shocks.length !== markets[0].shocks.length)
      throw new InvalidInputError(`${field}.shocks`, 'must be as many as those of the others');
    tiers.forEach(([above, initial, maintenance], j) => {
      const before = tiers.at(j - 1)!;
      const ascends =
        j === 0
          ? above === '0'
          : BigInt(above) > BigInt(before[0]) && initial >= before[1] && maintenance >= before[2];
      // Rates that fall would make a margin that is not convex: a tangent would not be below it.
      if (!ascends || maintenance > initial)
        throw new InvalidInputError(`${field}.tiers[${j}]`, 'must ascend from a notional of 0');
    });
  });
  return annex;
}

/** The margin's terms in the account's units, as a contract divides. @param covariance Q_ij, units of 2^−24 */
export function termsOf(
  annex: AnnexTerms,
  notionals: readonly bigint[],
  covariance: MarginTerms['covariance'],
): MarginTerms {
  const unit = BigInt(annex.unit);
  const share = (money: string) => ((BigInt(money) * MONEY) << BigInt(SCALE_BITS)) / unit;
  return {
    positions: annex.markets.map(({ side, depth, tiers, shocks }, i) => ({
      notional: notionals[i],
      side: side === 1 ? 1n : -1n,
      depth: limit(share(depth), depth, `annex.markets[${i}].depth`),
      tiers: tiers.map(([above, initial, maintenance]) => ({
        ...{ above: share(above), initial: BigInt(initial), maintenance: BigInt(maintenance) },
      })),
      shocks: shocks.map(BigInt),
    })),
    covariance,
    evarFactor: BigInt(annex.evarFactor),
    capacity: limit(2n * share(annex.absorbable), annex.absorbable, 'annex.absorbable'),
  };
}

/** A limit must be at least one unit: 0 means that there is none. */
function limit(value: bigint, stated: string, field: string): bigint {
  if (value === 0n && stated !== '0')
    throw new InvalidInputError(field, 'must not vanish beside the account');
  return value;
}

export function weightsOf({ evarWeight, weights, tiers }: MarginAnnex): TangentWeights {
  return {
    evar: BigInt(evarWeight),
    scenarios: weights.map(([scenario, weight]) => ({ scenario, weight: BigInt(weight) })),
    tiers: tiers.map(([tier, share]) => ({ tier, share: BigInt(share) })),
  };
}

/**
 * @param unit of the account, quote units
 * @param equity of the account, units of 2^−24 of its unit
 * @throws {InvalidInputError} where the margin's covariance is not proportional to the premium's, or a number is too large
 */
export function annexTerms(given: LiquidationCase, unit: number, equity: bigint): AnnexTerms {
  const { positions, portfolio, penaltyRate = 0 } = given;
  const absorbable = portfolio?.absorbable ?? null;
  const money = (value: number, field: string) =>
    fromNumber(value, MONEY_DECIMALS, 'nearest', field).toString();
  // JSON has no −0.
  const fixed = (value: number) => Math.round(value * ONE) + 0;
  return {
    unit: unitAmount(unit).toString(),
    equity: equity.toString(),
    penaltyRate: fixed(penaltyRate),
    evarFactor: BigInt(fixed(evarFactorOf(given))).toString(),
    absorbable: absorbable === null ? '0' : money(absorbable, 'plan.case.portfolio.absorbable'),
    markets: positions.map(({ size, depth, initialRate, maintenanceRate, tiers = [] }, i) => ({
      side: size > 0 ? 1 : -1,
      depth: depth === undefined ? '0' : money(depth, `plan.case.positions[${i}].depth`),
      tiers: [{ above: 0, initialRate, maintenanceRate }, ...tiers].map(
        (tier) =>
          [
            money(tier.above, `plan.case.positions[${i}].tiers`),
            fixed(tier.initialRate),
            fixed(tier.maintenanceRate),
          ] as const,
      ),
      shocks: (portfolio?.scenarios ?? []).map(({ shocks }) => fixed(shocks[i])),
    })),
  };
}

/** A unit of account, a power of two, with 18 decimals: exact from one up. */
export function unitAmount(unit: number): bigint {
  return unit >= 1 ? BigInt(unit) * 10n ** 18n : BigInt(Math.round(unit * 1e18));
}

/** Relative distance of two covariances, which are one forecast's, by rounding. */
const PROPORTION = 1e-9;

/** Whether the margin's covariance is the premium's in proportion to time: no guard rail holds a deviation back, so that a plan can be proven. */
export function followsForecast(given: LiquidationCase): boolean {
  try {
    evarFactorOf(given);
    return true;
  } catch (error) {
    if (error instanceof InvalidInputError) return false;
    throw error;
  }
}

/** (2κ_m)²·Σ_h over the covariance of the plan's values: one number, as both are the forecast's in proportion to time. */
function evarFactorOf({ positions, portfolio, pool }: LiquidationCase): number {
  const alpha = portfolio?.alpha ?? null;
  if (portfolio === undefined || alpha === null) return 0;
  const n = positions.length;
  const ratio = (i: number, j: number) =>
    (positions[i].price * positions[j].price * portfolio.covariance[i * n + j]) / pool.covariance[i * n + j];
  const factor = positions.findIndex((_, i) => pool.covariance[i * n + i] > 0);
  if (factor === -1) {
    if (portfolio.covariance.every((value) => value === 0)) return 0;
    throw new InvalidInputError('plan.case.pool.covariance', 'must not be 0 where the margin’s is not');
  }
  const share = ratio(factor, factor);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const due = share * pool.covariance[i * n + j];
      const size = share * Math.sqrt(pool.covariance[i * n + i] * pool.covariance[j * n + j]);
      const own = positions[i].price * positions[j].price * portfolio.covariance[i * n + j];
      if (!(Math.abs(own - due) <= PROPORTION * size))
        throw new InvalidInputError(
          'plan.case.portfolio.covariance',
          'must be in proportion to that of the pool: a guard rail holds a deviation back, and no circuit has it',
        );
    }
  // 2κ of {@link PortfolioModel}.
  return 4 * -2 * Math.log(alpha) * share;
}

/** Weights in units of 2^−40, whose sum is at most one. */
export function wholeWeights(shares: readonly number[]): bigint[] {
  return shares.map((share) => BigInt(Math.floor(Math.max(0, share) * 2 ** WEIGHT_BITS)));
}
