import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { kafkaEnvironment, type KafkaLog, openLog } from '#lib/events';
import { outgoing, type Outgoing, type Topic, TOPICS } from '#lib/messages';
import { randomStream } from '#lib/runtime';
import { readConfig } from '#lib/service';
import { dataSourceOptions } from '#lib/storage';
import { type ServiceProcess, startTopology } from '../../test/support/topology.js';
import { percentile } from '../harness.js';
import { BookedTrades } from './booked-trades.js';
import { offer } from './offer.js';
import { type Used, usedByPart } from './processes.js';

/** Bars before the first trade: a model needs thirty. */
const WARM_UP_BARS = 40;
const BAR_MS = 3_600_000;
/** Every market ticks as often within a bar. */
const TICKS_A_BAR = 10;
const CHUNK = 1000;
const SAMPLE_MS = 5000;

/** Size, rate and length of a run. */
export interface HoldOptions {
  readonly markets: number;
  readonly accounts: number;
  readonly minutes: number;
  /** trades a second */
  readonly rate: number;
  /** seconds of the clock on the wall that a bar takes */
  readonly barSeconds: number;
}

/** State of the exchange at one moment of the run. */
interface Sample {
  /** seconds since the trades began */
  readonly at: number;
  /** trades sent and not booked */
  readonly waiting: number;
  /** longest time that an event loop stood still since the last sample, seconds, by service */
  readonly stalls: ReadonlyMap<string, number>;
  readonly used: ReadonlyMap<string, Used>;
}

/** Markets that move together and apart, and accounts that trade in them, at a market time that runs faster than the clock. */
class Flow {
  private readonly random = randomStream(11);
  private readonly prices: number[];
  private sequence = 0;
  time = Date.UTC(2026, 0, 1);

  constructor(private readonly options: HoldOptions) {
    this.prices = Array.from({ length: options.markets }, (_, i) => 10 * (1 + (i % 50)));
  }

  /** Ticks of all markets after a move of a share of a bar. */
  ticks(shareOfBar: number): Outgoing[] {
    const scale = 0.004 * Math.sqrt(shareOfBar);
    const common = this.random.normal();
    return this.prices.map((price, i) => {
      const next = price * Math.exp(scale * (0.7 * common + 0.7 * this.random.normal()));
      this.prices[i] = next;
      const market = `M${i}`;
      return this.message(TOPICS.prices, market, { kind: 'tick', market, price: next.toFixed(6) });
    });
  }

  watermark(): Outgoing {
    return this.message(TOPICS.prices, 'watermark', { kind: 'watermark', until: this.time });
  }

  deposit(account: number): Outgoing {
    const id = `fund-${account}`;
    const name = `account-${account}`;
    return this.message(TOPICS.accounts, name, {
      ...{ kind: 'deposit', commandId: id, account: name, amount: '1000000' },
    });
  }

  liquidity(): Outgoing {
    return this.message(TOPICS.liquidity, 'provider', {
      ...{ kind: 'deposit', commandId: 'liquidity', provider: 'provider', amount: '1000000000000' },
    });
  }

  trade(): { readonly tradeId: string; readonly message: Outgoing } {
    const number = Math.floor(this.random.uniform() * this.options.accounts);
    const account = `account-${number}`;
    const market = Math.floor(this.random.uniform() * this.options.markets);
    const notional = (this.random.uniform() < 0.5 ? -1 : 1) * (10 + 2000 * this.random.uniform());
    const tradeId = `hold-${this.sequence}`;
    const legs = [{ market: `M${market}`, size: (notional / this.prices[market]).toFixed(4) }];
    return { tradeId, message: this.message(TOPICS.trades, account, { tradeId, account, legs }) };
  }

  private message<T>(topic: Topic<T>, key: string, payload: T): Outgoing {
    const header = { id: `${topic.name}-${this.sequence}`, sequence: ++this.sequence, time: this.time };
    return outgoing(topic, key, header, payload);
  }
}

/** Sends trades at a constant rate while all markets tick and refit, and prints memory, waits and stalls. */
export async function hold(options: HoldOptions): Promise<void> {
  const topology = await startTopology({ TOPIC_PARTITIONS: '1', LOG_LEVEL: 'warn' }, { direct: true });
  const feeder = await new DataSource(dataSourceOptions(topology.environment.DATABASE_URL!)).initialize();
  try {
    const services: ServiceProcess[] = [];
    for (const name of ['forecaster', 'pricer', 'liquidator'] as const)
      services.push(await topology.start(name));
    const log = (await openLog(
      readConfig(kafkaEnvironment, topology.environment),
      'load',
      feeder,
    )) as KafkaLog;
    try {
      await new Held(options, services, log).run();
    } finally {
      await log.close();
    }
  } finally {
    await feeder.destroy();
    await topology.stop();
  }
}

class Held {
  private readonly flow: Flow;
  private readonly booked: BookedTrades;

  constructor(
    private readonly options: HoldOptions,
    private readonly services: readonly ServiceProcess[],
    private readonly log: KafkaLog,
  ) {
    this.flow = new Flow(options);
    this.booked = new BookedTrades(log.broker);
  }

  async run(): Promise<void> {
    const { markets, accounts, minutes, rate, barSeconds } = this.options;
    await this.warmUp();
    let started = performance.now();
    await this.fund();
    const funded = (performance.now() - started) / 1000;
    console.log(`${accounts} deposits in ${funded.toFixed(0)} s: ${(accounts / funded).toFixed(0)} a second`);
    await this.booked.follow();
    const before = usedByPart();
    started = performance.now();
    const stop = new AbortController();
    const ticking = this.tick(stop.signal, (barSeconds * 1000) / TICKS_A_BAR);
    const sampling = this.sample(stop.signal, started);
    const sent = await offer(rate, 60 * minutes, (count) => this.send(count));
    const seconds = (performance.now() - started) / 1000;
    stop.abort();
    const bars = await ticking;
    const samples = await sampling;
    await this.log.drained(AbortSignal.timeout(120_000));
    await this.booked.close();
    this.report(samples, { sent, seconds, bars, before });
    console.log(`${markets} markets, ${accounts} accounts, ${(seconds / 60).toFixed(1)} minutes`);
  }

  private async warmUp(): Promise<void> {
    await this.log.publish([...this.flow.ticks(1), this.flow.watermark(), this.flow.liquidity()]);
    for (let bar = 0; bar < WARM_UP_BARS; bar++) {
      this.flow.time += BAR_MS;
      await this.log.publish([...this.flow.ticks(1), this.flow.watermark()]);
      await this.drained();
    }
  }

  private async fund(): Promise<void> {
    for (let from = 0; from < this.options.accounts; from += CHUNK) {
      const count = Math.min(CHUNK, this.options.accounts - from);
      await this.log.publish(Array.from({ length: count }, (_, i) => this.flow.deposit(from + i)));
    }
    await this.drained();
  }

  private async send(count: number): Promise<void> {
    const trades = Array.from({ length: count }, () => this.flow.trade());
    this.booked.sent(trades.map(({ tradeId }) => tradeId));
    await this.log.publish(trades.map(({ message }) => message));
  }

  /** @returns bars that have passed */
  private async tick(signal: AbortSignal, everyMs: number): Promise<number> {
    let due = performance.now();
    let ticks = 0;
    while (!signal.aborted) {
      this.flow.time += BAR_MS / TICKS_A_BAR;
      await this.log.publish([...this.flow.ticks(1 / TICKS_A_BAR), this.flow.watermark()]);
      ticks++;
      due += everyMs;
      await sleep(Math.max(0, due - performance.now()), undefined, { signal }).catch(() => undefined);
    }
    return ticks / TICKS_A_BAR;
  }

  private async sample(signal: AbortSignal, started: number): Promise<Sample[]> {
    const samples: Sample[] = [];
    while (!signal.aborted) {
      await sleep(SAMPLE_MS, undefined, { signal }).catch(() => undefined);
      const stalls = new Map(
        await Promise.all(
          this.services.map(async ({ name, url }) => [name, await longestStall(url)] as const),
        ),
      );
      const at = (performance.now() - started) / 1000;
      const sample = { at, waiting: this.booked.outstanding, stalls, used: usedByPart() };
      samples.push(sample);
      const shown = [...stalls].map(([name, seconds]) => `${name} ${(1000 * seconds).toFixed(0)} ms`);
      const memory = [...sample.used].map(([part, used]) => `${part} ${used.memory.toFixed(0)} MiB`);
      console.log(
        `${at.toFixed(0)} s: ${sample.waiting} trades wait; stalls: ${shown.join(', ')}; ${memory.join(', ')}`,
      );
    }
    return samples;
  }

  private report(
    samples: readonly Sample[],
    run: { sent: number; seconds: number; bars: number; before: ReadonlyMap<string, Used> },
  ): void {
    const sorted = this.booked.takeLatencies();
    const quantiles = [0.5, 0.99, 0.999].map((share) => `${percentile(sorted, share).toFixed(0)} ms`);
    console.log(
      `${run.sent} trades sent in ${run.seconds.toFixed(0)} s and ${run.bars} bars, ${sorted.length} decided, ${this.booked.refused} of them refused, ${this.booked.outstanding} not`,
    );
    console.log(`sent to decided: ${quantiles.join(', ')} (p50, p99, p99.9)`);
    console.log(`most trades waiting: ${Math.max(...samples.map(({ waiting }) => waiting))}`);
    for (const { name } of this.services) {
      const stalls = samples.map((sample) => sample.stalls.get(name) ?? 0).sort((a, b) => a - b);
      const [median, most] = [percentile(stalls, 0.5), stalls.at(-1)!];
      console.log(
        `${name}: longest stall in ${SAMPLE_MS / 1000} s ${(1000 * median).toFixed(0)} ms at the median, ${(1000 * most).toFixed(0)} ms at most`,
      );
    }
    for (const [part, { cpu, memory }] of usedByPart()) {
      const most = Math.max(memory, ...samples.map(({ used }) => used.get(part)?.memory ?? 0));
      const spent = cpu - (run.before.get(part)?.cpu ?? 0);
      console.log(
        `${part}: ${most.toFixed(0)} MiB at most, ${((1e6 * spent) / run.sent).toFixed(0)} µs of CPU time a trade`,
      );
    }
  }

  private drained(): Promise<void> {
    return this.log.drained(AbortSignal.timeout(600_000));
  }
}

/** Longest time that the event loop of a service stood still since it was asked before, seconds. */
async function longestStall(url: string): Promise<number> {
  const text = await (await fetch(new URL('/metrics', url))).text();
  return Number(/^nodejs_eventloop_lag_max_seconds\S* (\S+)$/m.exec(text)?.[1]);
}
