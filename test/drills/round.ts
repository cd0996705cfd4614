import { formatMoney } from '#lib/amounts';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { kafkaEnvironment, type KafkaLog, openLog } from '#lib/events';
import { readConfig } from '#lib/service';
import { dataSourceOptions } from '#lib/storage';
import { HouseLiquidator, LiquidatorRepository } from '../../apps/liquidator/src/index.js';
import { vestingOf } from '#lib/exchange';
import { LedgerStore, pricerConfig } from '../../apps/pricer/src/index.js';
import { Replayer, simulatedMarket } from '../../apps/zkrisk/src/index.js';
import { type ReplayedMarket, replaying } from '../support/one-process.js';
import {
  type Books,
  booksOf,
  QUICK_MODEL,
  rebuilt,
  type ServiceName,
  type ServiceProcess,
  startTopology,
  type Topology,
} from '../support/topology.js';
import type { Fault } from './faults.js';
import { startSettledChain } from './settled-chain.js';
import { generator } from '#lib/runtime';

const PRICING: readonly ServiceName[] = ['forecaster', 'pricer', 'liquidator'];
const SETTLING: readonly ServiceName[] = ['prover', 'settlement'];

export interface RoundResult {
  readonly fault: string;
  readonly seed: number;
  readonly what: string;
  readonly events: number;
  readonly plans: number;
  readonly deadLetters: number;
  readonly replaySeconds: number;
  /** faults found; empty where everything held */
  readonly failures: readonly string[];
}

/** The same replay on Kafka, PostgreSQL and services in processes, while a fault strikes. A text: why it could not be had. */
export async function disturbed(
  fault: Fault,
  options: ReplayedMarket,
  expected: Books,
): Promise<RoundResult | string> {
  const volume = fault.volume?.();
  if (typeof volume === 'string') return volume;
  const chain = fault.settles === true ? await startSettledChain() : undefined;
  const topology = await startTopology(
    { LOG_LEVEL: 'warn', ...chain?.environment },
    volume && { databaseDirectory: volume.directory },
  );
  const draw = generator(options.seed);
  const services: ServiceProcess[] = [];
  try {
    for (const name of chain === undefined ? PRICING : [...PRICING, ...SETTLING])
      services.push(await topology.start(name, fault.environment?.(name)));
    const feeder = await new DataSource(dataSourceOptions(topology.environment.DATABASE_URL!)).initialize();
    const log = await openLog(readConfig(kafkaEnvironment, topology.environment), 'drill', feeder);
    const house = new HouseLiquidator(new LiquidatorRepository(feeder));
    const source = simulatedMarket(options.seed, options.bars);
    const publisher = fault.publisher?.(log, options.seed) ?? log;
    let bar = 0;
    const run = async () => {
      const started = performance.now();
      // The feeder is cut off as the services are: it goes on where its cursor says.
      for (;;) {
        try {
          await new Replayer(source, publisher, feeder, {
            ...replaying(options),
            liquidator: (manager) => house.reports(manager),
          }).run(AbortSignal.timeout(600_000), (progress) => (bar = progress.bar));
          if (bar < options.bars) throw new Error(`the replay stands still at bar ${bar} of ${options.bars}`);
          return (performance.now() - started) / 1000;
        } catch (error) {
          if (performance.now() - started > 600_000) throw error;
          await sleep(500);
        }
      }
    };
    const running = run();
    running.catch(() => undefined);
    const strikeAt = Math.floor(34 + draw() * (options.bars - (fault.furtherBars ?? 0) - 40));
    while (bar < strikeAt) await Promise.race([sleep(20), running.then(() => (bar = options.bars))]);
    const scene = { topology, services, log, draw, seed: options.seed, bar: () => bar };
    const what = (await fault.strike?.(scene)) ?? 'all along';
    const replaySeconds = await running;
    const epochs = await chain?.settled(topology.connection);
    const books = await booksOf(topology.connection);
    const failures = [
      ...differences(books, expected),
      ...(await imbalance(topology)),
      ...(await rebuildFailures(topology)),
      ...((await chain?.failures(topology)) ?? []),
    ];
    const deadLetters = await countDead(log as KafkaLog);
    await log.close();
    await feeder.destroy();
    const plans = books.plans.length;
    return {
      ...{ fault: fault.name, seed: options.seed, events: books.events.length, plans, deadLetters },
      ...{ replaySeconds, failures },
      what:
        (fault.strike === undefined ? what : `at bar ${strikeAt}: ${what}`) +
        (epochs === undefined ? '' : `; ${epochs} epochs on the chain`),
    };
  } catch (error) {
    for (const service of services) console.error(`${service.name}: ${service.output().slice(-3000)}`);
    throw error;
  } finally {
    await topology.stop();
    await chain?.stop();
    volume?.remove();
  }
}

function differences(books: Books, expected: Books): string[] {
  return (['events', 'risk', 'plans'] as const).flatMap((part) => {
    const [ours, theirs] = [books[part], expected[part]].map((rows) =>
      rows.map((row) => JSON.stringify(row)),
    );
    const at = ours.findIndex((row, i) => row !== theirs[i]);
    if (at < 0 && ours.length === theirs.length) return [];
    return [
      `${part}: ${ours.length} rows, undisturbed ${theirs.length}; first difference at ${at}: ${ours[at] ?? 'none'} instead of ${theirs[at] ?? 'none'}`,
    ];
  });
}

/** Trader balances + P + L + pending = deposits − withdrawals, from the journal alone; and snapshots that are of this journal. */
async function imbalance({ connection }: Topology): Promise<string[]> {
  const store = new LedgerStore(connection, vestingOf(pricerConfig(QUICK_MODEL).FIRST_PARAMETERS));
  const ledger = store.empty();
  await store.catchUp(ledger);
  const snapshots = await store.verifySnapshots();
  return [
    ...(ledger.imbalance() === 0n ? [] : [`the books are off by ${formatMoney(ledger.imbalance())}`]),
    ...snapshots.flatMap(({ sequence, difference }) =>
      difference === undefined ? [] : [`the snapshot of event ${sequence} is not what the journal comes to`],
    ),
  ];
}

async function rebuildFailures(topology: Topology): Promise<string[]> {
  const { code, output, errors } = await rebuilt(topology);
  if (code === 0) return [];
  if (output === '') return [`rebuild: ${errors.slice(-1000)}`];
  const { tables } = JSON.parse(output) as {
    tables: { table: string; same: boolean; difference?: [string, string] }[];
  };
  return tables.flatMap(({ table, same, difference }) =>
    same
      ? []
      : [`rebuilt ${table}: ${difference?.map((row) => around(row, difference)).join(' instead of ')}`],
  );
}

async function countDead(log: KafkaLog): Promise<number> {
  let count = 0;
  for (const { topic } of log.settings().filter(({ topic: name }) => name.endsWith('.dead')))
    for (const { low, high } of await log.broker.offsets(topic)) count += Number(high - low);
  return count;
}

/** A row around the place where two differ. */
function around(row: string, [one, other]: [string, string]): string {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  return `${row.slice(0, 60)} … ${row.slice(Math.max(0, at - 60), at + 100)}`;
}
