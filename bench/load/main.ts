import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { noKafka } from '../../test/support/kafka.js';
import { percentile } from '../harness.js';
import { Exchange } from './exchange.js';
import { hold } from './hold.js';
import { grows, offer, ramp, watching } from './offer.js';
import { type Used, usedByPart } from './processes.js';

// `npm run load`: how much one machine carries, services, broker and database together on it, found by ramps; with `--hold`, one rate for
// some minutes, with many markets and accounts.

const { values } = parseArgs({
  options: {
    partitions: { type: 'string', default: '1,2,4' },
    seconds: { type: 'string', default: '8' },
    accounts: { type: 'string', default: '2000' },
    /** the highest rate that is tried; one process can send no more */
    most: { type: 'string', default: '32000' },
    hold: { type: 'boolean', default: false },
    markets: { type: 'string', default: '500' },
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '500' },
    'bar-seconds': { type: 'string', default: '30' },
  },
});
const missing = noKafka();
if (missing !== undefined) {
  console.error(`no load: ${missing}`);
  process.exit(1);
}
const seconds = Number(values.seconds);
const most = Number(values.most);

/** Cost of a sustained rate. */
interface Carried {
  readonly perSecond: number;
  /** seconds of the rate that wait, of samples all along */
  readonly lag: { readonly p50: number; readonly p99: number };
  /** microseconds of processor time by unit of work, by part */
  readonly cost: ReadonlyMap<string, number>;
}

const sorted = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b);
const costOf = (before: Map<string, Used>, units: number) =>
  new Map(
    [...usedByPart()].map(([part, { cpu }]) => [part, ((cpu - (before.get(part)?.cpu ?? 0)) * 1e6) / units]),
  );
const costText = (cost: ReadonlyMap<string, number>) =>
  [...cost].map(([part, microseconds]) => `${part} ${microseconds.toFixed(0)}`).join(', ');

/** Finds the highest rate at which the queue does not grow. */
async function carried(
  what: string,
  from: number,
  exchange: Exchange,
  send: (count: number) => Promise<void>,
  waiting: () => number | undefined | Promise<number | undefined>,
): Promise<Carried | undefined> {
  let best: Carried | undefined;
  await ramp(Math.min(from, most), most, async (perSecond) => {
    const before = usedByPart();
    const { seen, result: sent } = await watching(100, waiting, offer(perSecond, seconds, send));
    const samples = seen.filter((each) => each !== undefined);
    await exchange.drained();
    const cost = costOf(before, sent);
    const behind = samples.map((records) => records / perSecond);
    const lags = sorted(behind);
    const [p50, p99] = [0.5, 0.99].map((share) => percentile(lags, share));
    const growing = sent < 0.95 * perSecond * seconds || grows(behind, 0.1);
    console.log(
      `  ${what} ${perSecond}/s: ${p50.toFixed(2)} s wait (p99 ${p99.toFixed(2)} s)${growing ? ', and it grows' : ''}; µs each: ${costText(cost)}`,
    );
    if (!growing) best = { perSecond, lag: { p50, p99 }, cost };
    return !growing;
  });
  return best;
}

console.log(`${cpus().length} × ${cpus()[0].model}, Node ${process.versions.node}`);
if (values.hold) {
  await hold({
    markets: Number(values.markets),
    accounts: Number(values.accounts),
    minutes: Number(values.minutes),
    rate: Number(values.rate),
    barSeconds: Number(values['bar-seconds']),
  });
  process.exit(0);
}
for (const partitions of values.partitions.split(',').map(Number)) {
  const instances = { forecaster: 1, pricer: 1, liquidator: Math.min(partitions, 2) };
  const exchange = await Exchange.open(partitions, instances);
  try {
    const accounts = Number(values.accounts);
    await exchange.fund(accounts);
    const trades = await carried(
      'trades',
      500,
      exchange,
      (count) => exchange.trades(count, accounts),
      () => exchange.outstanding,
    );
    exchange.latency();
    if (trades !== undefined) {
      // Latency is measured well below the sustained rate: at the edge it would only show the queue.
      const calm = Math.round(trades.perSecond / 2);
      const before = await exchange.written();
      const sent = await offer(calm, seconds, (count) => exchange.trades(count, accounts));
      await exchange.drained();
      const after = await exchange.written();
      console.log(
        `  written for a trade: ${((after.wal - before.wal) / sent).toFixed(0)} bytes ahead by the database, ${((after.log - before.log) / sent).toFixed(0)} bytes by the broker`,
      );
      const { p50, p99 } = exchange.latency();
      console.log(
        `  from sending to booked at ${calm}/s: p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`,
      );
    }
    const ticks = await carried(
      'ticks',
      2000,
      exchange,
      (count) => exchange.ticks(count),
      () => exchange.lag('prices'),
    );
    console.log(
      `${partitions} partitions, ${instances.liquidator} liquidators, ${accounts} accounts: ${trades?.perSecond} trades/s, ${ticks?.perSecond} ticks/s`,
    );
    for (const [part, { memory }] of usedByPart()) console.log(`  ${part}: ${memory.toFixed(0)} MiB`);
  } finally {
    await exchange.close();
  }
}
process.exit(0);
