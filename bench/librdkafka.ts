import { runClient } from '../test/support/python.js';
import { startTopology } from '../test/support/topology.js';

// node dist/bench/librdkafka.js QUOTES TRADES SECONDS: quotes and trades at steady rates from librdkafka, to services of their own on this machine.

const [, , quotes = '1000', trades = '2000', seconds = '8'] = process.argv;
const topology = await startTopology({ LOG_LEVEL: 'warn' }, { direct: true });
try {
  for (const name of ['forecaster', 'pricer', 'liquidator'] as const) await topology.start(name);
  await topology.replay({ bars: 50, seed: 9, trades: 3, accounts: 50 }).done;
  const { KAFKA_BROKERS = '', KAFKA_PREFIX = '' } = topology.environment;
  process.stdout.write(
    await runClient('load.py', [KAFKA_BROKERS, KAFKA_PREFIX, quotes, trades, seconds]).done,
  );
} finally {
  await topology.stop();
}
process.exit(0);
