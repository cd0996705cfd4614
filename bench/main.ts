import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { commitmentFigures } from './book-commitments.js';
import { comparePeers } from './compare-peers.js';
import { growthRun } from './growth-run.js';
import { type Figure, figureTable, QUICK } from './harness.js';
import { liquidationFigures } from './liquidations.js';
import { marginFigures } from './margin.js';
import { markFigures } from './marks.js';
import { matchFigures } from './matches.js';
import { poolFigures } from './pools.js';
import { circuitTable, proofFigures } from './proofs.js';
import { quantitativeFigures } from './quantitative.js';
import { kafkaQuoteFigures } from './quotes-kafka.js';
import { quoteFigures } from './quotes.js';
import { tradesOverKafka } from './trades-kafka.js';
import { writerTurns } from './writer-turns.js';

if (process.argv.includes('--trades-over-kafka')) {
  const [markets, accounts, trades] = process.argv.slice(-3).map(Number);
  process.stdout.write(`${JSON.stringify(await tradesOverKafka(markets, accounts, trades), null, 2)}\n`);
  process.exit(0);
}
if (process.argv.includes('--matches')) {
  process.stdout.write(`${JSON.stringify(matchFigures(), null, 2)}\n`);
  process.exit(0);
}
if (process.argv.includes('--commitments')) {
  const accounts = Number(process.argv.at(-1)) || 1_000_000;
  process.stdout.write(`${JSON.stringify(await commitmentFigures(accounts), null, 2)}\n`);
  process.exit(0);
}
if (process.argv.includes('--writer')) {
  const [markets, accounts] = process.argv.slice(-2).map(Number);
  for (const { work, longestMs, allMs } of await writerTurns(markets || 500, accounts || 1_000_000))
    process.stdout.write(`| ${work} | ${longestMs.toFixed(1)} ms | ${allMs.toFixed(0)} ms |\n`);
  process.exit(0);
}
if (process.argv.includes('--margin')) {
  for (const { what, measured, target } of await marginFigures())
    process.stdout.write(`| ${what} | ${measured} | ${target} |\n`);
  process.exit(0);
}
const growth = process.argv.indexOf('--growth');
if (growth >= 0) {
  process.stdout.write(
    `${await growthRun(process.argv.slice(growth + 1).filter((word) => !word.startsWith('-')))}\n`,
  );
  process.exit(0);
}
const directory = join(import.meta.dirname, '..', '..', 'reports');
const figures: Figure[] = [];
process.stderr.write('pure libraries …\n');
figures.push(...quantitativeFigures(), ...markFigures());
process.stderr.write('liquidations …\n');
const liquidations = await liquidationFigures();
figures.push(...liquidations.figures);
process.stderr.write('pools …\n');
const pools = await poolFigures();
figures.push(...pools.figures);
process.stderr.write('quotes over REST …\n');
figures.push(...(await quoteFigures(QUICK ? 1 : 4)));
process.stderr.write('quotes over Kafka …\n');
figures.push(...(await kafkaQuoteFigures(QUICK ? 1 : 15)));
if (!QUICK) process.stderr.write('proofs …\n');
// Proofs take minutes each, and the project `proof` of the tests makes every kind.
const proofs = QUICK ? { figures: [], circuits: [] } : await proofFigures();
figures.push(...proofs.figures);
process.stderr.write('agreement with the peers …\n');
const compared = comparePeers();
const agreement = compared && [...compared, ...liquidations.agreement, ...pools.agreement];
const machine = `${cpus().length} × ${cpus()[0].model}, Node ${process.versions.node}`;
mkdirSync(directory, { recursive: true });
writeFileSync(
  join(directory, 'bench.json'),
  `${JSON.stringify({ machine, figures, circuits: proofs.circuits, agreement }, null, 2)}\n`,
);
process.stdout.write(`${machine}\n\n${figureTable(figures)}\n\n${circuitTable(proofs.circuits)}\n\n`);
process.stdout.write(
  agreement === null
    ? 'peers absent: npm run bench -- --peers installs them\n'
    : `${agreement.map(({ what, worst, tolerance }) => `${what}: ${worst.toExponential(1)} (tolerance ${tolerance.toExponential(0)})`).join('\n')}\n`,
);
const failed = agreement?.filter(({ worst, tolerance }) => !(worst <= tolerance)) ?? [];
process.exit(failed.length > 0 ? 1 : 0);
