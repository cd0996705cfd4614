import { parseArgs } from 'node:util';
import { attack, type Coverage } from './support/colluders.js';

/** `npm run attack -- --hours N`: colluders' sequences, at constant and at random marks, until the time is over or a law gives way. */
const { values } = parseArgs({ options: { hours: { type: 'string', default: '1' } } });
const hours = Number(values.hours);
if (!(hours > 0)) {
  process.stderr.write('--hours must be a positive number\n');
  process.exit(2);
}
const until = Date.now() + hours * 3_600_000;
const coverage: Coverage = new Map();
let played = 0;
while (Date.now() < until) {
  const seed = Date.now() | 0;
  for (const randomMarks of [false, true]) played += attack(10, 200, randomMarks, coverage, seed);
  process.stderr.write(`\r${played} sequences`);
}
process.stderr.write('\n');
for (const [name, times] of [...coverage].sort()) process.stdout.write(`${name}\t${times}\n`);
