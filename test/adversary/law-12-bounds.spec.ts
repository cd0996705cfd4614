import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { accountState, poolState } from '#lib/exchange';
import { fields, TOPICS } from '#lib/messages';
import * as rest from '../../apps/pricer/src/rest/schemas.js';
import { ExchangeMachine } from '../support/exchange-machine.js';

const time = Date.UTC(2026, 0, 1);
const message = (payload: unknown) => ({ schemaVersion: 1, id: 'm', sequence: 0, time, payload });
const legs = (size: unknown) => [{ market: 'A', size }];

type Way = [name: string, schema: z.ZodType, at: (value: unknown) => unknown];
/** Every way in for an amount that is money or a size. */
const AMOUNTS: Way[] = [
  [
    'topic trades',
    TOPICS.trades.message,
    (size) => message({ tradeId: 't', account: 'a', legs: legs(size) }),
  ],
  [
    'topic accounts',
    TOPICS.accounts.message,
    (amount) => message({ kind: 'deposit', commandId: 'c', account: 'a', amount }),
  ],
  [
    'topic liquidity',
    TOPICS.liquidity.message,
    (amount) => message({ kind: 'deposit', commandId: 'c', provider: 'a', amount }),
  ],
  [
    'topic executions',
    TOPICS.executions.message,
    (size) =>
      message({
        ...{ reportId: 'r', planId: 'p', liquidator: 'a', status: 'partial' },
        fills: [{ market: 'A', size }],
      }),
  ],
  [
    'topic quote-requests',
    TOPICS.quoteRequests.message,
    (size) => message({ account: 'a', legs: legs(size), deadline: time }),
  ],
  ['REST quotes', rest.quoteRequest, (size) => ({ account: 'a', legs: legs(size) })],
  ['REST deposits', rest.accountAmount, (amount) => ({ amount })],
  ['REST withdrawals', rest.accountWithdrawal, (amount) => ({ amount })],
  ['REST transfers', rest.accountTransfer, (amount) => ({ market: 'A', amount })],
  ['REST reservations', rest.accountReservation, (size) => ({ legs: legs(size) })],
  ['REST liquidity', rest.depositRequest, (amount) => ({ provider: 'a', amount })],
];
const PRICES: Way[] = [
  ['topic prices', TOPICS.prices.message, (price) => message({ kind: 'tick', market: 'A', price })],
  ['REST simulate', rest.simulateRequest, (price) => ({ marks: { A: price } })],
];

/** Law 12: the same bounds on every way in. */
describe('what is out of bounds', () => {
  const wrong = [
    ...['1000000000000001', '-1000000000000001', '9'.repeat(60), '1e5', '0x10', ' 1', '1 ', '+1', '.5', '5.'],
    ...['', 'NaN', 'Infinity', '١٢', '1,5', '1\u0000', 1, null, {}, [], true],
  ];
  describe.each(AMOUNTS)('%s', (_name, schema, at) => {
    it('takes what all others take', () => {
      expect(schema.safeParse(at('1000000000000000')).error).toBeUndefined();
      expect(schema.safeParse(at('0.00000001')).error).toBeUndefined();
    });
    it.each(wrong.map((value) => [value]))('refuses %j', (value) => {
      expect(schema.safeParse(at(value)).success).toBe(false);
    });
  });
  describe.each(PRICES)('%s', (_name, schema, at) => {
    it('takes prices from 1e-12 to 1e15 alone', () => {
      for (const price of ['0.000000000001', '1000000000000000'])
        expect(schema.safeParse(at(price)).error, price).toBeUndefined();
      for (const price of ['0', '-1', '0.0000000000009', '1000000000000001', '9'.repeat(45), '1e3', 1])
        expect(schema.safeParse(at(price)).success, String(price)).toBe(false);
    });
  });

  it.each(['', 'a b', 'a/b', 'a~B', '%00', 'a\n', 'x'.repeat(81), 'ä', '\u202e', 'a\u0000'])(
    'is no name of an account: %j',
    (name) => {
      expect(fields.account.safeParse(name).success).toBe(false);
      const trade = { tradeId: 't', account: name, legs: legs('1') };
      expect(TOPICS.trades.message.safeParse(message(trade)).success).toBe(false);
      expect(rest.quoteRequest.safeParse({ account: name, legs: legs('1') }).success).toBe(false);
    },
  );

  it.each(Object.getOwnPropertyNames(Object.prototype))(
    'is no name of anything: %j, which a table of names finds whoever is in it',
    (name) => {
      for (const field of [fields.account, fields.market, fields.source])
        expect(field.safeParse(name).success).toBe(false);
      const named = message({ kind: 'tick', market: name, price: '1' });
      expect(TOPICS.prices.message.safeParse(named).success).toBe(false);
      expect(rest.quoteRequest.safeParse({ account: 'a', legs: [{ market: name, size: '1' }] }).success).toBe(
        false,
      );
    },
  );

  it.each([0, -1, Date.UTC(1999, 11, 31), Date.UTC(2100, 0, 2), 1e18, 1.5, NaN, '0'])(
    'is no time: %j',
    (at) => {
      for (const topic of [TOPICS.prices, TOPICS.trades, TOPICS.accounts, TOPICS.liquidity])
        expect(
          (topic.message as unknown as { shape: { time: z.ZodType } }).shape.time.safeParse(at).success,
        ).toBe(false);
    },
  );

  it('is a trade of 65 legs, everywhere', () => {
    const many = (n: number) => Array.from({ length: n }, (_, i) => ({ market: `M${i}`, size: '1' }));
    for (const [name, schema, of] of [
      ['quote', rest.quoteRequest, (l: unknown) => ({ account: 'a', legs: l })],
      ['trade', TOPICS.trades.message, (l: unknown) => message({ tradeId: 't', account: 'a', legs: l })],
      ['reservation', rest.accountReservation, (l: unknown) => ({ legs: l })],
    ] as const) {
      expect(schema.safeParse(of(many(64))).error, name).toBeUndefined();
      expect(schema.safeParse(of(many(65))).success, name).toBe(false);
    }
  });
});

describe('what one schema takes', () => {
  it('every later one takes: the largest amounts, again and again', () => {
    const machine = new ExchangeMachine();
    for (let i = 0; i < 50; i++) machine.deposit('whale', '1000000000000000');
    machine.provide('lp', '1000000000000000');
    for (const price of [1e-2, 1e-6, 1e-9]) machine.marks({ A: price }, 120_000);
    const size = '1000000000000000';
    expect(machine.trade('whale', { A: size }).kind).toBe('trade-booked');
    const state = accountState(machine.ledger, 'whale', [], machine.time);
    expect(TOPICS.accountStates.payload.safeParse(state).error).toBeUndefined();
    expect(TOPICS.poolStates.payload.safeParse(poolState(machine.engine)).error).toBeUndefined();
    for (const event of machine.events)
      expect(TOPICS.book.payload.safeParse(event).error, event.kind).toBeUndefined();
  });

  it('no position is larger than the order that closes it may be', () => {
    const machine = new ExchangeMachine();
    machine.deposit('whale', '1000000000000');
    for (const price of [1e-2, 1e-6, 1e-9]) machine.marks({ A: price }, 120_000);
    const size = '600000000000000';
    expect(machine.trade('whale', { A: size }).kind).toBe('trade-booked');
    expect(machine.trade('whale', { A: size })).toMatchObject({
      kind: 'trade-rejected',
      code: 'invalid-input',
    });
    expect(machine.trade('whale', { A: `-${size}` }).kind).toBe('trade-booked');
  });
});
