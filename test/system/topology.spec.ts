import { quickParameters } from '../support/quick-parameters.js';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { privateKeyToAccount } from 'viem/accounts';
import { afterEach, describe, expect, it } from 'vitest';
import { auditOracle, deployOracle, SECOND_EMBEDDED_KEY, startEmbeddedChain } from '#lib/chain';
import { createProver } from '#lib/proofs';
import { type QuoteAnswer, QuoteChannel } from '#lib/sdk';
import { oracleTerms, writeDeployment } from '../../apps/settlement/src/index.js';
import { DemoVault, simulatedMarket } from '../../apps/zkrisk/src/index.js';
import { eventually } from '../support/database.js';
import { noKafka, recordsOf } from '../support/kafka.js';
import { rebuilt, type ServiceProcess, startTopology, type Topology } from '../support/topology.js';

const missing = noKafka();
if (missing !== undefined) console.warn(`services on Kafka are not tested: ${missing}`);

describe.skipIf(missing !== undefined)('services in processes of their own', () => {
  let topology: Topology;
  afterEach(() => topology.stop(), 60_000);

  it('share the load, and a third of each that joins takes its part: nothing is lost, nothing is done twice', async () => {
    topology = await startTopology({ TOPIC_PARTITIONS: '3' });
    const services = await startAll(topology, 2);
    const replay = topology.replay({ bars: 80, seed: 5, trades: 20 });
    const kafka = new Kafka({ brokers: [topology.environment.KAFKA_BROKERS!], logLevel: logLevel.NOTHING });
    const channel = new QuoteChannel(kafka, { timeoutMs: 50_000 });
    await channel.open();
    // A round reaches every partition: all pricers have the first forecast.
    const round = Array.from({ length: 30 }, (_, i) => `account-${i}`);
    const quotable = async () => {
      const answers = await Promise.all(
        round.map((account) => channel.quote(account, [{ market: 'SIM-A', size: '0.5' }])),
      );
      return answers.every(({ status }) => status === 'quoted');
    };
    await eventually(quotable, 'the first quotes can be given', 180_000);
    const given = () =>
      Promise.all(of(services, 'pricer').map((each) => metric(each, 'zkrisk_quotes_total')));
    const watched = () =>
      Promise.all(of(services, 'liquidator').map((each) => metric(each, 'zkrisk_margin_accounts')));
    const asking = askUntil(channel, replay.done);
    services.push(await topology.start('pricer'), await topology.start('liquidator'));
    const answers = await asking;
    await channel.close();

    expect(answers.length).toBeGreaterThan(100);
    const unquoted = answers.flatMap((answer, i) => (answer.status === 'quoted' ? [] : [{ i, answer }]));
    expect(unquoted.slice(0, 3), `of ${answers.length} answers ${unquoted.length}`).toEqual([]);
    expect((await given()).every((quotes) => quotes > 0)).toBe(true);
    // A request may be answered by two where its partition changes hands: an answer changes nothing.
    expect((await given()).reduce((sum, quotes) => sum + quotes, 0)).toBeGreaterThanOrEqual(answers.length);
    const [{ count }] = await topology.connection.query<[{ count: string }]>(
      'select count(*) from margin_account',
    );
    await eventually(async () => {
      const accounts = await watched();
      return accounts.every((each) => each > 0) && accounts.reduce((a, b) => a + b, 0) === Number(count);
    }, `each of three liquidators to watch its part of ${count} accounts`);
    await expectEachCommandDecidedOnce(topology);
    // Asked to end, each ends in good order, with nothing left to be sent.
    for (const service of services) expect(await service.end('SIGTERM')).toBe(0);
    expect(await topology.connection.query('select source, sequence from outbox')).toEqual([]);
    await expectRebuilt(topology);
  }, 500_000);

  it('prove and settle: killed while they do, they settle the epoch once, and a stranger agrees', async () => {
    const chain = await startEmbeddedChain();
    const folder = mkdtempSync(join(tmpdir(), 'zkrisk-settling-'));
    const prover = createProver();
    try {
      const account = privateKeyToAccount(chain.privateKey);
      const deployment = await deployOracle(chain.url, account, oracleTerms(0.01, 0));
      writeDeployment(join(folder, 'deployment.json'), deployment);
      // Its own account: the settlement counts the nonces of the other.
      const chainOfVault = {
        rpcUrl: chain.url,
        account: privateKeyToAccount(SECOND_EMBEDDED_KEY),
        prices: deployment.prices,
      };
      const demo = await DemoVault.open(chainOfVault, folder, simulatedMarket(9, 45), 1e6);
      await demo.follow(100);
      const held = { VAULT_ADDRESS: demo.deployment.vault, VAULT_CONFIRMATIONS: '0' };
      topology = await startTopology({
        ...{ CHAIN_RPC_URL: chain.url, CHAIN_PRIVATE_KEY: chain.privateKey, CHAIN_CONFIRMATIONS: '1' },
        ...{ CHAIN_DEPLOYMENT: join(folder, 'deployment.json'), SETTLEMENT: 'on', PROVER: 'on' },
        ...{ EPOCH_EVERY_BARS: '1000', EPOCH_RUN: '2', PROVE_LIQUIDATIONS: 'none', PROVER_THREADS: '1' },
        FIRST_PARAMETERS: quickParameters({ forecast: { refitEveryBars: 1000, registerEveryBars: 1 } }),
      });
      await startAll(topology, 1);
      const { connection } = topology;
      const vaults = [await topology.start('vault', held), await topology.start('vault', held)];
      const provers = [await topology.start('prover'), await topology.start('prover')];
      const settling = [await topology.start('settlement'), await topology.start('settlement')];
      const replay = topology.replay({ bars: 45, seed: 9, trades: 3 });
      const valued = () =>
        connection.query<{ at: string; backing: string }[]>(
          `select payload->>'valuedAt' as at, payload->>'backing' as backing from book_event
           where kind = 'liquidity-valued' order by sequence`,
        );
      await eventually(async () => (await valued()).length > 2, 'the vault is valued', 200_000);
      await (await holder(vaults, 'vault')).end('SIGKILL');
      await replay.done;
      const count = async (table: string, status: string) => {
        const [row] = await connection.query<[{ count: string }]>(
          `select count(*) from ${table} where status = '${status}'`,
        );
        return Number(row.count);
      };
      // One of two of each is killed in the middle of its work, and the other one goes on with it.
      await eventually(async () => (await count('proof_job', 'running')) > 1, 'both prove', 200_000);
      await provers.shift()!.end('SIGKILL');
      await eventually(async () => (await count('chain_transaction', 'sent')) > 0, 'it is sent', 300_000);
      const sender = await holder(settling, 'settlement');
      await sender.end('SIGKILL');
      await eventually(
        async () => (await count('settlement_epoch', 'settled')) > 1,
        'both are settled',
        300_000,
      );
      const [{ bar }] = await connection.query<[{ bar: string }]>('select max(at) as bar from risk_record');
      await eventually(
        async () => (await valued()).at(-1)!.at === bar,
        'the other vault has gone on',
        120_000,
      );
      const valuations = await valued();
      expect(new Set(valuations.map(({ at }) => at)).size).toBe(valuations.length);
      expect(valuations.every(({ backing }) => Number(backing) > 100_000)).toBe(true);
      for (const service of [...provers, ...settling, ...vaults])
        expect(await service.end('SIGTERM')).toBe(0);
      const epochs = await connection.query<{ status: string; number: number }[]>(
        'select status, number from settlement_epoch order by ordinal',
      );
      expect(epochs).toEqual([1, 2].map((number) => ({ status: 'settled', number })));
      const audit = await auditOracle(chain.url, deployment.oracle, prover);
      expect(audit.holds, JSON.stringify(audit)).toBe(true);
      expect(audit.epochs).toHaveLength(2);
      await expectRebuilt(topology);
    } finally {
      await prover.close();
      await chain.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  }, 600_000);
});

/** Which of two has the work of a lane; it is taken from the list. */
async function holder(services: ServiceProcess[], lane: string): Promise<ServiceProcess> {
  const held = await Promise.all(
    services.map(async (each) => (await metric(each, `zkrisk_units_held{lane="${lane}"}`)) || 0),
  );
  expect([...held].sort()).toEqual([0, 1]);
  return services.splice(held.indexOf(1), 1)[0];
}

async function startAll(topology: Topology, instances: number): Promise<ServiceProcess[]> {
  const services: ServiceProcess[] = [];
  for (let instance = 0; instance < instances; instance++)
    for (const name of ['forecaster', 'pricer', 'liquidator'] as const)
      services.push(await topology.start(name));
  return services;
}

const of = (services: readonly ServiceProcess[], name: string) =>
  services.filter((service) => service.name === name);

async function metric({ url }: ServiceProcess, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

/** Asks for quotes, a hundred a second, until something is done; fails where that does. */
async function askUntil(channel: QuoteChannel, done: Promise<unknown>): Promise<QuoteAnswer[]> {
  const answers: Promise<QuoteAnswer>[] = [];
  let asking = true;
  const over = done.finally(() => (asking = false));
  over.catch(() => undefined);
  for (let i = 0; asking; i++) {
    answers.push(channel.quote(`account-${i % 200}`, [{ market: 'SIM-A', size: '0.5' }]));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await over;
  return Promise.all(answers);
}

/** Every command that is in a topic has one outcome, and no other outcome is there. */
async function expectEachCommandDecidedOnce({ environment, connection }: Topology): Promise<void> {
  const ids = new Set<string>();
  for (const topic of ['trades', 'accounts', 'liquidity', 'liquidation-trades'])
    for (const { value } of await recordsOf(environment.KAFKA_BROKERS!, topic)) {
      interface Ids {
        tradeId?: string;
        commandId?: string;
        planId?: string;
      }
      const { payload } = JSON.parse(value) as { payload: Ids };
      ids.add((payload.tradeId ?? payload.commandId ?? payload.planId)!);
    }
  const rows = await connection.query<{ id: string }[]>(
    `select coalesce(payload->>'tradeId', payload->>'commandId') as id
     from command_outcome join book_event using (sequence)`,
  );
  expect(rows.map(({ id }) => id).sort()).toEqual([...ids].sort());
}

/** An empty database and the topics give the same tables. */
async function expectRebuilt(topology: Topology): Promise<void> {
  const { code, output, errors } = await rebuilt(topology);
  expect([code, errors]).toEqual([0, '']);
  const { tables, unpublished } = JSON.parse(output) as {
    tables: { table: string; rows: number; same: boolean }[];
    unpublished: number;
  };
  expect(unpublished).toBe(0);
  expect(tables.filter(({ same }) => !same)).toEqual([]);
  expect(tables.find(({ table }) => table === 'book_event')!.rows).toBeGreaterThan(0);
}
