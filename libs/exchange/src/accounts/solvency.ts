import { divide } from '#lib/amounts';
import type { ExchangeLedger } from '../book/exchange-ledger.js';

/** Whether the pool can pay the traders' equity, at marks. Money in the books' units. */
export type Solvency =
  | { readonly insolvent: false; readonly need: 0n }
  | {
      readonly insolvent: true;
      /** D: the shortfall */
      readonly need: bigint;
      /** {@link claimsOf} */
      readonly claims: bigint;
    };

const SOLVENT: Solvency = { insolvent: false, need: 0n };

/**
 * D = ((qᵀS − C)⁺ + shortfall − reserve − P − L − pending)⁺ at the marks of now, whatever has been realised. Gains that the pool has
 * not realised do not count, for they may be debts that nobody pays; pending premia do, which are paid. Markets without a mark count at
 * their entry. Credit charges that have accrued are the reserve's, as they are the accounts' debts.
 *
 * Source: margin-adl.md §3, with Σ(−E_a)⁺ counted when it is settled: until then it is taken off the claims as well, so that
 * nothing is paid which a debt has to cover.
 *
 * @param unrealised qᵀS − C, the traders' unrealised gains at marks, rounded up
 * @param now market time, milliseconds
 */
export function solvencyOf(ledger: ExchangeLedger, unrealised: bigint, now: number): Solvency {
  const { capital, liquidity, pendingToCapital, pendingToLiquidity, creditReserve, shortfall } = ledger;
  const pool = creditReserve + capital + liquidity + pendingToCapital + pendingToLiquidity;
  const lacking = (unrealised > 0n ? unrealised : 0n) + shortfall - pool;
  // Computed with every command. Accrued charges are never negative: where nothing is lacking without them they need not be counted.
  if (lacking <= 0n) return SOLVENT;
  const need = lacking - ledger.accruedCredit(now);
  return need > 0n ? { insolvent: true, need, claims: claimsOf(ledger, unrealised, now) } : SOLVENT;
}

/** Σ E_a, the traders' equity at marks, debts of accounts that are not liquidated yet taken off. */
export function claimsOf(ledger: ExchangeLedger, unrealised: bigint, now: number): bigint {
  return ledger.collateral + unrealised - ledger.accruedCredit(now);
}

/**
 * The part of a claim that can be paid: pro rata, whoever asks first. Paying it and giving up the rest leaves need over claims as it was, so
 * that nobody gains by being early.
 *
 * @param claim money in the books' units
 */
export function payable(solvency: Solvency, claim: bigint): bigint {
  if (!solvency.insolvent) return claim;
  const { need, claims } = solvency;
  if (claims <= need) return 0n;
  return divide(claim * (claims - need), claims, 'down');
}
