import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { runClient } from '../test/support/python.js';
import { startTopology } from '../test/support/topology.js';

// node dist/bench/librdkafka.js [SECONDS]: quotes, then trades, at steady rates from confluent-kafka (librdkafka, Python), to services of their
// own on this machine: the time of answers, and the pricer's processor time for each.

const RATES = { quotes: [100, 300, 1000], trades: [200, 600, 2000] };
const [, , seconds = '8'] = process.argv;
/** Clock ticks of `/proc`, which Linux fixes for programs. */
const TICKS_PER_SECOND = 100;

/** Output of load.py for one kind. */
interface Waits {
  readonly count: number;
  readonly p50: number | null;
  readonly p99: number | null;
  readonly most: number | null;
}
interface LoadReport {
  readonly quotes: Waits;
  readonly trades: Waits;
  readonly quotesSentPerSecond: number;
  readonly tradesSentPerSecond: number;
  readonly quotesUnanswered: number;
  readonly tradesUnanswered: number;
  readonly quotesRefused: number;
  readonly tradesRejected: number;
}

/** Seconds of processor time that a process has used. */
function processorSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

const topology = await startTopology({ LOG_LEVEL: 'warn' }, { direct: true });
try {
  await topology.start('forecaster');
  const pricer = await topology.start('pricer');
  await topology.start('liquidator');
  await topology.replay({ bars: 50, seed: 9, trades: 3, accounts: 50 }).done;
  const { KAFKA_BROKERS = '', KAFKA_PREFIX = '' } = topology.environment;
  const load = async (quotes: number, trades: number, forSeconds: string) => {
    const before = processorSeconds(pricer.child.pid!);
    const args = [KAFKA_BROKERS, KAFKA_PREFIX, String(quotes), String(trades), forSeconds];
    const report = JSON.parse(await runClient('load.py', args).done) as LoadReport;
    return { report, used: processorSeconds(pricer.child.pid!) - before };
  };
  // Compilers and connections first.
  await load(200, 200, '5');
  for (const kind of ['quotes', 'trades'] as const)
    for (const rate of RATES[kind]) {
      const { report, used } = await load(
        kind === 'quotes' ? rate : 0,
        kind === 'trades' ? rate : 0,
        seconds,
      );
      const { count, p50, p99, most } = report[kind];
      const [sent, missing, refused] =
        kind === 'quotes'
          ? [report.quotesSentPerSecond, report.quotesUnanswered, report.quotesRefused]
          : [report.tradesSentPerSecond, report.tradesUnanswered, report.tradesRejected];
      process.stdout.write(
        `${rate} ${kind}/s (sent at ${sent}/s): ${count} answered, ${missing} not, ${refused} refused; ` +
          `p50 ${p50} ms, p99 ${p99} ms, longest ${most} ms; ${((1e6 * used) / count).toFixed(0)} µs of the pricer's processor time each; ` +
          `load of the machine ${loadavg()[0].toFixed(1)}\n`,
      );
    }
} finally {
  await topology.stop();
}
process.exit(0);
