import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { noKafka } from '../support/kafka.js';
import { booksOfOneProcess } from '../support/one-process.js';
import { type Fault, FAULTS, SETTLING_FAULTS, together } from './faults.js';
import { generator } from '#lib/runtime';
import { disturbed, type RoundResult } from './round.js';

// `npm run drills`: things go wrong while a replay runs, on a real broker and a real database; afterwards everything is to be
// as if nothing had.

const { values } = parseArgs({
  options: {
    /** last round */
    rounds: { type: 'string', default: '22' },
    /** first round: another run has come so far */
    from: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    bars: { type: 'string', default: '70' },
    trades: { type: 'string', default: '40' },
    /** of these rounds, those whose fault has this in its name */
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});

/** Rounds before those that settle. */
const DRAWN_UNTIL = 20;

const missing = noKafka();
if (missing !== undefined) {
  console.error(`no drills: ${missing}`);
  process.exit(1);
}
/** Each fault alone; then two at a time, drawn; at last those that settle. */
function faultOf(round: number, draw: () => number): Fault {
  const settling = round - DRAWN_UNTIL;
  if (settling >= 0) return SETTLING_FAULTS[settling % SETTLING_FAULTS.length];
  const any = () => FAULTS[Math.floor(draw() * FAULTS.length)];
  return round < FAULTS.length ? FAULTS[round] : together(any(), any());
}

const results: (RoundResult & { readonly round: number })[] = [];
let skipped = 0;
for (let round = Number(values.from) - 1; round < Number(values.rounds); round++) {
  const seed = Number(values.seed) + round;
  const fault = faultOf(round, generator(seed));
  if (values.only !== undefined && !fault.name.includes(values.only)) continue;
  const options = {
    ...{ seed, bars: Number(values.bars) + (fault.furtherBars ?? 0), trades: Number(values.trades) },
    ...{ accounts: 500, warmUpBars: 1_000_000 },
  };
  const result = await disturbed(fault, options, await booksOfOneProcess(options));
  if (typeof result === 'string') {
    console.log(`${round + 1}. ${fault.name}: not drilled, ${result}`);
    skipped++;
    continue;
  }
  results.push({ round: round + 1, ...result });
  const verdict = result.failures.length === 0 ? 'as if nothing had happened' : result.failures.join('\n   ');
  console.log(
    `${round + 1}. ${fault.name} (seed ${seed}; ${result.what}): ${result.events} events, ${result.plans} plans, ` +
      `${result.deadLetters} dead letters, ${result.replaySeconds.toFixed(0)} s: ${verdict}`,
  );
}
const failed = results.filter(({ failures }) => failures.length > 0).length;
if (values.write) writeTable();
console.log(`\n${results.length - failed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed > 0 ? 1 : 0);

/** The table of docs/operate/reliability.md, between its marks; rows of rounds that were not drilled stay as they are. */
function writeTable(): void {
  const file = join(import.meta.dirname, '..', '..', '..', 'docs', 'operate', 'reliability.md');
  const text = readFileSync(file, 'utf8');
  const [begin, end] = ['<!-- drills -->', '<!-- /drills -->'];
  const before = text.slice(0, text.indexOf(begin) + begin.length);
  const after = text.slice(text.indexOf(end));
  const rows = new Map<number, string>();
  for (const [row, round] of text
    .slice(before.length, text.length - after.length)
    .matchAll(/^\| +(\d+) \|.*$/gm))
    rows.set(Number(round), row);
  for (const result of results) rows.set(result.round, rowOf(result));
  const table = [
    '| round | fault | seed | what happened | book events | plans | dead letters | seconds | books, plans, conservation, rebuild |',
    '| ---: | --- | ---: | --- | ---: | ---: | ---: | ---: | --- |',
    ...[...rows].sort(([one], [other]) => one - other).map(([, row]) => row),
  ].join('\n');
  writeFileSync(file, `${before}\n\n${table}\n\n${after}`);
}

function rowOf(result: (typeof results)[number]): string {
  const { round, fault, seed, what, events, plans, deadLetters, replaySeconds, failures } = result;
  const verdict = failures.length === 0 ? 'equal' : failures.join(' ').replaceAll('|', '\\|').slice(0, 300);
  return `| ${round} | ${fault} | ${seed} | ${what} | ${events} | ${plans} | ${deadLetters} | ${replaySeconds.toFixed(0)} | ${verdict} |`;
}
