import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uniform } from '../../../test/support/arbitraries.js';
import { ExchangeMachine } from '../../../test/support/exchange-machine.js';

const MARKETS = ['A', 'B', 'C'];
const ACCOUNTS = ['u', 'v', 'w', 'x', 'y', 'z'];
const KINDS = [
  ...['trade', 'trade', 'trade', 'isolated', 'close', 'marks', 'marks', 'forecast', 'withdraw'],
  ...['deposit', 'provide', 'leave', 'wait'],
];

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom(...KINDS),
    account: fc.constantFrom(...ACCOUNTS),
    market: fc.constantFrom(...MARKETS),
    size: uniform(-300, 300),
    move: uniform(-0.08, 0.08),
    laterMs: fc.integer({ min: 1, max: 50_000 }),
    restarts: fc.boolean(),
  }),
  { minLength: 10, maxLength: 40 },
);
type Steps = typeof steps extends fc.Arbitrary<infer T> ? T : never;

/** Events of the steps on an exchange with portfolio margin, caps and charges for default, where accounts are poor. */
function eventsOf(drawn: Steps, { restarting = false, preparing = false, asking = false }) {
  const rules = { margin: { mode: 'portfolio' }, credit: { loading: 1.5 } };
  const machine = new ExchangeMachine(MARKETS, { rules });
  machine.provide('lp', 3_000_000);
  for (const account of ACCOUNTS) machine.deposit(account, 5_000);
  for (const { kind, account, market, size, move, laterMs, restarts } of drawn) {
    const mark = machine.engine.board.mark(market)!.value;
    if (kind === 'trade') machine.trade(account, { [market]: size.toFixed(4) });
    else if (kind === 'isolated') {
      machine.transfer(account, market, (10 * size).toFixed(4));
      machine.trade(account, { [market]: (size / 2).toFixed(4) }, { margin: 'isolated' });
    } else if (kind === 'close') machine.liquidateAll(account);
    else if (kind === 'marks')
      machine.marks({ [market]: Number((mark * Math.exp(move)).toFixed(6)) }, laterMs);
    else if (kind === 'forecast') machine.forecast({ volatility: 0.05 + Math.abs(move) });
    else if (kind === 'withdraw') machine.withdraw(account, Math.abs(size).toFixed(4));
    else if (kind === 'deposit') machine.deposit(account, Math.abs(size).toFixed(4));
    else if (kind === 'provide') machine.provide(account, (1 + Math.abs(size)).toFixed(4));
    else if (kind === 'leave') machine.leave(account, (1 + Math.abs(size) / 2).toFixed(4));
    else machine.wait(60 * laterMs);
    if (restarting && restarts) machine.restart();
    if (preparing && restarts) {
      const turns = [...machine.engine.credit.prepare(1)].length;
      expect(turns).toBeGreaterThanOrEqual([...machine.ledger.openAccounts()].length);
    }
    if (asking && restarts && machine.engine.board.permits(market, 'reduce'))
      machine.engine.price([{ market, size: '1' }]);
  }
  return { events: machine.events, participants: [...machine.ledger.participants] };
}

describe('an exchange', () => {
  it('books the events, in their order, that it would have booked without a restart', () => {
    fc.assert(
      fc.property(steps, (drawn) => {
        const whole = eventsOf(drawn, {});
        expect(eventsOf(drawn, { restarting: true })).toEqual(whole);
        // As a process does it that others would wait for: some accounts at a time.
        expect(eventsOf(drawn, { restarting: true, preparing: true })).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  });

  it('books the same whether anybody asks for prices in between or not', () => {
    fc.assert(
      fc.property(steps, (drawn) => {
        expect(eventsOf(drawn, { asking: true })).toEqual(eventsOf(drawn, {}));
      }),
      { numRuns: 30 },
    );
  });
});
