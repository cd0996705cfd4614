import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { type Broker, connectBroker } from '#lib/events';
import { type Outgoing, outgoing, TOPICS } from '#lib/messages';
import { randomStream } from '#lib/runtime';
import { noKafka } from '../test/support/kafka.js';
import { startTopology, type Topology } from '../test/support/topology.js';
import { factorsOf, forecastOf } from './decisions.js';
import { type Figure, percentile } from './harness.js';
import { cpuOf } from './process-times.js';

/** Result of a run of trades over Kafka and PostgreSQL; one broker, one server and one pricer beside the sender. */
export interface TradesReport {
  readonly markets: number;
  readonly accounts: number;
  readonly trades: number;
  readonly refused: number;
  readonly perSecond: number;
  /** seconds until the broker had all of them: where they are as many as those of the whole run, the sender is measured */
  readonly sentIn: number;
  /** trades of a transaction of the pricer */
  readonly batch: number;
  /** CPU time a trade, microseconds */
  readonly cpu: {
    readonly pricer: number;
    readonly postgres: number;
    readonly kafka: number;
    readonly sender: number;
  };
  /** of PostgreSQL's log, bytes a trade */
  readonly logBytes: number;
  /** resident memory of the pricer, MB */
  readonly pricerMegabytes: number;
  /** sent to booked as a reader of `book` sees it, milliseconds, at half the rate that the run came to */
  readonly latency: Readonly<Record<'rate' | 'p50' | 'p99' | 'longest', number>>;
}

/** Trades before the first measured one: compilers of both virtual machines go on optimising for that long. */
const WARM_UP = 60_000;
/** Trades of a request to the broker, when they are sent at once. */
const CHUNK = 1_000;

/** Trades of one leg by accounts drawn at random, and the ticks that keep marks good, as messages. */
class TradeFlow {
  private readonly random = randomStream(3);
  private count = 0;

  constructor(
    private readonly markets: number,
    private readonly accounts: number,
    private readonly broker: Pick<Broker, 'send'>,
  ) {}

  async send(messages: readonly Outgoing[]): Promise<void> {
    const topics = new Map<string, Outgoing[]>();
    for (const message of messages) {
      const own = topics.get(message.topic);
      if (own === undefined) topics.set(message.topic, [message]);
      else own.push(message);
    }
    for (const [topic, own] of topics)
      await this.broker.send(
        topic,
        own.map(({ key, value }) => ({ key, value, partition: 0, headers: {} })),
      );
  }

  header(id: string): { id: string; sequence: number; time: number } {
    return { id, sequence: ++this.count, time: Date.now() };
  }

  ticks(): Promise<void> {
    return this.send(
      Array.from({ length: this.markets }, (_, i) =>
        outgoing(TOPICS.prices, `M${i}`, this.header(`tick${this.count}`), {
          ...{ kind: 'tick', market: `M${i}`, price: (100 * (1 + 0.001 * this.random.uniform())).toFixed(4) },
        } as never),
      ),
    );
  }

  trade(id: string): Outgoing {
    const account = Math.floor(this.random.uniform() * this.accounts);
    const size = (this.random.uniform() < 0.5 ? -1 : 1) * (0.01 + 20 * this.random.uniform());
    return outgoing(TOPICS.trades, `account-${account}`, this.header(id), {
      ...{ tradeId: id, account: `account-${account}` },
      legs: [{ market: `M${account % this.markets}`, size: size.toFixed(4) }],
    });
  }
}

async function countOf({ connection }: Topology, text: string, parameters: string[] = []): Promise<number> {
  const [{ count }] = await connection.query<[{ count: string }]>(text, parameters);
  return Number(count);
}

const journalled = (topology: Topology): Promise<number> =>
  countOf(topology, 'select coalesce(max(last), 0) as count from journal');

async function until(what: string, done: () => Promise<boolean>, seconds = 120): Promise<void> {
  const end = Date.now() + 1000 * seconds;
  while (!(await done())) {
    if (Date.now() > end) throw new Error(`${what} did not come in ${seconds} s`);
    await sleep(50);
  }
}

/**
 * Sends trades over Kafka to one pricer and watches them being journalled and published.
 *
 * @param trades sent at once, and measured
 */
export async function tradesOverKafka(
  markets: number,
  accounts: number,
  trades: number,
): Promise<TradesReport | undefined> {
  const missing = noKafka();
  if (missing !== undefined) {
    process.stderr.write(`trades over Kafka are not measured: ${missing}\n`);
    return undefined;
  }
  const topology = await startTopology({ LOG_LEVEL: 'warn', TOPIC_PARTITIONS: '1' }, { direct: true });
  const brokers = [topology.environment.KAFKA_BROKERS!];
  const kafka = new Kafka({ brokers, logLevel: logLevel.ERROR });
  const broker = await connectBroker('kafkajs', { brokers, clientId: 'bench', compression: 'lz4' });
  const consumer = kafka.consumer({ groupId: 'bench' });
  try {
    const pricer = await topology.start('pricer');
    const flow = new TradeFlow(markets, accounts, broker);
    const { connection } = topology;
    await flow.ticks();
    await flow.send([
      outgoing(TOPICS.covariance, 'market', flow.header('f1'), {
        ...forecastOf(markets, factorsOf(markets)),
      }),
      outgoing(TOPICS.liquidity, 'lp', flow.header('lp'), {
        ...{ kind: 'deposit', commandId: 'lp', provider: 'lp', amount: '100000000000' },
      } as never),
    ]);
    await until('the liquidity', async () => (await journalled(topology)) > 0);
    for (let from = 0; from < accounts; from += CHUNK)
      await flow.send(
        Array.from({ length: Math.min(CHUNK, accounts - from) }, (_, i) =>
          outgoing(TOPICS.accounts, `account-${from + i}`, flow.header(`d${from + i}`), {
            ...{
              kind: 'deposit',
              commandId: `d${from + i}`,
              account: `account-${from + i}`,
              amount: '100000000',
            },
          } as never),
        ),
      );
    await until('the deposits', async () => (await journalled(topology)) > accounts, 200);
    const batches = () => countOf(topology, 'select count(*) from journal');
    const decided = () => countOf(topology, 'select count(*) from command_outcome');
    /** Makes the messages; the function that it returns sends them and waits until they are booked. */
    const prepare = async (name: string, count: number) => {
      const chunks: Outgoing[][] = [];
      for (let from = 0; from < count; from += CHUNK)
        chunks.push(
          Array.from({ length: Math.min(CHUNK, count - from) }, (_, i) => flow.trade(`${name}${from + i}`)),
        );
      const [target, events] = [(await decided()) + count, (await journalled(topology)) + count];
      return async () => {
        const started = performance.now();
        let ticked = 0;
        for (const chunk of chunks) {
          if (performance.now() - ticked > 500) {
            await flow.ticks();
            ticked = performance.now();
          }
          await flow.send(chunk);
        }
        const sent = (performance.now() - started) / 1000;
        // Each trade is at least one event: decisions are counted only when there are as many events.
        await until(
          'the trades',
          async () => (await journalled(topology)) >= events && (await decided()) >= target,
        );
        return { seconds: (performance.now() - started) / 1000, sent };
      };
    };
    const warmUp = await prepare('warm', WARM_UP);
    await warmUp();
    const sendAll = await prepare('trade', trades);
    await connection.query('checkpoint');
    const [{ lsn }] = await connection.query<[{ lsn: string }]>('select pg_current_wal_insert_lsn() as lsn');
    const cpuBefore = cpuOf(pricer.child.pid!);
    const batchesBefore = await batches();
    const { seconds, sent: sentIn } = await sendAll();
    const cpuAfter = cpuOf(pricer.child.pid!);
    const batch = trades / ((await batches()) - batchesBefore);
    const [{ bytes }] = await connection.query<[{ bytes: string }]>(
      'select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1) as bytes',
      [lsn],
    );
    const perTrade = (name: keyof typeof cpuAfter) => (1e6 * (cpuAfter[name] - cpuBefore[name])) / trades;
    const perSecond = trades / seconds;
    const rate = Math.round(Math.min(perSecond / 2, 6_000));
    // At half the rate: when each was sent, and when a reader of the topic has it. For the first ten seconds of small requests the
    // broker's compiler takes a fifth of a processor: only the last third is measured.
    const sent = new Map<string, number>();
    const waits: number[] = [];
    await consumer.connect();
    await consumer.subscribe({ topic: TOPICS.book.name, fromBeginning: false });
    await consumer.run({
      eachBatch: ({ batch }) => {
        const now = performance.now();
        for (const { value } of batch.messages) {
          // Only the id is read: parsing whole events would take CPU time of the measured machine.
          const [, id] = /"tradeId":"(l[\d-]+)"/.exec(value!.toString()) ?? [];
          const at = id === undefined ? undefined : sent.get(id);
          if (at !== undefined) waits.push(now - at);
        }
        return Promise.resolve();
      },
    });
    await sleep(3_000);
    const started = performance.now();
    const STEP_MS = 10;
    const STEPS = 3_000;
    for (let step = 0; step < STEPS; step++) {
      const due = started + step * STEP_MS;
      if (performance.now() < due) await sleep(due - performance.now());
      const messages = Array.from({ length: Math.round((rate * STEP_MS) / 1000) }, (_, i) => {
        sent.set(`l${step}-${i}`, due);
        return flow.trade(`l${step}-${i}`);
      });
      await flow.send(messages);
      if (step % 100 === 0) await flow.ticks();
    }
    await until('the last trades', () => Promise.resolve(waits.length >= sent.size), 60);
    const sorted = waits.slice(Math.floor((2 / 3) * waits.length)).sort((a, b) => a - b);
    const refused = await countOf(
      topology,
      `select count(*) from journal, json_array_elements(events) event where event->>'kind' = $1`,
      ['trade-rejected'],
    );
    const status = readFileSync(`/proc/${pricer.child.pid!}/status`, 'utf8');
    return {
      ...{ markets, accounts, trades, refused, perSecond, sentIn, batch },
      cpu: {
        pricer: perTrade('pricer'),
        postgres: perTrade('postgres'),
        kafka: perTrade('kafka'),
        sender: perTrade('sender'),
      },
      logBytes: Number(bytes) / trades,
      pricerMegabytes: Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024,
      latency: {
        ...{ rate, p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) },
        longest: sorted.at(-1)!,
      },
    };
  } finally {
    await Promise.allSettled([broker.close(), consumer.disconnect()]);
    await topology.stop();
  }
}

/** {@link tradesOverKafka} as figures; none where there is no Kafka. */
export async function tradeFigures(
  markets: number,
  accounts: number,
  trades: number,
  least: number,
): Promise<Figure[]> {
  const report = await tradesOverKafka(markets, accounts, trades);
  if (report === undefined) return [];
  const size = `${markets} markets, ${accounts.toLocaleString('en')} accounts`;
  const { perSecond, sentIn, batch, logBytes, latency, cpu, pricerMegabytes } = report;
  const figure = (name: string, ours: number, unit: string, target: string, met: boolean | null): Figure => ({
    ...{ name: `${name}, ${size}`, ours, unit, peer: null, ratio: null, target, met },
  });
  return [
    figure('trades over Kafka and PostgreSQL', perSecond, '/s', `≥ ${least}/s`, perSecond >= least),
    figure('until all were sent', sentIn, 's', '', null),
    figure('trades of a transaction', batch, '', '', null),
    figure(`sent to booked at ${latency.rate}/s, p50`, latency.p50 / 1000, 's', '', null),
    figure(`the longest of them`, latency.longest / 1000, 's', '', null),
    figure(
      `sent to booked at ${latency.rate}/s, p99`,
      latency.p99 / 1000,
      's',
      '≤ 100 ms',
      latency.p99 <= 100,
    ),
    figure('PostgreSQL’s log a trade', logBytes / 1000, 'kB', '≤ 0.6 kB', logBytes <= 600),
    figure('CPU time of the pricer a trade', cpu.pricer / 1e6, 's', '', null),
    figure('CPU time of PostgreSQL a trade', cpu.postgres / 1e6, 's', '', null),
    figure('CPU time of Kafka a trade', cpu.kafka / 1e6, 's', '', null),
    figure('resident memory of the pricer', pricerMegabytes, 'MB', '', null),
  ];
}
