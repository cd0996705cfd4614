import type { Certificate } from '../certificate/witness.js';
import type { LiquidationCase } from '../program/liquidation-case.js';
import { liquidityPremium } from '../program/liquidity-premium.js';
import type { LiquidationProgram } from '../program/program.js';

/** Reserve above the premium that it is to cover, as a share: slopes are estimates. */
const RESERVE_MARGIN = 1.001;
/** Above this slope a step by it could be of any length. */
const STEEPEST = 0.5;

/** A reserve this much above the premium, as a share and as money, is not worth another plan. */
const TIGHT = 1.01;
const TIGHT_MONEY = 1e-6;

/** What a plan was made with and what it then owes the liquidity providers, money. */
export interface Reserve {
  readonly reserved: number;
  readonly owed: number;
}

/**
 * Change of the premium by a unit more reserved, before a second plan is known: the certificate's λ is the notional that a unit of margin costs,
 * and the positions that are partly closed are closed further by as much. With one such position that is the next plan's own w but for the
 * curvature of margin and premium.
 */
export function predictedSlope(
  given: LiquidationCase,
  {
    program,
    w,
    certificate,
  }: {
    readonly program: LiquidationProgram;
    readonly w: Float64Array;
    readonly certificate: Certificate | null;
  },
  owed: number,
): number {
  let partial = 0;
  for (let i = 0; i < program.n; i++) if (w[i] < 1) partial += program.notionals[i] * w[i];
  const further = ((certificate?.dual.margin ?? 0) * owed) / partial;
  if (!(further > 0 && further < Infinity)) return 0;
  const next = Array.from(w, (fraction) => (fraction < 1 ? Math.min(1, fraction * (1 + further)) : fraction));
  return (liquidityPremium(given, program, next) - owed) / owed;
}

/** Change of the premium by a unit more reserved, from two plans. */
export function slopeBetween(before: Reserve, after: Reserve): number {
  return (after.owed - before.owed) / (after.reserved - before.reserved);
}

/** The reserve that equals the premium of its own plan where the premium is linear in the reserve, and a thousandth more. */
export function reserveFrom({ reserved, owed }: Reserve, slope: number): number {
  const usable = slope > -STEEPEST && slope < STEEPEST ? slope : 0;
  return (owed + (usable / (1 - usable)) * (owed - reserved)) * RESERVE_MARGIN;
}

/** Whether a reserve that covers a premium is hardly more than it. */
export function isTight(reserved: number, owed: number): boolean {
  return reserved <= TIGHT * owed + TIGHT_MONEY;
}
