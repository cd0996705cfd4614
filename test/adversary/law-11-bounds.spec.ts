import { describe, expect, it } from 'vitest';
import { accountsOf } from '#lib/exchange';
import { ExchangeMachine } from '../support/exchange-machine.js';

/** Law 11: a refused command leaves nothing but its outcome; nothing piles up. */
describe('what refusals and queues leave behind', () => {
  it('5,000 refused commands make no account, and change no state that is published', () => {
    const machine = new ExchangeMachine();
    const accounts = machine.ledger.accountCount;
    const before = JSON.stringify({ ...machine.ledger.snapshot(), eventCount: 0 });
    for (let i = 0; i < 1000; i++) {
      machine.withdraw(`ghost-${i}`, 1);
      machine.trade(`ghost-${i}`, { A: 1 });
      machine.transfer(`ghost-${i}`, 'A', 1);
      // Legs that cancel need no margin: a reservation of nothing would stay for good, and could not be released.
      const legs = ['1', '-1', '0'].map((size) => ({ market: 'A', size }));
      machine.command({ kind: 'reserve', commandId: `r-${i}`, account: `ghost-${i}`, legs });
      const releases = [{ account: `ghost-${i}`, reservationId: 'r' }];
      machine.match({ matchId: `m-${i}`, fills: [], pool: [], releases });
    }
    expect(machine.events.filter(({ kind }) => kind.endsWith('-rejected'))).toHaveLength(5000);
    expect(machine.ledger.accountCount).toBe(accounts);
    expect(machine.events.flatMap(accountsOf)).toEqual([]);
    expect(JSON.stringify({ ...machine.ledger.snapshot(), eventCount: 0 })).toBe(before);
  });

  it('an order of nothing reserves nothing, and what is reserved can be released', () => {
    const machine = new ExchangeMachine(['A'], { rules: { fees: { largestDeviation: 0 } } });
    machine.provide('lp', 1_000_000);
    machine.deposit('x', 10_000);
    machine.trade('x', { A: 100 });
    const reserve = (commandId: string, ...sizes: string[]) =>
      machine.command({
        ...{ kind: 'reserve', commandId, account: 'x' },
        legs: sizes.map((size) => ({ market: 'A', size })),
      });
    expect(reserve('r1', '1', '-1')).toMatchObject({ kind: 'account-rejected', code: 'invalid-input' });
    expect(machine.ledger.reservationCount('x')).toBe(0);
    // It needs no margin: it closes a part.
    expect(reserve('r2', '-10')).toMatchObject({ kind: 'margin-reserved', amount: '0.00000001' });
    const release = { kind: 'release', commandId: 'x', account: 'x', reservationId: 'r2' } as const;
    expect(machine.command(release)).toMatchObject({ kind: 'margin-released' });
    expect(machine.ledger.reservationCount('x')).toBe(0);
  });

  it('a provider has a bounded number of open commands, and commands cost the same however many are locked', () => {
    const machine = new ExchangeMachine();
    machine.provide('lp', 1_000_000);
    const answers = Array.from({ length: 40 }, () => machine.leave('lp', 1, 'locked').kind);
    expect(answers.filter((kind) => kind === 'withdrawal-locked')).toHaveLength(32);
    expect(machine.events.at(-1)).toMatchObject({ code: 'too-many-commands' });
  });

  it('isolated accounts end with their collateral', () => {
    const machine = new ExchangeMachine();
    machine.deposit('x', 100);
    const accounts = machine.ledger.accountCount;
    for (let i = 0; i < 50; i++) {
      machine.transfer('x', 'A', 10);
      machine.transfer('x', 'A', -10);
    }
    expect(machine.ledger.accountCount).toBe(accounts);
    expect(machine.transfer('x', 'NOPE', 10)).toMatchObject({ code: 'unknown-market' });
  });
});
