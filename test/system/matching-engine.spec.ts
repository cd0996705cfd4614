import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noKafka } from '../support/kafka.js';
import { noPython, ROOT, runClient } from '../support/python.js';
import { rebuilt, startTopology, type Topology } from '../support/topology.js';

interface Report {
  readonly trades: number;
  readonly booked: number;
  readonly matched: number;
  readonly rejected: number;
  readonly codes: readonly string[];
  readonly bookEvents: number;
  readonly accounts: number;
  readonly deadLetters: number;
  readonly differences: readonly string[];
}

const missing = noKafka() ?? noPython();
describe.skipIf(missing !== undefined)('examples/matching-engine', () => {
  let topology: Topology;
  beforeAll(async () => {
    topology = await startTopology({ TOPIC_PARTITIONS: '3' });
    for (const name of ['forecaster', 'pricer', 'liquidator'] as const) await topology.start(name);
  }, 240_000);
  afterAll(() => topology.stop(), 60_000);

  it('sends prices, deposits and trades, asks for quotes, and its books are the exchange’s to the last unit', async () => {
    const args = ['--brokers', topology.environment.KAFKA_BROKERS!, '--bars', '45', '--orders', '120'];
    const output = await runClient('engine.py', args, join(ROOT, 'examples', 'matching-engine')).done;
    const report = JSON.parse(output) as Report;
    expect(report.differences).toEqual([]);
    expect(report.booked).toBeGreaterThan(90);
    expect(report.matched).toBeGreaterThan(15);
    expect(report.booked + report.matched + report.rejected).toBe(report.trades);
    // Terms that it has made up are refused, where everybody can see it.
    expect(report.codes).toContain('quote-seal-invalid');
    expect(report.deadLetters).toBe(0);
    const [{ count }] = await topology.connection.query<[{ count: string }]>(
      'select count(*) from book_event',
    );
    expect(Number(count)).toBeGreaterThanOrEqual(report.bookEvents);
    const { code, errors } = await rebuilt(topology);
    expect([code, errors]).toEqual([0, '']);
  }, 300_000);
});
