import { describe, expect, it } from 'vitest';
import { BOOK_EVENTS } from '../../../test/support/book-events.js';
import { ExchangeMachine, HOUR_MS, money } from '../../../test/support/exchange-machine.js';
import type { BookedLeg } from './book/book-event.js';
import { OpenMarkets } from './open-markets.js';
import { markParameters } from './marks/mark-parameters.js';

/** Books legs for an account in the ledger alone. */
const trade = ({ ledger, time }: ExchangeMachine, account: string, ...legs: readonly BookedLeg[]) => {
  ledger.apply({ ...BOOK_EVENTS['trade-booked'], at: time, account, legs });
};
/** Marks of 100 that move by 5 % at once; a larger move is held back. x holds 2 of A and −3 of B, at 100. */
function machine() {
  const made = new ExchangeMachine(['A', 'B', 'C'], {
    parameters: { marks: markParameters({ bandMinimum: 0.05, maximumStepMs: 1e12 }) },
  });
  trade(made, 'x', { market: 'A', size: '2', price: '100' }, { market: 'B', size: '-3', price: '100' });
  const open = new OpenMarkets(made.ledger, made.engine.board);
  return { made, open };
}

describe(OpenMarkets, () => {
  it('sums the traders’ gains at marks, each market rounded up', () => {
    const { made, open } = machine();
    expect([[...open.names()], open.unrealised]).toEqual([['A', 'B'], 0n]);
    made.marks({ A: 103, B: 98 });
    open.touch('A');
    expect(open.unrealised).toBe(money(6));
    open.touch('B');
    expect(open.unrealised).toBe(money(12));
    open.touch('B');
    expect(open.unrealised).toBe(money(12));
    open.reload();
    expect([[...open.names()], open.unrealised]).toEqual([['A', 'B'], money(12)]);
    // A market without a mark counts at its entry.
    trade(made, 'y', { market: 'Z', size: '1', price: '7' });
    open.touch('Z');
    expect([[...open.names()], open.unrealised]).toEqual([['A', 'B', 'Z'], money(12)]);
  });

  it('forgets a market that nobody has a position in', () => {
    const { made, open } = machine();
    trade(made, 'x', { market: 'B', size: '3', price: '100' });
    open.touch('B');
    expect([...open.names()]).toEqual(['A']);
    // Longs and shorts of the same size are positions all the same.
    trade(made, 'y', { market: 'A', size: '-2', price: '100' });
    open.touch('A');
    expect([...open.names()]).toEqual(['A']);
  });

  it('tells the loss of the pool if prices that are held back became the marks, of markets where it would lose', () => {
    const { made, open } = machine();
    expect(open.held()).toEqual({ markets: [], loss: 0n });
    const held = (market: string, price: string) =>
      made.engine.board.take({ market, price, time: made.time + 1000, sequence: 1e6 });
    held('A', '150');
    expect(open.held()).toEqual({ markets: ['A'], loss: money(100) });
    held('B', '150');
    expect(open.held()).toEqual({ markets: ['A'], loss: money(100) });
    // Where A stood at 103 before, the traders have 6 of it already.
    const { made: later, open: known } = machine();
    later.marks({ A: 103 });
    known.touch('A');
    later.engine.board.take({ market: 'A', price: '150', time: later.time + 1000, sequence: 1e6 });
    expect(known.held()).toEqual({ markets: ['A'], loss: money(94) });
  });

  it('tells by how much positions are worth more at averages', () => {
    const { made, open } = machine();
    made.marks({ A: 104, B: 96 }, 100_000);
    made.engine.board.watermark(made.time + 100_000);
    // Averages of 102 and 98: 2 × −2 and −3 × 2.
    expect(open.drift()).toBeCloseTo(-10, 6);
  });

  it('waits for a mark of every market with a position that liquidity may be valued at', () => {
    const { made, open } = machine();
    const { time } = made;
    expect([open.markedSince(time - 1), open.markedSince(time)]).toEqual([true, false]);
    made.engine.board.take({ market: 'A', price: '100', time: time + 1000, sequence: 1e6 });
    open.timePassed();
    expect(open.markedSince(time)).toBe(false);
    made.engine.board.take({ market: 'B', price: '100', time: time + 2000, sequence: 1e6 });
    open.timePassed();
    expect([open.markedSince(time + 999), open.markedSince(time + 1000)]).toEqual([true, false]);
    made.engine.board.take({ market: 'B', price: '150', time: time + 3000, sequence: 1e6 + 1 });
    open.timePassed();
    // A price is held back in B.
    expect(open.markedSince(0)).toBe(false);
    // Without positions there is nothing to wait for; a market that is opened is looked at.
    const flat = new OpenMarkets(made.restored(), made.engine.board);
    expect(flat.markedSince(time + 24 * HOUR_MS)).toBe(true);
    trade(made, 'x', { market: 'B', size: '3', price: '100' });
    open.touch('B');
    expect(open.markedSince(time + 999)).toBe(true);
  });
});
