import { ExchangeMachine, HOUR_MS } from './exchange-machine.js';

/**
 * Traders have won more than the pool has: some had much before, some little; one has lost, and owes.
 *
 * @param winners whose positions together are the same, however many they are
 */
export function pastThePool(winners = 10): ExchangeMachine {
  const machine = new ExchangeMachine(['A', 'B'], { volatility: 0.02 });
  const part = 10 / winners;
  const decimal = (value: number) => value.toFixed(6);
  machine.provide('lp', 100_000);
  machine.wait(1000);
  for (let i = 0; i < winners; i++) {
    const [name, place] = [winners > 10 ? `w${String(i).padStart(5, '0')}` : `w${i}`, Math.floor(i * part)];
    machine.deposit(name, decimal((60_000 + 1000 * place) * part));
    machine.trade(name, { A: decimal((100 + 50 * place) * part) });
  }
  machine.deposit('loser', 20_000);
  machine.trade('loser', { B: 2000 });
  machine.deposit('idle', 50_000);
  machine.wait(1000);
  machine.settle();
  machine.marks({ A: 160, B: 85 });
  return machine;
}

/** The same after its loss was shared. */
export function sharedLoss(winners: number): ExchangeMachine {
  const machine = pastThePool(winners);
  machine.settle();
  machine.wait(HOUR_MS / 2);
  machine.wait(HOUR_MS);
  return machine;
}
