import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { kafkaEnvironment, type KafkaLog, openLog } from '#lib/events';
import { outgoing, type Outgoing, TOPICS } from '#lib/messages';
import { readConfig } from '#lib/service';
import { dataSourceOptions } from '#lib/storage';
import {
  startTopology,
  type ServiceName,
  type ServiceProcess,
  type Topology,
} from '../../test/support/topology.js';
import { percentile } from '../harness.js';
import { BookedTrades } from './booked-trades.js';

export const MARKETS = Array.from({ length: 8 }, (_, i) => `SIM-${'ABCDEFGH'[i]}`);

/** Latencies in milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

function directorySize(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.log'))
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

/** Services in processes with a market that can be traded, and a sender. */
export class Exchange {
  private time = 0;
  private sequence = 0;
  private readonly booked: BookedTrades;

  private constructor(
    readonly topology: Topology,
    readonly services: readonly ServiceProcess[],
    private readonly feeder: DataSource,
    private readonly log: KafkaLog,
  ) {
    this.booked = new BookedTrades(log.broker);
  }

  static async open(
    partitions: number,
    instances: Readonly<Partial<Record<ServiceName, number>>>,
  ): Promise<Exchange> {
    const topology = await startTopology(
      { TOPIC_PARTITIONS: String(partitions), LOG_LEVEL: 'warn' },
      { direct: true },
    );
    const services: ServiceProcess[] = [];
    for (const [name, count] of Object.entries(instances))
      for (let i = 0; i < count; i++) services.push(await topology.start(name as ServiceName));
    await topology.replay({ bars: 60, seed: 9, trades: 1, accounts: 10 }).done;
    const feeder = await new DataSource(dataSourceOptions(topology.environment.DATABASE_URL!)).initialize();
    const log = (await openLog(
      readConfig(kafkaEnvironment, topology.environment),
      'load',
      feeder,
    )) as KafkaLog;
    const exchange = new Exchange(topology, services, feeder, log);
    exchange.time = (await log.broker.offsets('prices')).length > 0 ? await exchange.marketTime() : 0;
    await exchange.booked.follow();
    return exchange;
  }

  /** Collateral for accounts `0 … count − 1`. */
  async fund(count: number): Promise<void> {
    for (let from = 0; from < count; from += 1000) {
      const accounts = Array.from({ length: Math.min(1000, count - from) }, (_, i) => `load-${from + i}`);
      await this.log.publish(
        accounts.map((account) => {
          const commandId = `fund-${account}`;
          return outgoing(TOPICS.accounts, account, this.header(commandId), {
            ...{ kind: 'deposit', commandId, account, amount: '1000000' },
          });
        }),
      );
    }
    await this.drained();
  }

  /** Trades of accounts below `accounts`, small, in and out. */
  async trades(count: number, accounts: number): Promise<void> {
    const messages: Outgoing[] = [];
    const tradeIds: string[] = [];
    for (let i = 0; i < count; i++) {
      const tradeId = `load-${this.sequence}`;
      const account = `load-${this.sequence % accounts}`;
      const market = MARKETS[this.sequence % MARKETS.length];
      const size = Math.floor(this.sequence / accounts) % 2 === 0 ? '0.001' : '-0.001';
      messages.push(
        outgoing(TOPICS.trades, account, this.header(tradeId), {
          tradeId,
          account,
          legs: [{ market, size }],
        }),
      );
      tradeIds.push(tradeId);
    }
    this.booked.sent(tradeIds);
    await this.log.publish(messages);
  }

  /** Ticks of all markets in turn, inside one bar. */
  async ticks(count: number): Promise<void> {
    const messages: Outgoing[] = [];
    for (let i = 0; i < count; i++) {
      const header = this.header(`tick-${this.sequence}`);
      const market = MARKETS[header.sequence % MARKETS.length];
      const price = (100 + (header.sequence % 100) / 1000).toFixed(3);
      messages.push(outgoing(TOPICS.prices, market, header, { kind: 'tick', market, price }));
    }
    await this.log.publish(messages);
  }

  /** Trades sent and not booked. */
  get outstanding(): number {
    return this.booked.outstanding;
  }

  /** Of trades from sending to their book event, since the last call. */
  latency(): Latency {
    const sorted = this.booked.takeLatencies();
    return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) };
  }

  /** Records of a topic that the slowest unit has not consumed; undefined where a broker has no time to say. */
  async lag(topic: string): Promise<number | undefined> {
    const lags = await this.log.lag().catch(() => undefined);
    if (lags === undefined) return undefined;
    return Math.max(0, ...lags.filter((each) => each.topic === topic).map(({ records }) => Number(records)));
  }

  /** Bytes the database has written ahead, and bytes of the broker's log. */
  async written(): Promise<{ wal: number; log: number }> {
    const [{ wal }] = await this.feeder.query<[{ wal: string }]>(
      `select pg_current_wal_lsn() - '0/0'::pg_lsn as wal`,
    );
    return { wal: Number(wal), log: directorySize(this.topology.broker.directory) };
  }

  drained(): Promise<void> {
    return this.log.drained(AbortSignal.timeout(120_000));
  }

  async close(): Promise<void> {
    await this.booked.close();
    await this.log.close();
    await this.feeder.destroy();
    await this.topology.stop();
  }

  private header(id: string) {
    return { id, sequence: this.sequence++, time: this.time };
  }

  private async marketTime(): Promise<number> {
    const [{ now }] = await this.feeder.query<[{ now: string }]>(
      `select value->'board'->'clock'->>'now' as now from service_state where service = 'pricer' and name = 'engine'`,
    );
    return Number(now);
  }
}
