import { noKafka } from '../test/support/kafka.js';
import { startTopology } from '../test/support/topology.js';
import { type Figure, QUICK } from './harness.js';
import type { LoadReport } from './load.process.js';
import { load, median } from './quotes.js';

const RATE = 1000;

/** Round trip of a quote over Kafka beside REST, at the same rate, to the same pricer: broker, database and services on one machine. */
export async function kafkaQuoteFigures(seconds: number): Promise<Figure[]> {
  const missing = noKafka();
  if (missing !== undefined) {
    process.stderr.write(`quotes over Kafka are not measured: ${missing}\n`);
    return [];
  }
  const topology = await startTopology({ LOG_LEVEL: 'warn' }, { direct: !QUICK });
  try {
    await topology.start('forecaster');
    const pricer = await topology.start('pricer');
    await topology.replay({ bars: 60, seed: 9, trades: 3 }).done;
    const body = JSON.stringify({ legs: [{ market: 'SIM-A', size: '0.25' }] });
    const request = { body, seconds, rate: RATE, connections: 16, warmSeconds: seconds };
    const urls = {
      kafka: `kafka://${topology.environment.KAFKA_BROKERS!}`,
      rest: `${pricer.url}/v1/quotes`,
    };
    const rounds = { kafka: [] as LoadReport[], rest: [] as LoadReport[] };
    // Fresh processes are compiling: figures are of services and clients that have run for a while.
    for (let round = 0; round < (QUICK ? 1 : 3); round++)
      for (const way of ['kafka', 'rest'] as const)
        rounds[way].push(await load({ ...request, url: urls[way] }));
    const wrong = [...rounds.kafka, ...rounds.rest].reduce((sum, { errors }) => sum + errors, 0);
    if (wrong > 0) throw new Error(`${wrong} quotes were not given`);
    const figure = (name: string, of: (report: LoadReport) => number, most: number | null = null): Figure => {
      const [kafka, rest] = [rounds.kafka, rounds.rest].map((reports) => median(reports, of) / 1000);
      return {
        name: `${name} of quotes over Kafka at ${RATE}/s`,
        ...{ ours: kafka, unit: 's', peer: { name: 'the same over REST', value: rest } },
        ...{ ratio: rest / kafka, target: most === null ? '' : `≤ ${most * 1000} ms` },
        met: most === null ? null : kafka <= most,
      };
    };
    return [
      figure('p50, round trip,', (report) => report.roundTrip!.p50),
      figure('p99, round trip,', (report) => report.roundTrip!.p99, 0.005),
      figure('p99, from when each was due,', (report) => report.p99),
    ];
  } finally {
    await topology.stop();
  }
}
