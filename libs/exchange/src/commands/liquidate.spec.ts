// Long because it is one list: each way in which a plan is executed or taken over, with its figures.
import { describe, expect, it } from 'vitest';
import { BOOK_EVENTS } from '../../../../test/support/book-events.js';
import { ExchangeMachine, HOUR_MS, money } from '../../../../test/support/exchange-machine.js';
import type { BookEvent, TradeBooked } from '../book/book-event.js';
import { liquidate, takeOver } from './liquidate.js';

type Command = Parameters<typeof liquidate>[1];

/** d has 300, is long 20 of A and short 10 of B at 100; marks are 88 and 101: 50 are left, 83 are the maintenance margin. */
function under(rules: object = {}): ExchangeMachine {
  const made = new ExchangeMachine(['A', 'B'], { volatility: 0.001, rules });
  made.provide('lp', 1_000_000);
  made.settle();
  const { ledger, time } = made;
  ledger.apply({ ...BOOK_EVENTS['account-deposited'], at: time, account: 'd', amount: '300' });
  const legs = [
    { market: 'A', size: '20', price: '100' },
    { market: 'B', size: '-10', price: '100' },
  ];
  ledger.apply({ ...BOOK_EVENTS['trade-booked'], at: time, account: 'd', legs });
  made.engine.follow([], made.engine.snapshot());
  made.marks({ A: 88, B: 101 });
  return made;
}
const plan = (
  legs: readonly (readonly [market: string, size: string])[],
  more: Partial<Command> = {},
): Command => ({
  ...{
    planId: 'p',
    account: 'd',
    legs: legs.map(([market, size]) => ({ market, size })),
    liquidator: 'bot',
    parameters: 1,
  },
  ...more,
});
const done = (made: ExchangeMachine, ...given: Parameters<typeof plan>) =>
  liquidate(made.engine, plan(...given), made.time);
const code = (action: () => unknown) => {
  try {
    action();
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
};
/** The pool takes no premium worth a word: the book hardly moves. */
const FREE = { liquidation: { penaltyRate: 0 } };

describe('executing a plan', () => {
  it('closes at most what is open, each market once, at the marks', () => {
    const [trade, ...rest] = done(under(FREE), [
      ['A', '-15'],
      ['B', '3'],
      ['A', '-10'],
      ['B', '2'],
    ]) as TradeBooked[];
    expect(trade).toMatchObject({
      ...{ kind: 'trade-booked', tradeId: 'p', planId: 'p', account: 'd', quoteId: null, forecastId: 'f1' },
      legs: [
        { market: 'A', size: '-20', price: '88' },
        { market: 'B', size: '5', price: '101' },
      ],
    });
    expect(trade).not.toHaveProperty('penalty');
    expect(trade).not.toHaveProperty('liquidator');
    expect(trade).not.toHaveProperty('fromReserve');
    expect(rest).toEqual([]);
  });

  it('leaves out what is not open, would grow, or is no market of the forecast', () => {
    const made = under(FREE);
    const legs = (...asked: Parameters<typeof plan>[0]) =>
      (done(made, asked) as TradeBooked[])[0].legs.map(({ market }) => market);
    expect(legs(['A', '-1'], ['B', '-1'], ['Z', '-1'])).toEqual(['A']);
    expect(legs(['A', '1'], ['B', '1'])).toEqual(['B']);
    expect(legs(['A', '0'], ['B', '1'])).toEqual(['B']);
    expect(
      code(() =>
        done(made, [
          ['A', '1'],
          ['Z', '1'],
        ]),
      ),
    ).toBe('nothing-to-reduce');
    expect(code(() => done(made, [['A', '-1']], { account: 'nobody' }))).toBe('nothing-to-reduce');
    expect(code(() => done(made, [['A', '1']], { account: 'nobody' }))).toBe('nothing-to-reduce');
    expect(code(() => done(made, [['A', '-1']], { parameters: 2 }))).toBe('parameters-version');
  });

  it('closes positions of less than the minimum of the whole account beside it, at their last marks', () => {
    const made = under({ liquidation: { penaltyRate: 0, minimumPosition: 1011 } });
    // B is 1,010 at its mark, A 1,760.
    const [trade, ...dust] = done(made, [
      ['A', '-1'],
      ['B', '1'],
    ]);
    expect(trade).toMatchObject({ legs: [{ market: 'A', size: '-1' }] });
    expect(dust).toEqual([
      { kind: 'dust-closed', at: made.time, account: 'd', market: 'B', size: '10', price: '101' },
    ]);
    const exact = under({ liquidation: { penaltyRate: 0, minimumPosition: 1010 } });
    expect(done(exact, [['B', '1']])).toHaveLength(1);
    // A plan of nothing but dust is answered by a trade without legs.
    expect(done(made, [['B', '1']])).toEqual([
      {
        ...{
          kind: 'trade-booked',
          at: made.time,
          tradeId: 'p',
          planId: 'p',
          account: 'd',
          legs: [],
          quoteId: null,
        },
        ...{ riskPremium: '0', liquidityPremium: '0', forecastId: 'f1' },
      },
      dust[0],
    ]);
  });

  it('charges the fixed penalty on what it closes, rounded up, to the pool, and no more than there is', () => {
    const penalty = (penaltyRate: number, size: string) =>
      (done(under({ liquidation: { penaltyRate } }), [['A', size]]) as TradeBooked[])[0];
    // 10 at 88, and the last unit of money up.
    expect(penalty(0.01, '-10')).toMatchObject({ penalty: '8.8' });
    expect(penalty(0.01, '-10')).not.toHaveProperty('liquidator');
    expect(penalty(0.010000000001, '-0.00000001')).toMatchObject({ penalty: '0.00000001' });
    const most = penalty(0.9, '-20');
    expect(money(most.penalty!) + money(most.riskPremium) + money(most.liquidityPremium)).toBe(
      under().engine.accounts.exactEquity('d', [
        { name: 'A', exactSize: -20n * 10n ** 8n, exactPrice: 88n * 10n ** 12n },
      ]),
    );
  });

  it('shares the offered penalty with the liquidator, up to a quarter of the maintenance margin and 1 %', () => {
    const offered = (penaltyRate: number | undefined, size = '-10') =>
      (done(under(), [['A', size]], penaltyRate === undefined ? {} : { penaltyRate }) as TradeBooked[])[0];
    expect(offered(0.005)).toMatchObject({ penalty: '4.4', liquidator: 'bot', toLiquidator: '2.2' });
    // 3 % of maintenance margin: three quarters of a percent.
    expect(offered(0.009)).toMatchObject({ penalty: '6.6', toLiquidator: '3.3' });
    expect(offered(undefined)).not.toHaveProperty('penalty');
    expect(offered(0)).not.toHaveProperty('liquidator');
  });

  it('has the credit reserve pay the least fee for an account that has nothing, as far as it goes', () => {
    const bankrupt = (reserve: string) => {
      const made = under();
      made.marks({ A: 80 });
      made.ledger.apply({
        ...BOOK_EVENTS['credit-charged'],
        at: made.time,
        account: 'lp2',
        charged: reserve,
        rate: '0',
      });
      return (done(made, [['A', '-20']], { penaltyRate: 0.0075 }) as TradeBooked[])[0];
    };
    // Ten units are more than five basis points of 1,600.
    expect(bankrupt('12')).toMatchObject({ fromReserve: '10', liquidator: 'bot', toLiquidator: '0' });
    expect(bankrupt('0.3')).toMatchObject({ fromReserve: '0.3' });
    expect(bankrupt('0')).not.toHaveProperty('fromReserve');
    expect(bankrupt('0')).not.toHaveProperty('liquidator');
    expect(bankrupt('5')).not.toHaveProperty('penalty');
    // Under a fixed penalty nobody is paid for a report.
    const fixed = under({ liquidation: { penaltyRate: 0.01 } });
    fixed.marks({ A: 80 });
    fixed.ledger.apply({
      ...BOOK_EVENTS['credit-charged'],
      at: fixed.time,
      account: 'lp2',
      charged: '12',
      rate: '0',
    });
    expect(done(fixed, [['A', '-20']])[0]).not.toHaveProperty('fromReserve');
  });

  it('leaves a silent market out', () => {
    const made = under(FREE);
    made.time += 4 * HOUR_MS;
    made.engine.take({ market: 'A', price: '88', time: made.time, sequence: 1e6 });
    const [trade] = done(made, [
      ['A', '-1'],
      ['B', '1'],
    ]) as TradeBooked[];
    expect(trade.legs).toEqual([{ market: 'A', size: '-1', price: '88' }]);
    expect(code(() => done(made, [['B', '1']]))).toBe('nothing-to-reduce');
  });
});

describe('taking a plan’s positions over', () => {
  const over = (
    legs: Parameters<typeof plan>[0],
    prices: string[] | undefined,
    more: Partial<Command> & { discount?: number; cash?: string; notional?: string; rules?: object } = {},
  ) => {
    const { discount = -1, cash = '1000', notional = '5000', rules = {}, ...changes } = more;
    const made = under(rules);
    made.ledger.apply({ ...BOOK_EVENTS['account-deposited'], at: made.time, account: 'bot', amount: cash });
    made.ledger.apply({
      ...BOOK_EVENTS['takeovers-accepted'],
      at: made.time,
      account: 'bot',
      notional,
      discount,
    });
    const command = plan(legs, { penaltyRate: 0.005, ...(prices && { prices }), ...changes });
    return takeOver(made.engine, command, made.time);
  };
  const refusal = (...given: Parameters<typeof over>) => code(() => over(...given));

  it('is a match of both accounts at the liquidator’s prices, without fees or premia', () => {
    const nothing = { fee: '0', riskPremium: '0', liquidityPremium: '0' };
    const event: BookEvent = over(
      [
        ['A', '-15'],
        ['B', '30'],
      ],
      ['87.9', '101.1'],
    );
    expect(event).toMatchObject({
      kind: 'match-booked',
      matchId: 'p',
      planId: 'p',
      feeAccount: 'fees',
      forecastId: 'f1',
    });
    expect((event as unknown as { accounts: unknown }).accounts).toEqual([
      {
        ...{ account: 'd', ...nothing },
        legs: [
          { market: 'A', size: '-15', price: '87.9' },
          { market: 'B', size: '10', price: '101.1' },
        ],
      },
      {
        ...{ account: 'bot', ...nothing },
        legs: [
          { market: 'A', size: '15', price: '87.9' },
          { market: 'B', size: '-10', price: '101.1' },
        ],
      },
    ]);
  });

  it('costs the account no more than the penalty on what is closed, market by market', () => {
    // 0.5 % of 880 are 4.4.
    expect([refusal([['A', '-10']], ['87.56']), refusal([['A', '-10']], ['87.55'])]).toEqual([
      undefined,
      'liquidation-price',
    ]);
    expect([refusal([['B', '10']], ['101.5']), refusal([['B', '10']], ['101.6'])]).toEqual([
      undefined,
      'liquidation-price',
    ]);
    expect(refusal([['A', '-10']], ['87.56'], { penaltyRate: 0.004 })).toBe('liquidation-price');
    expect(refusal([['A', '-10']], ['87.56'], { rules: { liquidation: { penaltyRate: 0.004 } } })).toBe(
      'liquidation-price',
    );
    expect(refusal([['A', '-10']], ['88.5'])).toBeUndefined();
    expect([refusal([['A', '-10']], ['89.77']), refusal([['A', '-10']], ['86.2'])]).toEqual([
      'match-price',
      'match-price',
    ]);
    expect(refusal([['A', '-10']], ['89.75'])).toBeUndefined();
  });

  it('needs a price for each leg, another owner, the plan’s version, and something that is open', () => {
    expect([
      refusal([['A', '-10']], []),
      refusal([['A', '-10']], ['88', '88']),
      refusal([['A', '-10']], undefined),
    ]).toEqual(new Array(3).fill('invalid-input'));
    expect(refusal([['A', '-10']], ['88'], { liquidator: 'd' })).toBe('invalid-input');
    expect(refusal([['A', '-10']], ['88'], { parameters: 2 })).toBe('parameters-version');
    expect(refusal([['A', '10']], ['88'])).toBe('nothing-to-reduce');
  });

  it('needs the liquidator’s consent, to the notional and by the discount', () => {
    const accepted = (notional: string, price: string, discount = 0) =>
      refusal([['A', '-10']], [price], { notional, discount });
    expect([accepted('880', '88'), accepted('879.99', '88'), accepted('880', '88.01')]).toEqual([
      ...[undefined, 'takeover-not-accepted', 'takeover-not-accepted'],
    ]);
    // 0.25 % of 880 are 2.2: 0.22 a unit.
    expect([accepted('880', '87.77', 0.0025), accepted('880', '87.79', 0.0025)]).toEqual([
      undefined,
      'takeover-not-accepted',
    ]);
  });

  it('needs the liquidator’s initial margin and limits afterwards', () => {
    // 5 % of 880 are 44.
    expect([
      refusal([['A', '-10']], ['88'], { cash: '44.01' }),
      refusal([['A', '-10']], ['88'], { cash: '43.99' }),
    ]).toEqual([...[undefined, 'insufficient-margin']]);
    // A position that it has already is margined with those that it takes over.
    const made = under();
    made.ledger.apply({ ...BOOK_EVENTS['account-deposited'], at: made.time, account: 'bot', amount: '60' });
    made.ledger.apply({
      ...BOOK_EVENTS['takeovers-accepted'],
      at: made.time,
      account: 'bot',
      notional: '5000',
      discount: 0,
    });
    const own = [{ market: 'A', size: '10', price: '88' }];
    made.ledger.apply({ ...BOOK_EVENTS['trade-booked'], at: made.time, account: 'bot', legs: own });
    const command = plan([['A', '-10']], { penaltyRate: 0.005, prices: ['88'] });
    expect(code(() => takeOver(made.engine, command, made.time))).toBe('insufficient-margin');
    const limits = (account: number) => refusal([['A', '-10']], ['88'], { rules: { limits: { account } } });
    expect([limits(880), limits(879)]).toEqual([undefined, 'notional-limit']);
  });
});
