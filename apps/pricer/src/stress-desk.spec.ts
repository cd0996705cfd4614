import { readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { ExchangeMachine } from '../../../test/support/exchange-machine.js';
import { stressReport } from '#lib/lab';
import { StressDesk } from './stress-desk.js';

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

describe(StressDesk, () => {
  let desk: StressDesk | undefined;
  afterEach(() => desk?.close());

  it('is the report that this thread would compute, to the bit, of the bar in force', async () => {
    const machine = bookOf(3_000);
    desk = new StressDesk(() => machine.engine);
    expect(desk.known).toBeNull();
    expect(await desk.latest()).toEqual(stressReport(machine.engine));
    machine.marks({ A: 90, B: 110 });
    machine.forecast();
    const of = machine.engine.board.latestForecast!.forecastId;
    const report = (await desk.latest())!;
    expect(report.forecastId).toBe(of);
    const past = [Float64Array.of(90 / 100 - 1, 110 / 100 - 1, 0)];
    expect(report).toEqual(stressReport(machine.engine, past));
    expect(report.scenarios.map(({ name }) => name)).toContain('past hour, worst 1');
  });

  it('is computed once for all who ask meanwhile, and once a bar', async () => {
    const machine = bookOf(300);
    desk = new StressDesk(() => machine.engine);
    const [first, second] = [desk.latest(), desk.latest()];
    expect(desk.refreshed()).toBeNull();
    expect(await first).toBe(await second);
    expect(await desk.latest()).toBe(await first);
    machine.forecast();
    // Whoever only looks gets the last one, and the next one begins.
    expect(desk.refreshed()).toBe(await first);
    const next = await desk.latest();
    expect(next).not.toBe(await first);
    expect(desk.refreshed()).toBe(next);
  });

  it.runIf(process.platform === 'linux')(
    'holds the thread that it is asked on for less than 20 ms at a time, whatever the book (Linux)',
    async () => {
      const machine = bookOf(20_000);
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
      expect((await asked)!.accounts).toBe(20_000);
      const before = spent();
      stressReport(machine.engine);
      expect(spent() - before).toBeGreaterThan(5 * longest);
      expect(longest).toBeLessThan(20);
    },
  );
});
