import { describe, expect, it } from 'vitest';
import { ExchangeMachine, number } from '../support/exchange-machine.js';

const MINUTE_MS = 60_000;

/** Law 7: a mark that is pushed for a moment pays nothing out: averages over five minutes stand beside it. */
describe('who pushes a mark for a moment', () => {
  const pushed = (to: number) => {
    const machine = new ExchangeMachine();
    machine.provide('honest', 1_000_000);
    machine.deposit('other', 10_000_000);
    machine.trade('other', { A: 20_000 });
    machine.deposit('thief', 100_000);
    machine.trade('thief', { A: 1000, B: -1000 });
    machine.wait(10 * MINUTE_MS);
    const before = {
      free: number(machine.engine.accounts.withdrawable('thief')),
      worth: machine.worth('honest'),
    };
    machine.marks({ A: to });
    return { machine, before };
  };

  it('withdraws no gain that the average does not show', () => {
    const { machine, before } = pushed(110);
    const { available } = machine.engine.accounts.standing('thief');
    // 10,000 more at the mark.
    expect(available - before.free).toBeGreaterThan(8000);
    expect(number(machine.engine.accounts.withdrawable('thief'))).toBeLessThanOrEqual(before.free + 1);
    expect(machine.withdraw('thief', (before.free + 100).toFixed(2))).toMatchObject({
      code: 'insufficient-margin',
    });
    machine.wait(6 * MINUTE_MS);
    const later = number(machine.engine.accounts.withdrawable('thief'));
    expect(later).toBeLessThanOrEqual(machine.engine.accounts.standing('thief').available);
  });

  it('withdraws no more than the mark shows where that is the lower one', () => {
    const { machine } = pushed(95);
    const { available } = machine.engine.accounts.standing('thief');
    expect(number(machine.engine.accounts.withdrawable('thief'))).toBeLessThanOrEqual(available);
  });

  it('neither leaves dear nor comes cheap: shares are worth the lower value, and cost the higher one', () => {
    // Traders are long: a lower mark makes shares dear.
    const down = pushed(90);
    const { value } = down.machine.engine.shares;
    expect(number(value.fair())).toBeGreaterThan(number(value.redeemed()));
    expect(number(value.redeemed())).toBeLessThanOrEqual(down.before.worth * 1.01);
    // A higher one makes them cheap; new providers pay the average's price.
    const up = pushed(110);
    expect(number(up.machine.engine.shares.value.issued())).toBeGreaterThan(
      number(up.machine.engine.shares.value.fair()) + 1,
    );
    up.machine.provide('thief', 1_000_000);
    up.machine.marks({ A: 100 });
    expect(up.machine.worth('thief')).toBeLessThanOrEqual(1_000_000);
  });
});
