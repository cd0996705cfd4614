import type { PendingAmount } from '#lib/risk';
import { InvalidInputError } from '#lib/errors';
import type { Position } from './position.js';

/** One market's totals over all accounts. */
export interface MarketBook {
  /** q_i */
  size: bigint;
  /** C_i */
  entryNotional: bigint;
  /** cumulative funding per unit of size, money·10^18 per smallest size unit */
  fundingIndex: bigint;
  /** accrued to the pool but not yet taken from the accounts that owe it */
  unsettledFunding: bigint;
}

export interface OpenPosition extends Position {
  /** the market's index when the position was last settled */
  readonly fundingIndex: bigint;
}

/** One account as the books have it. */
export interface AccountBook {
  readonly cash: bigint;
  /** accrued on open positions and not yet taken from cash */
  readonly fundingOwed: bigint;
  readonly positions: readonly (Position & {
    readonly market: string;
    readonly fundingIndex: bigint;
    readonly fundingOwed: bigint;
  })[];
}

/** A locked withdrawal waiting for its time. */
export interface LockedWithdrawal {
  readonly commandId: string;
  readonly provider: string;
  readonly shares: bigint;
  readonly releaseAt: number;
}

/** What backs a provider's liquidity outside the exchange, as it was valued last. */
export interface Backing {
  /** what of it counts in L */
  readonly amount: bigint;
  /** units the exchange has taken, less what it has given, ever */
  readonly settled: bigint;
  /** market time, milliseconds */
  readonly valuedAt: number;
}

/** The whole state as plain JSON: bigints as decimal integers. */
export type LedgerSnapshot = Readonly<Record<string, unknown>> & { readonly version: 1 };

/** What a snapshot holds. */
export interface LedgerState {
  readonly markets: readonly (readonly [string, MarketBook])[];
  readonly positions: readonly (readonly [string, readonly (readonly [string, OpenPosition])[]])[];
  readonly cash: readonly (readonly [string, bigint])[];
  readonly shares: readonly (readonly [string, bigint])[];
  readonly locked: readonly (readonly [string, LockedWithdrawal])[];
  /** left out by snapshots from before there were any */
  readonly backings?: readonly (readonly [string, Backing])[];
  readonly pendingCapital: readonly PendingAmount[];
  readonly pendingLiquidity: readonly PendingAmount[];
  readonly capital: bigint;
  readonly liquidity: bigint;
  readonly shortfall: bigint;
  readonly totalShares: bigint;
  readonly deposits: bigint;
  readonly withdrawals: bigint;
  readonly eventCount: number;
  readonly collected: Readonly<Record<string, bigint | number>>;
}

/** Bigints become decimal integers with an n. */
export function freeze(state: LedgerState): LedgerSnapshot {
  const plain = (_key: string, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value);
  return JSON.parse(JSON.stringify({ version: 1, ...state }, plain)) as LedgerSnapshot;
}

/** @throws {InvalidInputError} for a snapshot of another version */
export function thaw(snapshot: LedgerSnapshot): LedgerState {
  if (snapshot.version !== 1)
    throw new InvalidInputError('snapshot.version', `must be 1, got ${String(snapshot.version)}`);
  const revive = (_key: string, value: unknown) =>
    typeof value === 'string' && /^-?\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value;
  return JSON.parse(JSON.stringify(snapshot), revive) as LedgerState;
}
