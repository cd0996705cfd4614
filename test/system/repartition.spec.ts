import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { partitionOf } from '#lib/events';
import { noKafka } from '../support/kafka.js';
import { ROOT } from '../support/python.js';
import { rebuilt, type ServiceProcess, startTopology, type Topology } from '../support/topology.js';

// The runbook's remedy for too few partitions, drilled: the services are stopped, `zkrisk topics repartition`, and they go on.

const [FEW, MANY] = [2, 5];

const missing = noKafka();
describe.skipIf(missing !== undefined)('zkrisk topics repartition', () => {
  let topology: Topology;
  let services: ServiceProcess[] = [];
  beforeAll(async () => {
    topology = await startTopology({ TOPIC_PARTITIONS: String(FEW) });
  }, 240_000);
  afterAll(() => topology.stop(), 60_000);

  async function start(): Promise<void> {
    for (const name of ['forecaster', 'pricer', 'liquidator'] as const)
      services.push(await topology.start(name));
  }
  async function stop(): Promise<void> {
    await Promise.all(services.map((service) => service.end('SIGTERM')));
    services = [];
  }
  const replay = (bars: number) => topology.replay({ bars, seed: 4, trades: 3, accounts: 40 }).done;
  async function repartition(to: number): Promise<{ code: number | null; text: string }> {
    const command = join(ROOT, 'dist/apps/cli/src/main.js');
    const child = spawn(process.execPath, [command, 'topics', 'repartition', '--to', String(to)], {
      env: topology.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, text };
  }
  const accounts = () =>
    topology.connection.query<{ account: string; unit: number }[]>(
      'select account, unit from margin_account order by account',
    );

  it('moves every account to the unit of its key; everything goes on, and a rebuild does it again', async () => {
    await start();
    await replay(50);
    const before = await accounts();
    expect(before.length).toBeGreaterThan(20);
    const running = await repartition(MANY);
    expect([running.code === 0, running.text]).toEqual([
      false,
      expect.stringContaining('stop all services first'),
    ]);
    await stop();
    expect(await repartition(FEW)).toMatchObject({ text: expect.stringContaining('more than 2') as string });
    const done = await repartition(MANY);
    expect([done.code, done.text]).toEqual([0, expect.stringContaining(`TOPIC_PARTITIONS=${MANY}`)]);
    const after = await accounts();
    expect(after.map(({ account }) => account)).toEqual(before.map(({ account }) => account));
    for (const { account, unit } of after) expect(unit).toBe(partitionOf(account, MANY));

    topology.environment.TOPIC_PARTITIONS = String(MANY);
    await start();
    await replay(70);
    for (const { account, unit } of await accounts()) expect(unit).toBe(partitionOf(account, MANY));
    // Every unit has its accounts, and has read the prices to their end.
    const states = await topology.connection.query<{ name: string; now: string }[]>(
      `select name, value->'board'->'clock'->>'now' as now from service_state
       where service = 'liquidator' and name like 'watch/%' order by name`,
    );
    expect(states.map(({ name }) => name)).toEqual(
      Array.from({ length: MANY }, (_, unit) => `watch/${unit}`),
    );
    expect(new Set(states.map(({ now }) => now)).size).toBe(1);
    const { code, errors } = await rebuilt(topology);
    expect([code, errors]).toEqual([0, '']);
  }, 290_000);
});
