import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { messageOf } from '#lib/errors';
import { attackInThreads } from './support/attack-threads.js';
import type { Coverage } from './support/colluders.js';

/**
 * `npm run attack -- --hours N`: colluders' sequences, at constant and at random marks, on all cores until the time is over or a law
 * gives way. Exit code 1 where one does, with the shortest sequence found.
 */
const { values } = parseArgs({ options: { hours: { type: 'string', default: '1' } } });
const hours = Number(values.hours);
if (!(hours > 0)) {
  process.stderr.write('--hours must be a positive number\n');
  process.exit(2);
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
for (const [name, times] of [...coverage].sort()) process.stdout.write(`${name}\t${times}\n`);
