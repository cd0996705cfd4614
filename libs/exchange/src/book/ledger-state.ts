// Long because it is one list: everything the books hold, as plain data.
import type { LinearVestingState, PendingAmount } from '#lib/risk';
import { InvalidInputError } from '#lib/errors';
import type { NotesState } from './payout-notes.js';
import type { Position } from './position.js';

/** Funding index: money per unit of size, 10^−26 of both smallest units' ratio. */
export const INDEX_SCALE = 10n ** 18n;

/** A window of gains (gain-windows.ts) as plain data. */
export interface WindowState {
  readonly at: number;
  readonly markets: readonly (readonly [market: string, price: bigint, index: bigint])[];
  readonly changed: readonly (readonly [account: string, equity: bigint, inflow: bigint])[];
}

/** One market's totals over all accounts. */
export interface MarketBook {
  /** q_i */
  size: bigint;
  /** Σ of the long positions: the open interest is the larger of this and of this less q_i */
  longSize: bigint;
  /** C_i */
  entryNotional: bigint;
  /** cumulative funding per unit of size, money·10^18 per smallest size unit */
  fundingIndex: bigint;
  /** accrued to the pool but not yet taken from the accounts that owe it */
  unsettledFunding: bigint;
  /** factors the market was rescaled by so far, multiplied */
  scale: number;
}

/** An account's charge for its default option, by the hour. */
export interface CreditRate {
  /** money an hour */
  readonly rate: bigint;
  /** market time up to which it has been charged, milliseconds */
  readonly since: number;
}

/** Positions that an account lets liquidators pass to it. */
export interface TakeoverTerms {
  /** that is left, money */
  readonly notional: bigint;
  /** by which the prices together must be better than the marks, a share of the notional */
  readonly discount: number;
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

/** A provider's command that waits for the next confirmed marks. */
export interface WaitingCommand {
  readonly commandId: string;
  readonly provider: string;
  readonly ask: 'deposit' | 'locked' | 'forced';
  readonly amount: bigint;
  readonly shares: bigint;
  readonly askedAt: number;
}

/** A provider's backing outside the exchange, as it was valued last. */
export interface Backing {
  readonly vault: string;
  /** pool shares it held when it was valued last */
  readonly units: bigint;
  /** the part that counts in L */
  readonly amount: bigint;
  /** the provider's debt beyond its shares: it left with more than they were worth */
  readonly deficit: bigint;
  /** units the exchange has taken, less those it has given, ever */
  readonly settled: bigint;
  /** market time, milliseconds */
  readonly valuedAt: number;
}

/** The state, or a part, as plain JSON: bigints as decimal integers with an n. */
export type LedgerSnapshot = Readonly<Record<string, unknown>> & { readonly version: 1 };

/** Fields that exist once, or once a market. */
export interface LedgerTotals {
  readonly markets: readonly (readonly [string, MarketBook])[];
  readonly backings: readonly (readonly [string, Backing])[];
  readonly pendingCapital: readonly PendingAmount[];
  readonly pendingLiquidity: LinearVestingState;
  readonly capital: bigint;
  readonly liquidity: bigint;
  readonly shortfall: bigint;
  readonly creditReserve: bigint;
  readonly reserveBorne: bigint;
  readonly settlements: readonly number[];
  readonly borne: bigint;
  readonly totalShares: bigint;
  readonly deposits: bigint;
  readonly withdrawals: bigint;
  readonly eventCount: number;
  readonly collected: Readonly<Record<string, bigint | number>>;
}

/** Equity that is held for an account's orders. Money in the books' units. */
export interface Reservation {
  readonly amount: bigint;
  /** signed notionals of the orders by market, at the marks of when they were made */
  readonly legs: readonly (readonly [market: string, notional: bigint])[];
}

/** Lists that grow with accounts and their positions. */
export interface LedgerLists {
  readonly participants: readonly string[];
  readonly positions: readonly (readonly [string, readonly (readonly [string, OpenPosition])[]])[];
  readonly cash: readonly (readonly [string, bigint])[];
  readonly shares: readonly (readonly [string, bigint])[];
  readonly credit: readonly (readonly [string, CreditRate])[];
  readonly reservations: readonly (readonly [string, readonly (readonly [string, Reservation])[]])[];
  readonly takeovers: readonly (readonly [string, TakeoverTerms])[];
  readonly windows: readonly WindowState[];
  readonly notes: readonly NotesState[];
  readonly waiting: readonly WaitingCommand[];
  readonly locked: readonly LockedWithdrawal[];
}

/** Content of a snapshot. */
export type LedgerState = LedgerTotals & LedgerLists;

/** Bigints become decimal integers with an n. */
export function freeze(state: Partial<LedgerState>): LedgerSnapshot {
  const plain = (_key: string, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value);
  return JSON.parse(JSON.stringify({ version: 1, ...state }, plain)) as LedgerSnapshot;
}

/**
 * A state in parts, none of which is large however many accounts there are: the totals, then slices of the lists. Each is
 * frozen when it is asked for.
 *
 * @param size books in a part at most, a book being an account's cash or one of its positions; an account's positions stay
 *   together
 */
export function* split(state: LedgerState, size: number): Generator<LedgerSnapshot> {
  const { participants, positions, cash, shares, credit, reservations, takeovers, ...rest } = state;
  const { windows, notes, waiting, locked, ...totals } = rest;
  yield freeze(totals);
  // Before the cash and the shares, which would give places in their own order.
  for (const slice of slices(participants, size)) yield freeze({ participants: slice });
  for (const slice of slices(positions, size, ([, held]) => held.length)) yield freeze({ positions: slice });
  for (const slice of slices(cash, size)) yield freeze({ cash: slice });
  for (const slice of slices(shares, size)) yield freeze({ shares: slice });
  for (const slice of slices(credit, size)) yield freeze({ credit: slice });
  for (const slice of slices(reservations, size, ([, held]) => held.length))
    yield freeze({ reservations: slice });
  for (const slice of slices(takeovers, size)) yield freeze({ takeovers: slice });
  yield freeze({ windows, notes });
  for (const slice of slices(waiting, size)) yield freeze({ waiting: slice });
  for (const slice of slices(locked, size)) yield freeze({ locked: slice });
}

/** Consecutive entries that weigh `size` at most together, or a single one that weighs more. */
function* slices<T>(
  entries: readonly T[],
  size: number,
  weightOf: (entry: T) => number = () => 1,
): Generator<readonly T[]> {
  for (let from = 0, to = 0; to < entries.length; from = to) {
    for (let weight = 0; to < entries.length; to++) {
      // One without positions is an entry too.
      weight += Math.max(1, weightOf(entries[to]));
      if (weight > size && to > from) break;
    }
    yield entries.slice(from, to);
  }
}

// Thawing goes by a field's type, never by the look of its text: an account may be called 12n.

/** As a snapshot has it: bigints are texts. */
type Frozen<T> = T extends bigint
  ? string
  : T extends object
    ? { readonly [Name in keyof T]: Frozen<T[Name]> }
    : T;

const amount = (text: string): bigint => BigInt(text.slice(0, -1));
const pending = (entries: Frozen<readonly PendingAmount[]>): PendingAmount[] =>
  entries.map(({ collectedAt, amount: text }) => ({ collectedAt, amount: amount(text) }));

/** @throws {InvalidInputError} for a snapshot of another version, or a part that has no totals */
export function thawTotals(snapshot: LedgerSnapshot): LedgerTotals {
  const frozen = checked(snapshot) as Frozen<LedgerTotals>;
  if (frozen.eventCount === undefined) throw new InvalidInputError('snapshot', 'this part has no totals');
  return {
    markets: frozen.markets.map(
      ([name, { size, longSize, entryNotional, fundingIndex, unsettledFunding, scale }]) => [
        name,
        {
          size: amount(size),
          longSize: amount(longSize),
          entryNotional: amount(entryNotional),
          fundingIndex: amount(fundingIndex),
          unsettledFunding: amount(unsettledFunding),
          scale,
        },
      ],
    ),
    backings: frozen.backings.map(
      ([provider, { vault, units, amount: text, deficit, settled, valuedAt }]) => [
        provider,
        {
          ...{ vault, units: amount(units), amount: amount(text), deficit: amount(deficit) },
          ...{ settled: amount(settled), valuedAt },
        },
      ],
    ),
    pendingCapital: pending(frozen.pendingCapital),
    pendingLiquidity: {
      entries: pending(frozen.pendingLiquidity.entries),
      until: frozen.pendingLiquidity.until,
      remainder: amount(frozen.pendingLiquidity.remainder),
      pending: amount(frozen.pendingLiquidity.pending),
    },
    capital: amount(frozen.capital),
    liquidity: amount(frozen.liquidity),
    shortfall: amount(frozen.shortfall),
    creditReserve: amount(frozen.creditReserve),
    reserveBorne: amount(frozen.reserveBorne),
    settlements: frozen.settlements,
    borne: amount(frozen.borne),
    totalShares: amount(frozen.totalShares),
    deposits: amount(frozen.deposits),
    withdrawals: amount(frozen.withdrawals),
    eventCount: frozen.eventCount,
    collected: Object.fromEntries(
      Object.entries(frozen.collected).map(([name, total]) => [
        name,
        typeof total === 'string' ? amount(total) : total,
      ]),
    ),
  };
}

/**
 * @returns the lists of the snapshot, or of the part
 * @throws {InvalidInputError} for one of another version
 */
export function thawLists(snapshot: LedgerSnapshot): LedgerLists {
  const {
    participants,
    positions,
    cash,
    shares,
    credit,
    reservations,
    takeovers,
    windows,
    notes,
    waiting,
    locked,
  } = checked(snapshot) as Partial<Frozen<LedgerLists>>;
  return {
    participants: participants ?? [],
    positions: (positions ?? []).map(([account, held]) => [
      account,
      held.map(([market, { size, entryNotional, fundingIndex }]) => [
        market,
        { size: amount(size), entryNotional: amount(entryNotional), fundingIndex: amount(fundingIndex) },
      ]),
    ]),
    cash: (cash ?? []).map(([account, held]) => [account, amount(held)]),
    shares: (shares ?? []).map(([provider, owned]) => [provider, amount(owned)]),
    credit: (credit ?? []).map(([account, { rate, since }]) => [account, { rate: amount(rate), since }]),
    reservations: (reservations ?? []).map(([account, held]) => [
      account,
      held.map(([id, { amount: reserved, legs }]) => [
        id,
        {
          amount: amount(reserved),
          legs: legs.map(([market, notional]) => [market, amount(notional)] as const),
        },
      ]),
    ]),
    takeovers: (takeovers ?? []).map(([account, { notional, discount }]) => [
      account,
      { notional: amount(notional), discount },
    ]),
    windows: (windows ?? []).map(({ at, markets, changed }) => ({
      at,
      markets: markets.map(([market, price, index]) => [market, amount(price), amount(index)] as const),
      changed: changed.map(([account, equity, inflow]) => [account, amount(equity), amount(inflow)] as const),
    })),
    notes: (notes ?? []).map(({ series, held, fund }) => ({
      series: series.map(([id, total, paid]) => [id, amount(total), amount(paid)] as const),
      held: held.map(([account, id, owed, claimed]) => [account, id, amount(owed), amount(claimed)] as const),
      fund: amount(fund),
    })),
    waiting: (waiting ?? []).map((command) => ({
      ...command,
      amount: amount(command.amount),
      shares: amount(command.shares),
    })),
    locked: (locked ?? []).map((withdrawal) => ({ ...withdrawal, shares: amount(withdrawal.shares) })),
  };
}

function checked(snapshot: LedgerSnapshot): object {
  if (snapshot.version !== 1)
    throw new InvalidInputError('snapshot.version', `must be 1, got ${String(snapshot.version)}`);
  return snapshot;
}
