import { LinearVesting, VestingSchedule } from '#lib/risk';
import type { Books } from './books.js';
import { providerCommand } from './fold/liquidity.js';
import type { LedgerLists, LedgerState, LedgerTotals } from './ledger-state.js';

/** The books as plain data. */
export function stateOf(books: Books, eventCount: number): LedgerState {
  return {
    markets: [...books.markets],
    positions: [...books.positions].map(([account, held]) => [account, [...held]] as const),
    participants: [...books.participants],
    cash: [...books.cash],
    shares: [...books.shares],
    credit: [...books.credit],
    reservations: [...books.reservations].map(([account, { byId }]) => [account, [...byId]] as const),
    takeovers: [...books.takeovers],
    waiting: [...books.waiting.values()],
    locked: [...books.locked.values()],
    backings: [...books.backings],
    pendingCapital: books.pendingCapital.entries(),
    pendingLiquidity: books.pendingLiquidity.state(),
    capital: books.capital,
    liquidity: books.liquidity,
    shortfall: books.shortfall,
    creditReserve: books.creditReserve,
    reserveBorne: books.reserveBorne,
    settlements: [...books.settlements],
    windows: books.windows.state(),
    notes: [books.notes.state()],
    borne: books.borne,
    totalShares: books.totalShares,
    deposits: books.deposits,
    withdrawals: books.withdrawals,
    eventCount,
    collected: books.collected,
  };
}

/** Takes the content of a snapshot’s first part alone: markets, P, L and pending amounts. */
export function restoreTotals(books: Books, state: LedgerTotals, horizonMs: number, bucketMs: number): void {
  for (const [name, market] of state.markets) {
    books.markets.set(name, market);
    books.unsettledFunding += market.unsettledFunding;
  }
  for (const [provider, backing] of state.backings) books.backings.set(provider, backing);
  books.pendingCapital = new VestingSchedule(horizonMs, bucketMs, state.pendingCapital);
  books.pendingLiquidity = new LinearVesting(horizonMs, bucketMs, state.pendingLiquidity);
  const { capital, liquidity, shortfall, borne, totalShares, deposits, withdrawals } = state;
  const { creditReserve, reserveBorne, settlements } = state;
  books.settlements.push(...settlements);
  Object.assign(books, { capital, liquidity, shortfall, creditReserve, reserveBorne, borne });
  Object.assign(books, { totalShares, deposits, withdrawals });
  Object.assign(books.collected, state.collected);
}

/** Takes the content of every part: accounts, providers and their commands. */
export function restoreAccounts(books: Books, lists: LedgerLists): void {
  for (const name of lists.participants) books.admit(name);
  for (const [account, terms] of lists.takeovers) books.takeovers.set(account, terms);
  if (lists.windows.length > 0) books.windows.restore(lists.windows);
  for (const state of lists.notes) books.notes.restore(state);
  for (const [account, held] of lists.reservations)
    for (const [id, reserved] of held) books.reserveMargin(account, id, reserved);
  for (const [account, { rate, since }] of lists.credit) books.credit.set(account, rate, since);
  for (const [account, held] of lists.positions) books.openAccount(account, new Map(held));
  for (const [account, amount] of lists.cash) books.addCash(account, amount);
  for (const [provider, owned] of lists.shares) books.shares.set(provider, owned);
  for (const command of lists.waiting) {
    books.waiting.set(providerCommand(command.provider, command.commandId), command);
    books.reserve(command.provider, command.shares, 1);
  }
  for (const withdrawal of lists.locked) {
    books.locked.set(providerCommand(withdrawal.provider, withdrawal.commandId), withdrawal);
    books.reserve(withdrawal.provider, withdrawal.shares, 1);
  }
}

/** The name of a sum that differs from its parts, counted over all accounts and positions; undefined where all are right. */
export function differingSum(books: Books): string | undefined {
  const sum = (values: Iterable<bigint>) => [...values].reduce((total, value) => total + value, 0n);
  if (sum(books.cash.values()) !== books.totalCash) return 'cash';
  if (sum(books.shares.values()) !== books.totalShares) return 'shares';
  if (!books.credit.sumsAreRight()) return 'credit';
  const owed = [...books.markets.values()].map(({ unsettledFunding }) => unsettledFunding);
  if (sum(owed) !== books.unsettledFunding) return 'unsettledFunding';
  const counted = new Map<string, { size: bigint; longSize: bigint; entryNotional: bigint }>();
  for (const held of books.positions.values())
    for (const [market, { size, entryNotional }] of held) {
      const so = counted.get(market) ?? { size: 0n, longSize: 0n, entryNotional: 0n };
      so.size += size;
      so.entryNotional += entryNotional;
      if (size > 0n) so.longSize += size;
      counted.set(market, so);
    }
  for (const [name, market] of books.markets) {
    const so = counted.get(name) ?? { size: 0n, longSize: 0n, entryNotional: 0n };
    for (const field of ['size', 'longSize', 'entryNotional'] as const)
      if (so[field] !== market[field]) return `${name}.${field}`;
  }
  return undefined;
}
