// Long because it is one list: the effect of each kind of event, with its figures.
import { describe, expect, it } from 'vitest';
import { formatMoney } from '#lib/amounts';
import { BOOK_EVENTS } from '../../../../../test/support/book-events.js';
import type { BookedLeg, BookEvent, MatchBooked, TradeBooked } from '../book-event.js';
import { ExchangeLedger } from '../exchange-ledger.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A ledger that is counted again after each event: no sum differs from its parts. */
class Counted extends ExchangeLedger {
  constructor() {
    super(DAY, HOUR);
  }

  then(...events: readonly BookEvent[]): this {
    for (const event of events) {
      this.apply(event);
      expect([event.kind, this.recount()]).toEqual([event.kind, undefined]);
    }
    return this;
  }

  cash(...accounts: readonly string[]): string[] {
    return accounts.map((account) => formatMoney(this.cashOf(account)));
  }
}

/** An event as the samples have it, with changes. */
const an = <Kind extends BookEvent['kind']>(
  kind: Kind,
  changes: Partial<BookEvent & { kind: Kind }> = {},
): BookEvent => ({ ...BOOK_EVENTS[kind], ...changes }) as BookEvent;
const paidIn = (account: string, amount: string) => an('account-deposited', { account, amount, at: 0 });
const provided = (amount: string, provider = 'lp', commandId = 'd') =>
  an('liquidity-deposited', { provider, commandId, amount, shares: amount, at: 0 });
const leg = (market: string, size: string, price: string): BookedLeg => ({ market, size, price });
const traded = (account: string, legs: readonly BookedLeg[], more: Partial<TradeBooked> = {}) =>
  an('trade-booked', { at: 0, account, legs, ...more });
/** x has 1,000 and bought 2 at 100. */
const long = () => new Counted().then(paidIn('x', '1000'), traded('x', [leg('A', '2', '100')]));
const text = (...amounts: readonly bigint[]) => amounts.map(formatMoney);

describe('a trade', () => {
  it('takes premia, which are pending, and the penalty, which is P’s', () => {
    const more = { riskPremium: '3', liquidityPremium: '5', penalty: '7' };
    const ledger = new Counted().then(paidIn('x', '1000'), traded('x', [leg('A', '2', '100')], more));
    expect(ledger.cash('x')).toEqual(['985']);
    expect(text(ledger.capital, ledger.pendingToCapital, ledger.pendingToLiquidity)).toEqual(['7', '3', '5']);
    const { riskPremia, liquidityPremia, penalties, trades, matches } = ledger.totals;
    expect([...text(riskPremia, liquidityPremia, penalties), trades, matches]).toEqual(['3', '5', '7', 1, 0]);
    expect(ledger.market('A')).toMatchObject({ size: 2n * 10n ** 8n, longSize: 2n * 10n ** 8n, scale: 1 });
    expect([ledger.isOpen('A'), ledger.isOpen('B'), ledger.hasPositions('x')]).toEqual([true, false, true]);
  });

  it('shares the penalty of a liquidation between the liquidator and the reserve, which pays where nobody else can', () => {
    const ledger = new Counted().then(
      paidIn('x', '1000'),
      an('credit-charged', { account: 'x', charged: '10', rate: '0' }),
      traded('x', [leg('A', '2', '100')], {
        penalty: '7',
        liquidator: 'bot',
        toLiquidator: '4',
        fromReserve: '6',
      }),
    );
    expect(ledger.cash('x', 'bot')).toEqual(['983', '10']);
    expect(text(ledger.creditReserve, ledger.capital)).toEqual(['7', '0']);
    ledger.then(traded('x', [], { penalty: '1', liquidator: 'bot' }));
    expect([...ledger.cash('bot'), ...text(ledger.creditReserve)]).toEqual(['10', '8']);
  });

  it('realises what is closed, with the funding it owed; the last position leaves no rounding behind', () => {
    const ledger = long().then(
      provided('100'),
      an('funding-accrued', { at: 1, markets: [['A', '3', '1', '2000000000000000001']] }),
    );
    // 2 owe a hair more than 4, rounded up; the pool was owed 4.
    expect(text(ledger.account('x').fundingOwed, ledger.collateral)).toEqual(['4.00000001', '996']);
    ledger.then(traded('x', [leg('A', '-2', '110')], { at: 2 }));
    expect(ledger.cash('x')).toEqual(['1015.99999999']);
    expect(text(ledger.liquidity, ledger.borne)).toEqual(['80.00000001', '19.99999999']);
    expect(ledger.market('A').unsettledFunding).toBe(0n);
    expect(text(ledger.totals.riskFunding, ledger.totals.liquidityFunding)).toEqual(['3', '1']);
    expect([...ledger.positionsOf('x'), ledger.hasPositions('x'), ledger.isOpen('A')]).toEqual([
      false,
      false,
    ]);
  });

  it('counts the longs beside the net size', () => {
    const ledger = long().then(traded('y', [leg('A', '-3', '100')]), traded('z', [leg('A', '5', '100')]));
    const of = () => [ledger.market('A').size, ledger.market('A').longSize].map((size) => Number(size) / 1e8);
    expect(of()).toEqual([4, 7]);
    ledger.then(traded('z', [leg('A', '-6', '100')]));
    expect(of()).toEqual([-2, 2]);
    ledger.then(traded('x', [leg('A', '-2', '100')]));
    expect(of()).toEqual([-4, 0]);
    expect(ledger.isOpen('A')).toBe(true);
    expect([...ledger.openAccounts()]).toEqual(['y', 'z']);
    expect([...ledger.holders('A')].map(([account, { size }]) => [account, Number(size) / 1e8])).toEqual([
      ['y', -3],
      ['z', -1],
    ]);
  });
});

describe('a match', () => {
  const side = (account: string, size: string, more: Partial<MatchBooked['accounts'][number]> = {}) => ({
    ...{ account, legs: [leg('A', size, '101')], fee: '0', riskPremium: '0', liquidityPremium: '0' },
    ...more,
  });
  const reserved = (commandId: string, amount: string) =>
    an('margin-reserved', { commandId, account: 'a', amount });

  it('takes fees and premia of each side and ends its reservations', () => {
    const paid = { fee: '3', riskPremium: '4', liquidityPremium: '6', releases: ['r1'] };
    const ledger = new Counted().then(
      ...[paidIn('a', '1000'), paidIn('b', '1000'), reserved('r1', '50'), reserved('r2', '30')],
      an('match-booked', { accounts: [side('a', '2', paid), side('b', '-2', { fee: '-1' })] }),
    );
    expect(ledger.cash('a', 'b', 'fees')).toEqual(['987', '1001', '2']);
    expect(text(ledger.pendingToCapital, ledger.pendingToLiquidity, ledger.reservedOf('a'))).toEqual([
      ...['4', '6', '30'],
    ]);
    const { riskPremia, liquidityPremia, tradingFees, matches, trades } = ledger.totals;
    expect([...text(riskPremia, liquidityPremia, tradingFees), matches, trades]).toEqual([
      '4',
      '6',
      '2',
      1,
      0,
    ]);
    expect(ledger.market('A')).toMatchObject({ size: 0n, longSize: 2n * 10n ** 8n, entryNotional: 0n });
    expect(ledger.isOpen('A')).toBe(true);
  });

  it('makes no account of fees where there are none', () => {
    const ledger = new Counted().then(an('match-booked', { accounts: [side('a', '2'), side('b', '-2')] }));
    expect([...ledger.accountNames()]).toEqual(['a', 'b']);
  });

  it('of a plan uses up what its liquidator has accepted', () => {
    const ledger = new Counted().then(
      paidIn('b', '1000'),
      an('takeovers-accepted', { account: 'b', notional: '300', discount: 0.01 }),
      an('match-booked', { planId: 'p', accounts: [side('a', '-2'), side('b', '2')] }),
    );
    expect(ledger.takeoversOf('b')).toEqual({ notional: 98n * 10n ** 8n, discount: 0.01 });
    expect(ledger.takeoversOf('a')).toEqual({ notional: 0n, discount: 0 });
    ledger.then(an('match-booked', { accounts: [side('b', '-0.5'), side('a', '0.5')] }));
    expect(ledger.takeoversOf('b').notional).toBe(98n * 10n ** 8n);
    ledger.then(an('match-booked', { planId: 'q', accounts: [side('a', '1'), side('b', '-1')] }));
    expect(ledger.takeoversOf('b')).toEqual({ notional: 0n, discount: 0 });
  });
});

describe('a provider’s command', () => {
  it('waits with its shares, is answered once, and the shares it has locked are not free', () => {
    const ledger = new Counted().then(
      provided('100'),
      an('liquidity-asked', { at: 5, commandId: 'w', ask: 'locked', amount: '0', shares: '30' }),
      an('liquidity-asked', { at: 6, commandId: 'w', provider: 'lp2', ask: 'deposit', amount: '7' }),
    );
    expect(ledger.nextWaiting()).toEqual({
      ...{ commandId: 'w', provider: 'lp', ask: 'locked', amount: 0n, shares: 30n * 10n ** 8n, askedAt: 5 },
    });
    const of = (provider: string) => [
      ...text(ledger.sharesOf(provider), ledger.freeShares(provider)),
      ledger.openCommands(provider),
    ];
    expect([of('lp'), of('lp2'), ledger.waitingCommands]).toEqual([['100', '70', 1], ['0', '0', 1], 2]);
    expect([ledger.isWaiting('lp', 'w'), ledger.isWaiting('lp', 'x')]).toEqual([true, false]);
    ledger.then(an('withdrawal-locked', { commandId: 'w', shares: '30', releaseAt: 9 }));
    expect([of('lp'), ledger.waitingCommands, ledger.nextWaiting()?.provider]).toEqual([
      ...[['100', '70', 1], 1, 'lp2'],
    ]);
    expect(ledger.nextLocked()).toEqual({
      ...{ commandId: 'w', provider: 'lp', shares: 30n * 10n ** 8n, releaseAt: 9 },
    });
    expect([...ledger.lockedWithdrawals()]).toHaveLength(1);
    ledger.then(an('liquidity-rejected', { commandId: 'w', provider: 'lp2' }));
    expect([of('lp2'), ledger.waitingCommands]).toEqual([['0', '0', 0], 0]);
    ledger.then(
      an('liquidity-withdrawn', { commandId: 'w', shares: '30', paid: '28', fee: '2', mode: 'locked' }),
    );
    expect([of('lp'), ledger.nextLocked(), ledger.nextWaiting()]).toEqual([
      ['70', '70', 0],
      undefined,
      undefined,
    ]);
    expect(text(ledger.liquidity, ledger.capital, ledger.netDeposits, ledger.totals.fees)).toEqual([
      ...['70', '2', '72', '2'],
    ]);
    // A rejection of what does not wait changes nothing.
    ledger.then(an('liquidity-rejected', { commandId: 'w' }));
    expect(of('lp')).toEqual(['70', '70', 0]);
  });

  it('of a deposit is answered by its shares; what the last one leaves behind is P’s', () => {
    const ledger = new Counted().then(
      an('liquidity-asked', { commandId: 'd', ask: 'deposit', amount: '100' }),
      provided('100'),
    );
    expect([ledger.waitingCommands, ledger.openCommands('lp'), ...ledger.participants]).toEqual([0, 0, 'lp']);
    expect([...ledger.providers()]).toEqual(['lp']);
    ledger.then(an('liquidity-withdrawn', { shares: '100', paid: '90', fee: '0' }));
    expect(text(ledger.liquidity, ledger.capital, ledger.netDeposits)).toEqual(['0', '10', '10']);
    expect([...ledger.providers()]).toEqual([]);
  });

  it('is not needed for a vault’s valuation: it comes to L and goes from it, and past L it is P’s loss', () => {
    const valued = (amount: string, shares: string, backing: string) =>
      an('liquidity-valued', {
        amount,
        shares,
        backing,
        units: '2.5',
        settled: '1.5',
        deficit: '7',
        valuedAt: 3,
      });
    const ledger = new Counted().then(provided('10'), valued('90', '90', '90'));
    expect(text(ledger.liquidity, ledger.netDeposits, ledger.sharesOf('lp'))).toEqual(['100', '100', '100']);
    expect(ledger.backingOf('lp')).toEqual({
      ...{ vault: '0x1', units: 25n * 10n ** 17n, settled: 15n * 10n ** 17n, valuedAt: 3 },
      ...{ amount: 90n * 10n ** 8n, deficit: 7n * 10n ** 8n },
    });
    expect([ledger.backedProviders(), ledger.backingOf('other')]).toEqual([['lp'], undefined]);
    ledger.then(valued('-40', '-50', '40'));
    expect(text(ledger.liquidity, ledger.netDeposits, ledger.sharesOf('lp'))).toEqual(['60', '60', '50']);
    ledger.then(valued('-70', '0', '0'));
    expect(text(ledger.liquidity, ledger.netDeposits, ledger.shortfall)).toEqual(['0', '-10', '10']);
    ledger.then(valued('0', '-50', '0'));
    expect(text(ledger.outstandingShares, ledger.shortfall)).toEqual(['0', '10']);
  });
});

describe('an account', () => {
  it('is paid the amount, and gives up the haircut to the pool', () => {
    const ledger = new Counted().then(
      paidIn('x', '1000'),
      an('account-withdrawn', { account: 'x', amount: '100', haircut: '20' }),
    );
    expect([
      ...ledger.cash('x'),
      ...text(ledger.netDeposits, ledger.capital, ledger.totals.haircuts),
    ]).toEqual([...['880', '900', '20', '20']]);
    expect([ledger.hasAccount('x'), ledger.hasAccount('y'), ledger.accountCount]).toEqual([true, false, 1]);
    expect([ledger.isParticipant('x'), ledger.isParticipant('y')]).toEqual([true, false]);
  });

  it('pays for its default option to the reserve, and owes a rate from then on', () => {
    const ledger = new Counted().then(
      paidIn('x', '1000'),
      an('credit-charged', { at: HOUR, account: 'x', charged: '10', rate: '6' }),
    );
    expect([...ledger.cash('x'), ...text(ledger.creditReserve, ledger.totals.creditCharges)]).toEqual([
      ...['990', '10', '10'],
    ]);
    expect(ledger.creditOf('x', 1.5 * HOUR)).toEqual({ rate: 6n * 10n ** 8n, owed: 3n * 10n ** 8n });
    expect(ledger.creditOf('y', 1.5 * HOUR)).toEqual({ rate: 0n, owed: 0n });
    expect(ledger.creditRateOf('x')).toEqual({ rate: 6n * 10n ** 8n, since: HOUR });
    expect([ledger.creditRateOf('y'), formatMoney(ledger.accruedCredit(1.5 * HOUR))]).toEqual([
      undefined,
      '3',
    ]);
  });

  it('has reservations by their ids, each with its orders, until they are released', () => {
    const reserved = (commandId: string, amount: string, legs?: readonly (readonly [string, string])[]) =>
      an('margin-reserved', { commandId, account: 'x', amount, ...(legs && { legs }) });
    const ledger = new Counted().then(
      reserved('r1', '50', [
        ['A', '200'],
        ['B', '-30'],
      ]),
      reserved('r2', '30', [['A', '-1']]),
      reserved('r3', '2', [['A', '5']]),
    );
    expect(ledger.reservedOrders('x')).toEqual({
      buys: new Map([['A', 205n * 10n ** 8n]]),
      sells: new Map([
        ['B', -30n * 10n ** 8n],
        ['A', -1n * 10n ** 8n],
      ]),
    });
    expect(ledger.reservedOrders('y')).toEqual({ buys: new Map(), sells: new Map() });
    const by = (...ids: readonly string[]) => formatMoney(ledger.reservedBy('x', ids));
    expect([by('r1'), by('r1', 'r1'), by('r1', 'r2'), by('r9')]).toEqual(['50', '50', '80', '0']);
    expect([ledger.reservedBy('y', ['r1']), ledger.reservedOf('y'), ledger.reservationCount('y')]).toEqual([
      ...[0n, 0n, 0],
    ]);
    expect([ledger.hasReservation('x', 'r1'), ledger.hasReservation('x', 'r9')]).toEqual([true, false]);
    expect([ledger.hasReservation('y', 'r1'), ledger.reservationCount('x')]).toEqual([false, 3]);
    // The same id again replaces it.
    ledger.then(reserved('r2', '40'));
    expect([formatMoney(ledger.reservedOf('x')), ledger.reservationCount('x')]).toEqual(['92', 3]);
    const released = (reservationId: string, account = 'x') =>
      an('margin-released', { account, reservationId });
    ledger.then(released('r1'), released('r1'), released('r9'), released('r1', 'y'));
    expect([formatMoney(ledger.reservedOf('x')), ledger.reservationCount('x')]).toEqual(['42', 2]);
    ledger.then(released('r2'), released('r3'));
    expect([ledger.reservedOf('x'), ledger.reservationCount('x')]).toEqual([0n, 0]);
  });

  it('moves collateral; an isolated position’s account ends with its last money, a trader’s own stays', () => {
    const moved = (from: string, to: string, amount: string) =>
      an('collateral-moved', { from, to, amount, equity: '100' });
    const ledger = new Counted().then(paidIn('x', '100'), moved('x', 'x~A', '30'));
    expect([ledger.cash('x', 'x~A'), [...ledger.accountNames()]]).toEqual([
      ['70', '30'],
      ['x', 'x~A'],
    ]);
    ledger.then(moved('x~A', 'x', '10'));
    expect(ledger.hasAccount('x~A')).toBe(true);
    ledger.then(moved('x~A', 'x', '20'));
    expect(ledger.hasAccount('x~A')).toBe(false);
    ledger.then(moved('x', 'x~B', '100'));
    expect([ledger.hasAccount('x'), ...ledger.cash('x', 'x~B')]).toEqual([true, '0', '100']);
    ledger.then(traded('x~B', [leg('A', '1', '100')]), moved('x~B', 'x', '100'));
    expect([ledger.hasAccount('x~B'), ...ledger.cash('x')]).toEqual([true, '100']);
  });

  it('that is bankrupt has its debt borne by the reserve, then P, then L', () => {
    const ledger = new Counted().then(
      ...[
        paidIn('y', '30'),
        an('credit-charged', { account: 'y', charged: '10', rate: '0' }),
        provided('50'),
      ],
      ...[
        an('account-withdrawn', { account: 'y', amount: '0', haircut: '5' }),
        traded('x', [], { penalty: '40' }),
      ],
      an('bankruptcy-settled', { account: 'x', loss: '40' }),
    );
    expect(ledger.cash('x')).toEqual(['0']);
    // 40 of the penalty and 5 of the haircut were P’s; the reserve has paid 10 of the debt.
    expect(text(ledger.creditReserve, ledger.capital, ledger.liquidity)).toEqual(['0', '15', '50']);
    expect(formatMoney(ledger.totals.bankruptcies)).toBe('40');
  });

  it('has dust closed at the mark, without a trade', () => {
    const ledger = long().then(provided('100'), an('dust-closed', leg('A', '-2', '101')));
    expect([...ledger.cash('x'), ledger.totals.trades, ledger.hasPositions('x')]).toEqual(['1002', 1, false]);
  });
});

describe('a loss past the pool', () => {
  const begun = (at: number, price: string) => an('window-begun', { at, marks: [['A', price]] });
  const gain = (ledger: ExchangeLedger, account: string, equity: number) =>
    Number(ledger.gainOf(account, BigInt(equity) * 10n ** 8n)) / 1e8;

  it('counts gains since the older of two windows; deposits and payouts are none', () => {
    const ledger = long();
    expect([ledger.gainsSince, gain(ledger, 'x', 1020)]).toEqual([undefined, 0]);
    ledger.then(begun(DAY, '100'));
    expect([ledger.gainsSince, gain(ledger, 'x', 1020), gain(ledger, 'x', 980)]).toEqual([DAY, 20, 0]);
    ledger.then(paidIn('x', '50'));
    expect(gain(ledger, 'x', 1070)).toBe(20);
    ledger.then(an('account-withdrawn', { account: 'x', amount: '30' }));
    expect(gain(ledger, 'x', 1040)).toBe(20);
    ledger.then(begun(2 * DAY, '110'));
    expect([ledger.gainsSince, gain(ledger, 'x', 1040)]).toEqual([2 * DAY, 20]);
    // Both windows remember who changes.
    ledger.then(paidIn('x', '5'));
    expect(gain(ledger, 'x', 1045)).toBe(20);
    ledger.then(begun(3 * DAY, '110'));
    expect([gain(ledger, 'x', 1045), gain(ledger, 'x', 1055)]).toEqual([0, 10]);
    // An account that has not changed since had the value of its books at the marks of then.
    ledger.then(traded('y', [leg('A', '1', '110')]), begun(4 * DAY, '120'), begun(5 * DAY, '130'));
    expect([gain(ledger, 'y', 25), gain(ledger, 'y', 10)]).toEqual([15, 0]);
  });

  it('takes cuts for the pool, owed as notes to the owners, and pays them from half of what vests', () => {
    const ledger = new Counted().then(
      ...[paidIn('x', '100'), paidIn('x~A', '50'), paidIn('y', '100'), begun(0, '100')],
      an('gains-cut', {
        cuts: [
          ['x', '6'],
          ['x~A', '2'],
        ],
      }),
      an('gains-cut', { cuts: [['y', '8']] }),
      an('haircut-settled'),
    );
    expect([...ledger.cash('x', 'x~A', 'y'), ...text(ledger.capital, ledger.totals.haircuts)]).toEqual([
      ...['94', '48', '92', '16', '16'],
    ]);
    const notes = (account: string) => {
      const { outstanding, claimable } = ledger.notesOf(account);
      return text(outstanding, claimable);
    };
    expect([notes('x'), notes('x~A'), notes('y')]).toEqual([
      ['8', '0'],
      ['0', '0'],
      ['8', '0'],
    ]);
    expect([ledger.settlements, ledger.settlementAt(1), ledger.settlementAt(2)]).toEqual([1, 7, undefined]);
    ledger.then(
      traded('y', [], { riskPremium: '20', liquidityPremium: '3' }),
      an('vested', { at: DAY, toCapital: '20', toLiquidity: '3' }),
    );
    // Half of 20 to the notes; without providers the rest and their earnings are P’s.
    expect(text(ledger.notes.fund, ledger.notes.outstanding, ledger.capital)).toEqual(['10', '6', '29']);
    expect([notes('x'), notes('y')]).toEqual([
      ['8', '5'],
      ['8', '5'],
    ]);
    ledger.then(an('note-paid', { account: 'x', amount: '5' }));
    expect([...ledger.cash('x'), ...notes('x'), ...text(ledger.notes.fund)]).toEqual(['99', '3', '0', '5']);
    // Neither the cut nor the note is a gain or a loss of the window: equity is what it was before, less the cut.
    expect([gain(ledger, 'x', 99), gain(ledger, 'x', 106)]).toEqual([0, 1]);
  });

  it('has the shortfall made good before anything is set aside for notes', () => {
    const ledger = new Counted().then(
      ...[paidIn('x', '100'), an('gains-cut', { cuts: [['x', '6']] })],
      ...[an('bankruptcy-settled', { account: 'y', loss: '14' })],
      traded('x', [], { riskPremium: '20' }),
    );
    expect(text(ledger.capital, ledger.shortfall)).toEqual(['0', '8']);
    ledger.then(an('vested', { at: DAY }));
    expect(text(ledger.shortfall, ledger.notes.fund, ledger.capital)).toEqual(['0', '6', '6']);
    const poor = new Counted().then(
      ...[paidIn('x', '100'), an('gains-cut', { cuts: [['x', '6']] })],
      ...[an('bankruptcy-settled', { account: 'y', loss: '46' })],
      ...[traded('x', [], { riskPremium: '20' }), an('vested', { at: DAY })],
    );
    expect(text(poor.shortfall, poor.notes.fund, poor.capital)).toEqual(['20', '0', '0']);
  });

  it('makes positions smaller at their marks', () => {
    const reductions = [
      { account: 'x', ...leg('A', '-1', '110') },
      { account: 'y', ...leg('A', '-0.5', '110') },
    ];
    const ledger = long().then(
      ...[provided('100'), traded('y', [leg('A', '1', '100')])],
      an('positions-reduced', { reductions }),
    );
    expect([...ledger.cash('x', 'y'), Number(ledger.position('x', 'A').size) / 1e8]).toEqual([
      '1010',
      '5',
      1,
    ]);
  });
});

describe('an order of the operator', () => {
  it('takes positions to another unit, with the funding up to now; the market counts as rescaled after the last part', () => {
    const ledger = long().then(
      ...[paidIn('y', '1000'), traded('y', [leg('A', '-1', '100')])],
      an('funding-accrued', { at: 1, markets: [['A', '1', '0', '1000000000000000000']] }),
      an('market-rescaled', { factor: '10', accounts: [['x', '0.2', '0', '0']], last: false }),
    );
    expect([ledger.market('A').scale, ...ledger.cash('x', 'y')]).toEqual([1, '998', '1000']);
    ledger.then(an('market-rescaled', { factor: '10', accounts: [['y', '-0.1', '0', '0']], last: true }));
    const { scale, size, longSize, entryNotional, unsettledFunding } = ledger.market('A');
    expect([scale, ...ledger.cash('x', 'y')]).toEqual([10, '998', '1001']);
    expect([size, longSize, entryNotional, unsettledFunding].map((sum) => Number(sum) / 1e8)).toEqual([
      ...[0.1, 0.2, 100, 0],
    ]);
    expect(ledger.account('x')).toMatchObject({
      fundingOwed: 0n,
      positions: [{ entryNotional: 200n * 10n ** 8n }],
    });
    // A position of which nothing is left takes its entry along; money for it is the pool's.
    ledger.then(an('market-rescaled', { factor: '0.5', accounts: [['x', '0', '-1', '200']], last: true }));
    expect([...ledger.cash('x'), ...text(ledger.capital, ledger.market('A').entryNotional)]).toEqual([
      ...['997', '1', '-100'],
    ]);
    expect([ledger.market('A').scale, ledger.hasPositions('x')]).toEqual([5, false]);
  });

  it('settles positions at its price, and the market is gone with the rest of its funding', () => {
    const ledger = long().then(
      ...[provided('100'), traded('y', [leg('A', '-1', '100')])],
      an('funding-accrued', { at: 1, markets: [['A', '0.00000001', '0', '0']] }),
      an('positions-settled', { price: '110', accounts: [['x', '-2']] }),
    );
    expect([...ledger.cash('x'), ...text(ledger.liquidity)]).toEqual(['1020', '80']);
    ledger.then(an('market-delisted', { market: 'B' }));
    expect(ledger.marketNames()).toEqual(['A']);
    ledger.then(an('positions-settled', { price: '110', accounts: [['y', '1']] }));
    const rest = new Counted().then(
      ...[provided('100'), traded('y', [leg('A', '-1', '100')])],
      an('funding-accrued', { at: 1, markets: [['A', '0.00000001', '0', '0']] }),
    );
    rest.apply(an('market-delisted', { funding: '0.00000001' }));
    expect([rest.marketNames(), rest.imbalance(), ...text(rest.collateral, rest.liquidity)]).toEqual([
      ...[[], 0n, '0', '99.99999999'],
    ]);
  });

  it('takes a trade back with what is pending of its premia, its penalty, and the debt that was borne', () => {
    const premia = { riskPremium: '3', liquidityPremium: '5' };
    const ledger = new Counted().then(
      ...[paidIn('x', '1000'), traded('x', [leg('A', '2', '100')], { ...premia, penalty: '7' })],
      ...[paidIn('b', '1'), an('bankruptcy-settled', { account: 'x', loss: '2' })],
    );
    expect([...ledger.cash('x'), ...text(ledger.capital)]).toEqual(['987', '5']);
    const busted = { traded: { at: 0, ...premia }, ...premia, penalty: '7', debt: '2', account: 'x' };
    ledger.then(an('trade-busted', { ...busted, at: 0, legs: [leg('A', '-2', '100')] }));
    expect([...ledger.cash('x'), ...text(ledger.capital)]).toEqual(['1000', '0']);
    expect([ledger.pendingToCapital, ledger.pendingToLiquidity, ledger.hasPositions('x')]).toEqual([
      0n,
      0n,
      false,
    ]);
    const { riskPremia, liquidityPremia, penalties, bankruptcies, trades } = ledger.totals;
    expect([riskPremia, liquidityPremia, penalties, bankruptcies, trades]).toEqual([0n, 0n, 0n, 0n, 0]);
  });

  it('takes collateral that had gone back into the isolated position again, which is neither gain nor loss', () => {
    const ledger = new Counted().then(paidIn('x', '100'), paidIn('x~A', '10'), begun(0));
    ledger.then(an('trade-busted', { account: 'x~A', legs: [], collateral: '30' }));
    expect(ledger.cash('x', 'x~A')).toEqual(['70', '40']);
    expect(['x', 'x~A'].map((account) => ledger.gainOf(account, ledger.cashOf(account)))).toEqual([0n, 0n]);
    expect(ledger.gainOf('x', 71n * 10n ** 8n)).toBe(10n ** 8n);
  });

  function begun(at: number): BookEvent {
    return an('window-begun', { at, marks: [['A', '100']] });
  }
});

describe('an event that says so only', () => {
  it.each([
    ...(['trade-rejected', 'account-rejected', 'match-rejected', 'parameters-rejected'] as const),
    ...(['parameters-set', 'command-id-reused'] as const),
  ])('%s changes nothing in the books', (kind) => {
    const ledger = long();
    const before = { ...ledger.snapshot(), eventCount: 3 };
    ledger.then(an(kind));
    expect(ledger.snapshot()).toEqual(before);
  });
});
