import { InvalidInputError } from '#lib/errors';

const LARGEST_RATE = 0.01;
const FIRST_RATE = 0.001;
const RAMP_SECONDS = 30;
const BUCKET_SECONDS = 5;
/** The least fee for closing a bankrupt account, money, and as a share of its notional. */
const LEAST_FEE = 10;
const LEAST_SHARE = 5e-4;

/**
 * p_max = min(1 %, M_½/(4Σc)): closing everything then costs a quarter of the maintenance margin at most, so that an
 * account that is taken in time is healthy after it has paid.
 *
 * @param maintenanceMargin M_½(x), money
 * @param gross Σ|x_i|, money; positive
 */
export function largestPenalty(maintenanceMargin: number, gross: number): number {
  if (!(gross > 0 && gross < Infinity))
    throw new InvalidInputError('gross', `must be positive, got ${gross}`);
  if (!(maintenanceMargin >= 0 && maintenanceMargin < Infinity))
    throw new InvalidInputError('maintenanceMargin', `must not be negative, got ${maintenanceMargin}`);
  return Math.min(LARGEST_RATE, maintenanceMargin / (4 * gross));
}

/**
 * The penalty rate a case is published with: from 0.1 % to p_max within 30 seconds, by buckets of five, so that solvers who
 * answer within one bucket compete on the plan and not on milliseconds.
 *
 * @param elapsed seconds since the account was first published
 */
export function penaltyRate(largest: number, elapsed: number): number {
  if (!(elapsed >= 0)) throw new InvalidInputError('elapsed', `must not be negative, got ${elapsed}`);
  const buckets = RAMP_SECONDS / BUCKET_SECONDS;
  const bucket = Math.min(Math.floor(elapsed / BUCKET_SECONDS), buckets);
  const first = Math.min(FIRST_RATE, largest);
  return bucket === buckets ? largest : first + ((largest - first) * bucket) / buckets;
}

/** A position passed to the solver's account at a price of its own. */
export interface Fill {
  /** signed size that the account gives away */
  readonly size: number;
  readonly mark: number;
  readonly price: number;
}

/**
 * The cost of fills to the account against the mark: a long sold below it, a short bought back above it. Better prices are the
 * account's and are not set against worse ones elsewhere.
 */
export function adverseCost(fills: readonly Fill[]): number {
  return fills.reduce((sum, { size, mark, price }) => sum + Math.max(0, size * (mark - price)), 0);
}

/** Whether fills and fee stay within the penalty p·cᵀw of a case. */
export function withinPenalty(
  fills: readonly Fill[],
  fee: number,
  rate: number,
  closedNotional: number,
): boolean {
  return fee >= 0 && adverseCost(fills) + fee <= rate * closedNotional;
}

/**
 * Who pays for closing everything: the account as far as it can; where it has nothing, the reserve the least fee, at most 1 % of the
 * notional: a fee of ten units for each of many tiny accounts would be a reason to make them bankrupt.
 */
export function fullLiquidationFee(
  rate: number,
  gross: number,
  equity: number,
): { readonly account: number; readonly reserve: number } {
  const account = Math.max(0, Math.min(rate * gross, equity));
  const least = Math.min(Math.max(LEAST_FEE, LEAST_SHARE * gross), LARGEST_RATE * gross);
  return { account, reserve: account > 0 ? 0 : least };
}

/** A fee in smallest units of money, half the solver's and half the reserve's; the odd unit is the reserve's. */
export function splitFee(fee: bigint): { readonly solver: bigint; readonly reserve: bigint } {
  if (fee < 0n) throw new InvalidInputError('fee', `must not be negative, got ${fee}`);
  return { solver: fee / 2n, reserve: fee - fee / 2n };
}
