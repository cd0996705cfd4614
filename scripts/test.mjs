// `npm test`: format, lint, types, contracts, unit and service specs, one small proof. `npm run test:all`: all that, system
// specs and every proof; `-- --rest` leaves out the specs of `npm test`. `node scripts/test.mjs PATH …`: the specs of these paths.
// docs/internals/testing.md describes the projects. The last line is "N passed, N failed", with ", N skipped" and ", N files had no time" where
// there were any.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootstrap, root } from './bootstrap.mjs';
import { outputOf } from './child-output.mjs';
import { NO_NATIVE } from './proving-keys.mjs';
import { testContracts } from './test-contracts.mjs';
import { budgetVerdict, runLanes, specJobs } from './test-lanes.mjs';
import { RESULTS_FILE } from './vitest-results.mjs';

/** The proof that `npm test` makes: the smallest circuit. */
const SMALL_PROOF = 'dist/libs/rules/src/provers.proof.spec.js';
/** A file whose content, options and prettier have not changed since it was found well formatted is not parsed again. */
const FORMAT = ['--cache', '--cache-strategy', 'content'];
/** Skipped tests whose names hold this need real prices, which are never committed. */
const NEEDS_PRICES = '(needs ../shared/data)';
/** A tool that no registry of ours has: `.ci/run` installs it where the system's packages can be had. */
const NEEDS_PROMTOOL = '(needs promtool)';
const SLOWEST = 10;

const bin = (name) => join(root, 'node_modules', '.bin', name);
const args = process.argv.slice(2);
const paths = args.filter((arg) => !arg.startsWith('--'));
const all = args.includes('--all') || args.includes('--rest');
const quick = !args.includes('--rest');

const total = { passed: 0, failed: 0, skipped: [], late: [], failures: [], files: [], cpuSeconds: 0 };

/** Counts a step as one test and says how long it took. */
async function step(what, run) {
  process.stdout.write(`${what} …\n`);
  const started = Date.now();
  const ok = await run();
  process.stdout.write(`${what}: ${ok ? 'ok' : 'FAILED'}, ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
  total[ok ? 'passed' : 'failed']++;
  if (!ok) total.failures.push(what);
}

/** Checks format and lint, and tests the contracts beside them: prettier keeps one core busy, the others the other one. */
async function checkSources() {
  const check = (what, command, ...options) =>
    step(what, async () => {
      const { status, output } = await outputOf(command, options, { cwd: root });
      if (status !== 0) process.stdout.write(output);
      return status === 0;
    });
  const [, , contracts] = await Promise.all([
    check('lint', bin('oxlint')),
    check('format', bin('prettier'), ...FORMAT, '--check', '--log-level', 'warn', '.'),
    testContracts(),
  ]);
  total.passed += contracts.passed;
  total.failed += contracts.failed;
  if (contracts.failed > 0) total.failures.push('contracts');
}

/**
 * Runs specs and adds their results to the total.
 *
 * @param beside how it runs beside others (`outputOf`): its output is shown when it has ended
 */
async function specs(options, beside) {
  const folder = mkdtempSync(join(tmpdir(), 'zkrisk-test-'));
  const file = join(folder, 'results.json');
  const reporter = join(root, 'scripts', 'vitest-results.mjs');
  const command = ['run', '--reporter=default', `--reporter=${reporter}`, ...options];
  const env = { ...process.env, ...beside?.env, [RESULTS_FILE]: file };
  const ended = await outputOf(bin('vitest'), command, {
    cwd: root,
    shown: beside === undefined,
    ...beside,
    env,
  });
  process.stdout.write(ended.output);
  total.cpuSeconds += ended.cpuSeconds ?? 0;
  let failed = 0;
  try {
    const results = JSON.parse(readFileSync(file, 'utf8'));
    failed = results.failed;
    total.passed += results.passed;
    total.skipped.push(...results.skipped);
    total.failures.push(...results.failures);
    const alone = results.files.length === 1 ? { alone: true, cpuSeconds: ended.cpuSeconds } : {};
    total.files.push(...results.files.map((one) => ({ ...one, ...alone })));
  } catch (error) {
    // Ended at the deadline, before it had any.
    if (beside?.signal?.aborted) {
      total.late.push(options.at(-1));
      return;
    }
    process.stderr.write(`no test results: ${error.message}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const crashed = ended.status !== 0 && failed === 0;
  if (crashed) total.failures.push(`vitest ${options.join(' ')}: ended with status ${ended.status}`);
  total.failed += crashed ? 1 : failed;
}

/** All that `npm test` leaves out, in lanes, within a budget of time. */
async function theRest(begun) {
  // Properties at examples that `npm test` does not draw; forged certificates, of which it tries 10,000.
  process.env.PROPERTY_SEED ??= String(Date.now() % 2 ** 31);
  process.env.FORGERIES ??= '250000';
  process.stdout.write(`properties draw from seed ${process.env.PROPERTY_SEED}\n`);
  const jobs = [
    ...(await specJobs(quick ? undefined : SMALL_PROOF)),
    { name: 'properties', options: ['--project', 'unit', ...propertySpecs()], lane: 'busy' },
    { name: 'forgeries', options: ['--project', 'unit', 'verify/forgery'], lane: 'busy' },
  ];
  const { default: startSharedDatabase } = await import(
    join(root, 'dist', 'test', 'support', 'shared-database.js')
  );
  const stopDatabase = await startSharedDatabase();
  const proving = {};
  const run = async (job, { niceness, signal }) => {
    const elapsed = () => ((Date.now() - begun) / 60_000).toFixed(1);
    process.stdout.write(`at ${elapsed()} min: ${job.name} begins\n`);
    await specs(job.options, { niceness, signal, env: job.proves ? proving : {} });
  };
  try {
    const late = await runLanes(jobs, prepareProofs(proving), run, begun);
    total.late.push(...late);
  } finally {
    await stopDatabase();
  }
}

/** Makes native ezkl and the proving keys, and says in `proving` by which backend proofs are made. */
async function prepareProofs(proving) {
  process.stdout.write('proving keys …\n');
  const script = join(root, 'scripts', 'proving-keys.mjs');
  const { status, output, cpuSeconds } = await outputOf(process.execPath, [script], { cwd: root });
  total.cpuSeconds += cpuSeconds ?? 0;
  process.stdout.write(`${output}proving keys: ${cpuSeconds?.toFixed(0) ?? '?'} s of CPU\n`);
  if (status === 0) proving.PROVER_BACKEND = 'native';
  else if (status !== NO_NATIVE) total.failures.push(`proving keys: ended with status ${status}`);
  total[status === 0 || status === NO_NATIVE ? 'passed' : 'failed']++;
}

/** The compiled unit specs that state properties: they, or what they import from test/support, draw examples. */
function propertySpecs() {
  const compiled = ['libs', 'apps', 'test/adversary'].flatMap((folder) =>
    readdirSync(join(root, 'dist', folder), { recursive: true }).map((path) => join('dist', folder, path)),
  );
  return compiled.filter(
    (path) =>
      /(?<!\.proof)\.spec\.js$/.test(path) &&
      !/adversary.(service|system)/.test(path) &&
      /from '(fast-check|.*\/support\/arbitraries\.js)'/.test(readFileSync(join(root, path), 'utf8')),
  );
}

/** Where CI runs, a test may be skipped for want of prices or of promtool, and for nothing else. */
function judgeSkips() {
  const unexpected = total.skipped.filter(
    (name) => ![NEEDS_PRICES, NEEDS_PROMTOOL].some((need) => name.includes(need)),
  );
  for (const name of total.skipped) process.stdout.write(`skipped: ${name}\n`);
  if (process.env.CI === undefined || unexpected.length === 0) return;
  process.stdout.write(`${unexpected.length} of these need neither: in CI that is a failure\n`);
  total.failed += unexpected.length;
}

/** The ten slowest files; of a complete run the files that ran alone: system specs, proofs, the forgeries. */
function printSlowest() {
  const longest = total.files.sort((a, b) => b.seconds - a.seconds);
  const slowest = all ? longest.filter(({ alone }) => alone) : longest.slice(0, SLOWEST);
  const column = (seconds) => (seconds === undefined ? '' : `${seconds.toFixed(1)} s`).padStart(10);
  process.stdout.write(
    `\n${slowest.length} files, the slowest first: seconds, and seconds of CPU of those that ran alone\n`,
  );
  for (const { name, seconds, cpuSeconds } of slowest)
    process.stdout.write(`${column(seconds)}${column(cpuSeconds)}  ${name}\n`);
}

const started = Date.now();
if (paths.length > 0) {
  await bootstrap();
  await specs(paths);
} else {
  // Compiling is the check of types: bootstrap ends the process where it fails.
  await step('types', async () => (await bootstrap()) === undefined);
  if (quick) {
    await checkSources();
    await specs(['--project', 'unit']);
    await specs(['--project', 'service']);
    if (!all) await specs(['--project', 'proof', SMALL_PROOF]);
  }
  if (all) {
    const [begun, before] = [Date.now(), total.cpuSeconds];
    await theRest(begun);
    const verdict = budgetVerdict((Date.now() - begun) / 1000, total.cpuSeconds - before);
    process.stdout.write(`\nthe rest: ${verdict}\n`);
  }
}
printSlowest();
judgeSkips();
const minutes = ((Date.now() - started) / 60_000).toFixed(1);
process.stdout.write(`${minutes} minutes\n`);
for (const failure of total.failures) process.stdout.write(`failed: ${failure}\n`);
for (const name of total.late) process.stdout.write(`not run: no time was left for ${name}\n`);
const skipped = total.skipped.length > 0 ? `, ${total.skipped.length} skipped` : '';
const late = total.late.length > 0 ? `, ${total.late.length} files had no time` : '';
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed${skipped}${late}\n`);
// CI's hour is shared with `npm test`, and its machine may be slower: what has run decides there.
const incomplete = total.late.length > 0 && process.env.CI === undefined;
process.exit(total.failed === 0 && !incomplete ? 0 : 1);
