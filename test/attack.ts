import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Logger } from '@nestjs/common';
import { messageOf } from '#lib/errors';
import { attackBroker } from './support/attack-broker.js';
import { attackInThreads } from './support/attack-threads.js';
import type { Coverage } from './support/colluders.js';
import { noKafka } from './support/kafka.js';

/**
 * `npm run attack -- --hours N`: colluders' sequences, at constant and at random marks, on all cores until the time is over or a law
 * gives way. Exit code 1 where one does, with the shortest sequence found.
 *
 * `npm run attack -- --broker --minutes N`: services on a broker with access lists, attacked from all sides for so long. Exit code 1 where
 * something gave way.
 */
const { values } = parseArgs({
  options: {
    hours: { type: 'string', default: '1' },
    broker: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
  },
});
const [hours, minutes, seed] = [values.hours, values.minutes, values.seed].map(Number);
if (!(hours > 0 && minutes > 0 && Number.isInteger(seed))) {
  process.stderr.write('--hours and --minutes must be positive numbers, --seed a whole one\n');
  process.exit(2);
}
if (values.broker) {
  const missing = noKafka();
  if (missing !== undefined) {
    process.stderr.write(`there is no broker to attack: ${missing}\n`);
    process.exit(2);
  }
  process.stderr.write(`seed ${seed}\n`);
  // The attack provokes refusals of the broker; their log lines would hide its report.
  Logger.overrideLogger(false);
  const { problems, counts } = await attackBroker(minutes, seed);
  report(counts);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.exit(problems.length > 0 ? 1 : 0);
}
const until = Date.now() + hours * 3_600_000;
const threads = availableParallelism();
const coverage: Coverage = new Map();
let played = 0;
try {
  while (Date.now() < until) {
    played += await attackInThreads(
      { sequences: 40 * threads, length: 200, threads, seed: Date.now() | 0 },
      coverage,
    );
    process.stderr.write(`\r${played} sequences`);
  }
} catch (error) {
  process.stderr.write(`\n${messageOf(error)}\n`);
  process.exitCode = 1;
}
process.stderr.write('\n');
report(coverage);

function report(counts: ReadonlyMap<string, number>): void {
  for (const [name, times] of [...counts].sort()) process.stdout.write(`${name}\t${times}\n`);
}
