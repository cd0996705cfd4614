import { callSpread } from '#lib/risk';
import type { LiquidationCase } from './liquidation-case.js';
import { deviationOf, type LiquidationProgram, varianceAt } from './program.js';

/** Both premia of a trade are rounded up to the ledger's unit. */
const LEDGER_UNITS = 2e-8;

/**
 * The premium that the plan's own trade owes the liquidity providers, (C(θ′) − C(θ))⁺ of their call spread, rounded up, money.
 * Trades at mark change its deviation alone: F and K1 move together.
 */
export function liquidityPremium(
  { pool }: LiquidationCase,
  program: LiquidationProgram,
  w: ArrayLike<number>,
): number {
  if (pool.liquidity === undefined) return 0;
  return premiumFrom(pool.mean, pool.liquidity, pool.variance, varianceAt(program, w).variance);
}

/**
 * No closing costs more than this: the spread's price is monotone in the deviation, as ∂C/∂s = φ(d1) − φ(d2) has one sign
 * for all s, and s changes by at most Σ|q_i|σ_i.
 */
export function largestLiquidityPremium({ pool }: LiquidationCase, program: LiquidationProgram): number {
  if (pool.liquidity === undefined) return 0;
  const reach = deviationOf(program, new Float64Array(program.n).fill(1));
  const s = Math.sqrt(pool.variance);
  return Math.max(
    premiumFrom(pool.mean, pool.liquidity, pool.variance, Math.max(s - reach, 0) ** 2),
    premiumFrom(pool.mean, pool.liquidity, pool.variance, (s + reach) ** 2),
  );
}

function premiumFrom(
  mean: number,
  { committed, volatilityShare }: NonNullable<LiquidationCase['pool']['liquidity']>,
  before: number,
  after: number,
): number {
  // F − K1 = m + L.
  const price = (variance: number) =>
    callSpread(mean + committed, 0, committed, volatilityShare * Math.sqrt(variance)).price;
  const [then, now] = [price(after), price(before)];
  const rounding = 8 * Number.EPSILON * Math.max(then, now);
  const premium = then - now + rounding;
  return premium > rounding ? premium + LEDGER_UNITS : 0;
}
