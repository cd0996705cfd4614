import { readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { ExchangeMachine } from '../../../test/support/exchange-machine.js';
import { stressReport, type StressReport } from '#lib/lab';
import { type KnownStress, StressDesk } from './stress-desk.js';
import { stressView } from './stress-view.js';

/** Processor time of this thread, ms: waiting for a processor that others have does not count. */
const spent = () => Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e6;

/** An exchange whose accounts have a position each in one of three markets, booked without being decided. */
function bookOf(accounts: number): ExchangeMachine {
  const machine = new ExchangeMachine(['A', 'B', 'C']);
  machine.provide('lp', 10_000_000);
  machine.marks();
  const { ledger } = machine;
  const at = machine.time;
  for (let i = 0; i < accounts; i++) {
    const account = `a${i}`;
    ledger.apply({
      kind: 'account-deposited',
      at,
      commandId: `d${i}`,
      account,
      amount: String(20 + (i % 50)),
    });
    const size = (((i % 7) - 3.5) / 2).toFixed(2);
    ledger.apply({
      ...{ kind: 'trade-booked', at, tradeId: `t${i}`, account, riskPremium: '0', liquidityPremium: '0' },
      ...{ forecastId: 'f1', quoteId: null, legs: [{ market: 'ABC'[i % 3], size, price: '100' }] },
    });
  }
  return machine;
}

/** Compares the desk's figures and its text with the report that this thread computes. */
function expectSame({ text, ...known }: KnownStress, whole: StressReport): void {
  expect(whole).toMatchObject(known);
  expect(text.toString()).toBe(JSON.stringify(stressView(whole)));
}

describe(StressDesk, () => {
  let desk: StressDesk | undefined;
  afterEach(() => desk?.close());

  it('is computed once a bar for all who ask, and is the report that this thread would compute, to the bit', async () => {
    const machine = bookOf(1_000);
    desk = new StressDesk(() => machine.engine);
    expect(desk.known).toBeNull();
    const [first, second] = [desk.latest(), desk.latest()];
    expect(desk.refreshed()).toBeNull();
    const report = (await first)!;
    expect(await second).toBe(report);
    expectSame(report, stressReport(machine.engine)!);
    expect(await desk.latest()).toBe(report);
    machine.marks({ A: 90, B: 110 });
    machine.forecast();
    // Whoever only looks gets the last one, and the next one begins.
    expect(desk.refreshed()).toBe(report);
    const next = (await desk.latest())!;
    expect(next.forecastId).toBe(machine.engine.board.latestForecast!.forecastId);
    const past = [Float64Array.of(90 / 100 - 1, 110 / 100 - 1, 0)];
    expectSame(next, stressReport(machine.engine, past)!);
    const { scenarios } = JSON.parse(next.text.toString()) as Pick<StressReport, 'scenarios'>;
    expect(scenarios.map(({ name }) => name)).toContain('past hour, worst 1');
    expect(desk.refreshed()).toBe(next);
  });

  it.runIf(process.platform === 'linux')(
    'holds the thread that it is asked on for less than 20 ms at a time, whatever the book (Linux)',
    async () => {
      const machine = bookOf(8_000);
      desk = new StressDesk(() => machine.engine);
      let longest = 0;
      let ended = false;
      const asked = desk.latest().finally(() => (ended = true));
      for (let last = spent(); !ended;) {
        await turn();
        const now = spent();
        longest = Math.max(longest, now - last);
        last = now;
      }
      expect((await asked)!.accounts).toBe(8_000);
      const before = spent();
      stressReport(machine.engine);
      expect(spent() - before).toBeGreaterThan(5 * longest);
      expect(longest).toBeLessThan(20);
    },
  );
});
