// `npm test`: format, lint, types, then every test. Ends with one line: N passed, N failed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootstrap, root } from './bootstrap.mjs';

const bin = (name) => join(root, 'node_modules', '.bin', name);
const filters = process.argv.slice(2);

bootstrap();

let failedChecks = 0;
let passedChecks = 0;
function check(what, command, args) {
  process.stdout.write(`${what} …\n`);
  const started = Date.now();
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${what}: ${status === 0 ? 'ok' : 'FAILED'}, ${seconds} s\n`);
  if (status === 0) passedChecks++;
  else failedChecks++;
}

if (filters.length === 0) {
  check('format', bin('prettier'), ['--check', '--log-level', 'warn', '.']);
  check('lint', bin('eslint'), ['.', '--max-warnings', '0']);
}

let contractsPassed = 0;
let contractsFailed = 0;
if (filters.length === 0) {
  process.stdout.write('contracts …\n');
  // Gas is compared with what is committed; without this variable it would be written anew.
  const env = { ...process.env, FORGE_SNAPSHOT_CHECK: 'true' };
  const { stdout, stderr } = spawnSync(bin('forge'), ['test'], { cwd: root, env, encoding: 'utf8' });
  const output = `${stdout}${stderr}`;
  const results = output.split('\n').filter((line) => /^(\[(PASS|FAIL)|Suite|Error)|snapshots/i.test(line));
  process.stdout.write(`${results.join('\n')}\n`);
  const summary = /(\d+) tests passed, (\d+) failed/.exec(output);
  contractsPassed = Number(summary?.[1] ?? 0);
  contractsFailed = Number(summary?.[2] ?? 0);
  // Its wrapper ends with 0 whatever happened: what it prints is what counts.
  if (summary === null || /Snapshots differ/.test(output)) {
    process.stdout.write(output);
    contractsFailed++;
  }
}

// Proofs, and services in processes with their broker, take every core for minutes: tests of time and of kills would time out
// beside them.
const ROUNDS = [
  ['libs/proofs/', 'test/pool', 'test/prover', 'test/settlement', 'test/settling'],
  ['test/event-log', 'test/topology', 'test/fuzz', 'test/secure-connections'],
].map((paths) => paths.map((path) => `dist/${path}`));
const rounds =
  filters.length > 0
    ? [filters]
    : [
        ROUNDS.flat().map((path) => `--exclude=${path}**`),
        ROUNDS[0],
        // One file after the other.
        [...ROUNDS[1], '--no-file-parallelism'],
      ];

let passed = passedChecks + contractsPassed;
let failed = failedChecks + contractsFailed;
let skipped = 0;
for (const round of rounds) {
  const folder = mkdtempSync(join(tmpdir(), 'zkrisk-test-'));
  const results = join(folder, 'results.json');
  const { status } = spawnSync(
    bin('vitest'),
    ['run', '--reporter=default', '--reporter=json', `--outputFile=${results}`, ...round],
    { cwd: root, stdio: 'inherit' },
  );
  let roundFailed = 0;
  try {
    const summary = JSON.parse(readFileSync(results, 'utf8'));
    passed += summary.numPassedTests;
    roundFailed =
      summary.numFailedTests + (summary.numFailedTestSuites > 0 && summary.numFailedTests === 0 ? 1 : 0);
    skipped += summary.numPendingTests;
  } catch (error) {
    process.stderr.write(`no test results: ${error.message}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  failed += status !== 0 && roundFailed === 0 ? 1 : roundFailed;
}
process.stdout.write(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
process.exit(failed === 0 ? 0 : 1);
