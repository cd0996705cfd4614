import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { noKafka } from '../support/kafka.js';
import { booksOfOneProcess } from '../support/one-process.js';
import { FAULTS, together } from './faults.js';
import { generator } from '#lib/random';
import { disturbed, type RoundResult } from './round.js';

// `npm run drills`: things go wrong while a replay runs, on a real broker and a real database; afterwards everything is to be
// as if nothing had.

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    /** first round: another run has come so far */
    from: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    bars: { type: 'string', default: '70' },
    trades: { type: 'string', default: '40' },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});

const missing = noKafka();
if (missing !== undefined) {
  console.error(`no drills: ${missing}`);
  process.exit(1);
}
const faults = FAULTS.filter(({ name }) => values.only === undefined || name.includes(values.only));
const results: RoundResult[] = [];
let skipped = 0;
for (let round = Number(values.from) - 1; round < Number(values.rounds); round++) {
  const seed = Number(values.seed) + round;
  const draw = generator(seed);
  // Each fault alone; then two at a time, drawn.
  const any = () => faults[Math.floor(draw() * faults.length)];
  const fault = round < faults.length ? faults[round] : together(any(), any());
  const options = {
    ...{ seed, bars: Number(values.bars), trades: Number(values.trades) },
    ...{ accounts: 500, warmUpBars: 1_000_000 },
  };
  const result = await disturbed(fault, options, await booksOfOneProcess(options));
  if (typeof result === 'string') {
    console.log(`${round + 1}. ${fault.name}: not drilled, ${result}`);
    skipped++;
    continue;
  }
  results.push(result);
  const verdict = result.failures.length === 0 ? 'as if nothing had happened' : result.failures.join('\n   ');
  console.log(
    `${round + 1}. ${fault.name} (seed ${seed}; ${result.what}): ${result.events} events, ${result.plans} plans, ` +
      `${result.deadLetters} dead letters, ${result.replaySeconds.toFixed(0)} s: ${verdict}`,
  );
}
const failed = results.filter(({ failures }) => failures.length > 0).length;
if (values.write) writeTable(results);
console.log(`\n${results.length - failed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed > 0 ? 1 : 0);

/** The table of docs/reliability.md, between its marks. */
function writeTable(rounds: readonly RoundResult[]): void {
  const file = join(import.meta.dirname, '..', '..', '..', 'docs', 'reliability.md');
  const rows = rounds.map(
    ({ fault, seed, what, events, plans, deadLetters, replaySeconds, failures }, i) =>
      `| ${i + 1} | ${fault} | ${seed} | ${what} | ${events} | ${plans} | ${deadLetters} | ${replaySeconds.toFixed(0)} | ${
        failures.length === 0 ? 'equal' : failures.join(' ').replaceAll('|', '\\|').slice(0, 300)
      } |`,
  );
  const table = [
    '| round | fault | seed | what happened | book events | plans | dead letters | seconds | books, plans, conservation, rebuild |',
    '| ---: | --- | ---: | --- | ---: | ---: | ---: | ---: | --- |',
    ...rows,
  ].join('\n');
  const text = readFileSync(file, 'utf8');
  const [begin, end] = ['<!-- drills -->', '<!-- /drills -->'];
  const before = text.slice(0, text.indexOf(begin) + begin.length);
  const after = text.slice(text.indexOf(end));
  writeFileSync(file, `${before}\n\n${table}\n\n${after}`);
}
