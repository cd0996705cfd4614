import { describe, expect, it } from 'vitest';
import { BOOK_EVENTS } from '../../../../test/support/book-events.js';
import { InvalidInputError } from '#lib/errors';
import type { BookEvent } from './book-event.js';
import { Books } from './books.js';
import { differingSum } from './books-state.js';
import { CreditRates } from './credit-rates.js';
import { ExchangeLedger } from './exchange-ledger.js';
import type { LedgerSnapshot } from './ledger-state.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MONEY = 10n ** 8n;

const an = <Kind extends BookEvent['kind']>(
  kind: Kind,
  changes: Partial<BookEvent & { kind: Kind }> = {},
): BookEvent => ({ ...BOOK_EVENTS[kind], at: 1, ...changes }) as BookEvent;

/** A ledger in which everything that books can hold is there. */
function full(): ExchangeLedger {
  const ledger = new ExchangeLedger(DAY, HOUR);
  const legs = [
    { market: 'A', size: '2', price: '100' },
    { market: 'B', size: '-1', price: '50' },
  ];
  const asked = (provider: string, commandId: string) =>
    an('liquidity-asked', { provider, commandId, ask: 'locked', amount: '0', shares: '3' });
  for (const event of [
    ...['x', 'y', 'z'].map((account) => an('account-deposited', { account, amount: '1000' })),
    an('account-deposited', { account: 'broke', amount: '0' }),
    an('liquidity-deposited', { provider: 'lp', amount: '50', shares: '40' }),
    an('liquidity-deposited', { provider: 'lp2', amount: '20', shares: '20' }),
    an('liquidity-valued', {
      ...{ provider: 'vault', amount: '10', backing: '9', shares: '8', units: '7', settled: '6' },
      ...{ deficit: '5', valuedAt: 4 },
    }),
    an('trade-booked', { account: 'x', legs, riskPremium: '3', liquidityPremium: '5', penalty: '2' }),
    an('trade-booked', { account: 'y', legs: [legs[0]], riskPremium: '1', liquidityPremium: '1' }),
    an('trade-booked', { account: 'z~B', legs: [{ market: 'B', size: '3', price: '50' }] }),
    an('funding-accrued', { markets: [['A', '6', '2', '2000000000000000000']] }),
    an('credit-charged', { account: 'x', charged: '4', rate: '7' }),
    an('credit-charged', { account: 'y', charged: '1', rate: '2' }),
    an('margin-reserved', { account: 'x', commandId: 'r1', amount: '5', legs: [['A', '-40']] }),
    an('margin-reserved', { account: 'x', commandId: 'r2', amount: '6', legs: [['B', '41']] }),
    an('margin-reserved', { account: 'y', commandId: 'r1', amount: '7' }),
    an('takeovers-accepted', { account: 'x', notional: '55', discount: 0.01 }),
    an('takeovers-accepted', { account: 'y', notional: '56', discount: 0.02 }),
    an('window-begun', {
      marks: [
        ['A', '100'],
        ['B', '50'],
      ],
    }),
    an('account-deposited', { account: 'z', amount: '11' }),
    an('window-begun', { at: DAY, marks: [['A', '101']] }),
    an('account-deposited', { account: 'z', amount: '12', at: DAY }),
    an('gains-cut', {
      settlementId: 's1',
      cuts: [
        ['x', '8'],
        ['y', '4'],
      ],
    }),
    an('haircut-settled'),
    an('gains-cut', { settlementId: 's2', cuts: [['x', '1']] }),
    an('haircut-settled'),
    ...[asked('lp', 'w1'), asked('lp', 'w2'), asked('lp2', 'w1')],
    an('withdrawal-locked', { provider: 'lp', commandId: 'l1', shares: '2', releaseAt: 7 }),
    an('withdrawal-locked', { provider: 'lp2', commandId: 'l1', shares: '4', releaseAt: 8 }),
    an('vested', { at: DAY + HOUR }),
    // P is used up, then the reserve, L, and something is left that nobody bears.
    an('trade-booked', { at: 2 * DAY, account: 'w', legs: [{ market: 'C', size: '1', price: '10' }] }),
    an('trade-booked', { at: 2 * DAY, account: 'w', legs: [{ market: 'C', size: '-1', price: '150' }] }),
    an('market-rescaled', {
      market: 'B',
      factor: '10',
      accounts: [
        ['x', '-0.1', '0', '0'],
        ['z~B', '0.3', '0', '0'],
      ],
    }),
  ])
    ledger.apply(event);
  return ledger;
}

/** All that a ledger tells. */
function told(ledger: ExchangeLedger) {
  const later = 3 * DAY;
  const names = [...ledger.accountNames()];
  return {
    markets: ledger.marketNames().map((market) => [market, { ...ledger.market(market) }]),
    accounts: names.map((account) => [
      ...[account, ledger.account(account), ledger.creditRateOf(account), ledger.creditOf(account, later)],
      ...[ledger.reservedOf(account), ledger.reservedOrders(account), ledger.reservationCount(account)],
      ...[ledger.hasReservation(account, 'r1'), ledger.hasReservation(account, 'r2')],
      ...[ledger.takeoversOf(account), ledger.notesOf(account), ledger.gainOf(account, 2000n * MONEY)],
    ]),
    open: [...ledger.openAccounts()],
    providers: [...ledger.providers()].map((provider) => [
      ...[provider, ledger.sharesOf(provider), ledger.freeShares(provider), ledger.openCommands(provider)],
      ...[ledger.backingOf(provider), ledger.isWaiting(provider, 'w1'), ledger.isWaiting(provider, 'w2')],
    ]),
    participants: ledger.participants.filter((name) => ledger.isParticipant(name)),
    waiting: [ledger.waitingCommands, ledger.nextWaiting(), ...ledger.lockedWithdrawals()],
    pool: [ledger.capital, ledger.liquidity, ledger.borne, ledger.shortfall, ledger.creditReserve],
    pending: [ledger.pendingToCapital, ledger.pendingToLiquidity, ledger.nextVesting(), ledger.dueBy(later)],
    sums: [ledger.outstandingShares, ledger.netDeposits, ledger.collateral, ledger.accruedCredit(later)],
    settled: [
      ledger.settlements,
      ledger.settlementAt(1),
      ledger.settlementAt(2),
      ledger.notes,
      ledger.gainsSince,
    ],
    totals: { ...ledger.totals },
    events: ledger.eventCount,
    differs: ledger.recount(),
  };
}

const written = (snapshot: LedgerSnapshot) => JSON.parse(JSON.stringify(snapshot)) as LedgerSnapshot;
const inParts = (parts: readonly LedgerSnapshot[]) => {
  const ledger = ExchangeLedger.restore(written(parts[0]), DAY, HOUR);
  for (const part of parts.slice(1)) ledger.restorePart(written(part));
  return ledger;
};
/** Losses in another order than before, so that it shows who has borne what. */
const gain = (ledger: ExchangeLedger) => {
  for (const size of ['1', '-1'])
    ledger.apply(
      an('trade-booked', {
        at: 3 * DAY,
        account: 'w',
        legs: [{ market: 'C', size, price: size === '1' ? '150' : '20' }],
      }),
    );
  return told(ledger);
};

describe('a snapshot of the books', () => {
  it('has everything in them: the ledger that is restored tells the same, and goes on alike', () => {
    const ledger = full();
    const before = told(ledger);
    // Nothing of it is empty.
    expect(before.differs).toBeUndefined();
    expect(before.pool.slice(1)).not.toEqual([0n, 0n, 0n, 0n]);
    expect([before.markets.length, before.accounts.length, before.open, before.waiting.length]).toEqual([
      ...[3, 6, ['x', 'y', 'z~B'], 4],
    ]);
    expect(Object.values(before.totals).filter(Boolean).length).toBeGreaterThan(7);
    const restored = ExchangeLedger.restore(written(ledger.snapshot()), DAY, HOUR);
    expect(told(restored)).toEqual(before);
    expect(gain(restored)).toEqual(gain(ledger));
    expect(restored.snapshot()).toEqual(ledger.snapshot());
  });

  it.each([1, 2, 3, 1000])('has the same in parts of %d books', (size) => {
    const ledger = full();
    const before = told(ledger);
    const restored = inParts([...ledger.snapshotParts(size)]);
    expect(told(restored)).toEqual(before);
    expect(gain(restored)).toEqual(gain(ledger));
  });

  it('is in parts that are as large as they may be, an account’s positions together, and names them in this order', () => {
    const sizes = (size: number) =>
      [...full().snapshotParts(size)].slice(1).map(({ version, ...part }) => {
        expect(version).toBe(1);
        return Object.entries(part).map(([name, list]) => [name, (list as unknown[]).length]);
      });
    const lists = (size: number, name: string) =>
      sizes(size).flatMap((part) => part.filter(([list]) => list === name).map(([, length]) => length));
    expect(sizes(1000)).toEqual([
      [['participants', 9]],
      [['positions', 3]],
      [['cash', 6]],
      [['shares', 3]],
      [['credit', 2]],
      [['reservations', 2]],
      [['takeovers', 2]],
      [
        ['windows', 2],
        ['notes', 1],
      ],
      [['waiting', 3]],
      [['locked', 2]],
    ]);
    expect(lists(1, 'cash')).toEqual([1, 1, 1, 1, 1, 1]);
    expect(lists(4, 'cash')).toEqual([4, 2]);
    // x has two positions: alone in a part of one or two, with another account's one in a part of three.
    expect(lists(1, 'positions')).toEqual([1, 1, 1]);
    expect(lists(2, 'positions')).toEqual([1, 2]);
    expect(lists(3, 'positions')).toEqual([2, 1]);
    expect(lists(2, 'reservations')).toEqual([1, 1]);
    expect(lists(3, 'reservations')).toEqual([2]);
  });

  it('is refused of another version, and a part without totals restores no ledger', () => {
    const [first, second] = full().snapshotParts(1000);
    const other = (part: LedgerSnapshot) => ({ ...part, version: 2 }) as unknown as LedgerSnapshot;
    expect(() => ExchangeLedger.restore(other(first), DAY, HOUR)).toThrow(InvalidInputError);
    expect(() => {
      ExchangeLedger.restore(first, DAY, HOUR).restorePart(other(second));
    }).toThrow(/snapshot.version: must be 1, got 2/);
    expect(() => ExchangeLedger.restore(second, DAY, HOUR)).toThrow(/no totals/);
  });
});

describe('a recount', () => {
  it.each([
    ['cash', { totalCash: 1n }],
    ['shares', { totalShares: 1n }],
    ['unsettledFunding', { unsettledFunding: 1n }],
    ['credit', { credit: Object.assign(new CreditRates(), { total: 1n }) }],
    ['credit', { credit: Object.assign(new CreditRates(), { moment: 1n }) }],
  ])('names the sum of %s where it has gone wrong', (name, wrong) => {
    expect(differingSum(new Books(DAY, HOUR))).toBeUndefined();
    expect(differingSum(Object.assign(new Books(DAY, HOUR), wrong))).toBe(name);
  });

  it.each([
    ['cash', { cash: [['x', '1n']] }, 'cash'],
    ['shares', { shares: [['lp', '1n']] }, 'shares'],
    ['positions', { positions: [] }, 'A.size'],
  ])('names the sum of %s where it is not that of the accounts', (_what, changed, name) => {
    const snapshot = { ...full().snapshot(), ...changed } as LedgerSnapshot;
    const restored = ExchangeLedger.restore(snapshot, DAY, HOUR);
    // Cash is summed when it is restored: the whole does not balance then.
    expect(restored.recount()).toBe(name === 'cash' ? 'imbalance' : name);
  });

  it.each(['size', 'longSize', 'entryNotional', 'unsettledFunding'])(
    'names a market’s %s that is not its accounts’',
    (field) => {
      const snapshot = full().snapshot() as LedgerSnapshot & { markets: [string, Record<string, string>][] };
      const markets = snapshot.markets.map(([name, market]) => [
        name,
        name === 'A' ? { ...market, [field]: '1n' } : market,
      ]);
      const restored = ExchangeLedger.restore({ ...snapshot, markets }, DAY, HOUR);
      expect(restored.recount()).toBe(field === 'unsettledFunding' ? 'imbalance' : `A.${field}`);
    },
  );
});
