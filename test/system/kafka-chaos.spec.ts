import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/database.js';
import { noKafka, recordsOf } from '../support/kafka.js';
import { noPython, runClient } from '../support/python.js';
import { type ServiceProcess, startTopology, type Topology } from '../support/topology.js';

// Two clients send deposits in every way at once, many several times, while the broker and the pricers are killed:
// each that was sent is booked once, none that was given up is, nothing is put aside and nothing stops.

const SECONDS = 25;
const UNITS = 10_000n; // of an amount with four decimals

const missing = noKafka() ?? noPython();
describe.skipIf(missing !== undefined)('chaos', () => {
  let topology: Topology;
  let pricer: ServiceProcess;
  beforeAll(async () => {
    topology = await startTopology({ TOPIC_PARTITIONS: '3' });
    pricer = await topology.start('pricer');
  }, 240_000);
  afterAll(() => topology.stop(), 60_000);

  it('loses, doubles and stops nothing', async () => {
    const { KAFKA_BROKERS = '', KAFKA_PREFIX = '' } = topology.environment;
    const sending = runClient('chaos.py', [KAFKA_BROKERS, KAFKA_PREFIX, String(SECONDS)]);
    await sleep(5_000);
    await topology.broker.kill();
    await sleep(2_000);
    await topology.broker.start();
    await sleep(6_000);
    await pricer.end('SIGKILL');
    pricer = await topology.start('pricer');
    await sleep(4_000);
    const second = await topology.start('pricer');
    await pricer.end('SIGTERM');
    const sent = JSON.parse(await sending.done) as {
      deposits: Record<string, [account: string, amount: string]>;
      given_up: string[];
    };
    const expected = Object.keys(sent.deposits).sort();
    expect(expected.length).toBeGreaterThan(1_000);
    expect(sent.given_up.length).toBeGreaterThan(0);
    const booked = async () =>
      (
        await topology.connection.query<{ id: string; account: string; amount: string }[]>(
          `select payload->>'commandId' as id, payload->>'account' as account, payload->>'amount' as amount
           from book_event where kind = 'account-deposited'`,
        )
      ).sort((a, b) => (a.id < b.id ? -1 : 1));
    await eventually(async () => (await booked()).length >= expected.length, 'every deposit', 90_000);
    // Duplicates that are still on their way are decided as well.
    await sleep(3_000);
    const events = await booked();
    expect(events.map(({ id }) => id)).toEqual(expected);
    const units = (amount: string) => BigInt(Math.round(Number(amount) * Number(UNITS)));
    for (const { id, account, amount } of events)
      expect([account, units(amount)]).toEqual([sent.deposits[id][0], units(sent.deposits[id][1])]);
    expect(await recordsOf(topology.broker.address, `${KAFKA_PREFIX}accounts.dead`)).toEqual([]);
    const ready = await fetch(`${second.url}/readyz`);
    expect([ready.status, await ready.text()]).toEqual([200, expect.any(String)]);
  }, 290_000);
});
