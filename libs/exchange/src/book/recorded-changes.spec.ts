import { describe, expect, it } from 'vitest';
import { BOOK_EVENTS } from '../../../../test/support/book-events.js';
import { ExchangeMachine } from '../../../../test/support/exchange-machine.js';
import type { BookEvent } from './book-event.js';
import { netBook } from './book-recorder.js';

const MARK = `100${'0'.repeat(18)}`;
const leg = (market: string, size: string, price = '100') => ({ market, size, price });

/** A machine whose changes are recorded; events are applied as they are. */
function recorded() {
  const machine = new ExchangeMachine(['A', 'B', 'C']);
  machine.provide('lp', 1_000_000);
  machine.settle();
  const recorder = machine.engine.recordChanges();
  const { ledger } = machine;
  const apply = (event: BookEvent, ...markets: readonly string[]) => {
    recorder.record({ ...event, at: machine.time }, markets, () => {
      ledger.apply({ ...event, at: machine.time });
    });
  };
  const trade = (account: string, legs: readonly ReturnType<typeof leg>[], premia: object = {}) => {
    apply({ ...BOOK_EVENTS['trade-booked'], account, legs, ...premia }, ...legs.map(({ market }) => market));
  };
  return { machine, recorder, apply, trade };
}

describe('a change of the pool’s book', () => {
  it('is recorded with sizes and entries after it, and marks of its markets', () => {
    const { machine, recorder, trade } = recorded();
    trade('x', [leg('A', '2'), leg('B', '-1'), leg('A', '1')]);
    expect(recorder.take()).toEqual([
      {
        ...{ sequence: machine.ledger.eventCount, time: machine.time, kind: 1 },
        ...{ capital: '0', liquidity: '100000000000000', pending: '0' },
        ...{ traded: '0', riskPremium: '0', liquidityPremium: '0', charged: '0' },
        changes: [
          ['A', '300000000', '30000000000'],
          ['B', '-100000000', '-10000000000'],
        ],
        marks: [
          ['A', MARK],
          ['B', MARK],
        ],
      },
    ]);
    expect(netBook(machine.ledger)).toEqual([
      ['A', '300000000', '30000000000'],
      ['B', '-100000000', '-10000000000'],
    ]);
  });

  it('is none of an event that changes neither sizes nor entries and charges nothing', () => {
    const { machine, recorder, apply, trade } = recorded();
    apply({ ...BOOK_EVENTS['account-deposited'], account: 'x', amount: '5' });
    const sides = (premium: string): BookEvent => ({
      ...BOOK_EVENTS['match-booked'],
      accounts: [
        { account: 'x', legs: [leg('A', '2')], fee: '0', riskPremium: premium, liquidityPremium: '0' },
        { account: 'y', legs: [leg('A', '-2')], fee: '0', riskPremium: '0', liquidityPremium: premium },
      ],
    });
    apply(sides('0'), 'A');
    trade('x', []);
    expect(recorder.take()).toEqual([]);
    expect(machine.ledger.cashOf('x')).toBe(5n * 10n ** 8n);
    // A premium is one, without a change of sizes.
    apply(sides('3'), 'A');
    expect(recorder.take()).toMatchObject([
      { kind: 1, charged: '600000000', traded: '0', changes: [], marks: [['A', MARK]] },
    ]);
    // An entry is one, without a change of sizes.
    trade('x', [leg('A', '1', '110'), leg('A', '-1', '100')]);
    expect(recorder.take()).toMatchObject([{ changes: [['A', '0', expect.stringMatching(/^-?\d+$/)]] }]);
    expect(netBook(machine.ledger).map(([market]) => market)).toEqual(['A']);
  });

  it('is of the kind of its price: a quote’s, the model’s, or none', () => {
    const { recorder, apply, trade } = recorded();
    trade('x', [leg('A', '2')], { quoteId: 'q' });
    apply({ ...BOOK_EVENTS['dust-closed'], account: 'x', market: 'A', size: '-1' }, 'A');
    apply({ ...BOOK_EVENTS['positions-reduced'], reductions: [{ account: 'x', ...leg('A', '-0.5') }] }, 'A');
    trade('x', [leg('A', '1')]);
    expect(recorder.take().map(({ kind }) => kind)).toEqual([2, 0, 0, 1]);
  });

  it('has the model’s premium of the trade that was priced just before it, and of no other', () => {
    const { machine, recorder, trade } = recorded();
    const price = machine.engine.price([
      { market: 'A', size: '30' },
      { market: 'B', size: '-5' },
    ]);
    const premia = { riskPremium: '7', liquidityPremium: '5' };
    trade('x', [leg('A', '10'), leg('B', '-5'), leg('A', '20')], premia);
    trade('x', [leg('A', '30')], premia);
    trade('x', [leg('A', '30'), leg('B', '-6')], premia);
    trade('x', [leg('A', '30'), leg('C', '-5')], premia);
    const [first, ...others] = recorder.take();
    expect(first).toMatchObject({
      ...{ traded: String(2500n * 10n ** 8n), charged: '1200000000' },
      ...{ riskPremium: String(price.riskPremium), liquidityPremium: String(price.liquidityPremium) },
    });
    for (const other of others)
      expect(other).toMatchObject({
        kind: 1,
        traded: '0',
        riskPremium: '0',
        liquidityPremium: '0',
        charged: '1200000000',
      });
  });

  it('has marks that have moved since the last record, of markets with a position', () => {
    const { machine, recorder, trade } = recorded();
    trade('x', [leg('A', '2')]);
    machine.marks({ A: 101, B: 102 });
    trade('x', [leg('C', '1')]);
    trade('x', [leg('B', '1')]);
    trade('x', [leg('B', '1')]);
    machine.marks();
    trade('x', [leg('B', '1')]);
    const marks = recorder
      .take()
      .map((change) => change.marks.map(([market, price]) => [market, Number(price) / 1e18]));
    // B has moved before anybody had a position in it: its mark comes with the first.
    expect(marks).toEqual(
      [
        [['A', 100]],
        [
          ['C', 100],
          ['A', 101],
        ].sort(),
        [['B', 102]],
        [],
        [],
      ].map((list) => expect.arrayContaining(list as unknown[]) as unknown),
    );
    expect(marks.map(({ length }) => length)).toEqual([1, 2, 1, 0, 0]);
    // A new bar begins with all marks again.
    recorder.begin();
    trade('x', [leg('B', '1')]);
    expect(
      recorder
        .take()[0]
        .marks.map(([market]) => market)
        .sort(),
    ).toEqual(['A', 'B', 'C']);
    // A market without a mark has 0.
    trade('x', [leg('Z', '1')]);
    expect(recorder.take()[0].marks).toEqual([['Z', '0']]);
  });
});
