// `npm test`: format, lint, types, contracts, unit and service specs, one small proof. `npm run test:all`: all that, system
// specs and every proof; `-- --rest` leaves out the specs of `npm test`. `node scripts/test.mjs PATH …`: the specs of these paths.
// docs/internals/testing.md describes the projects. The last line is "N passed, N failed", and ", N skipped" where some were skipped.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { bootstrap, root } from './bootstrap.mjs';
import { outputOf, testContracts } from './test-contracts.mjs';
import { RESULTS_FILE } from './vitest-results.mjs';

/** The proof that `npm test` makes: the smallest circuit. */
const SMALL_PROOF = 'dist/libs/rules/src/provers.proof.spec.js';
/** Proof specs that take minutes, the longest first. */
const LONG_PROOFS = [
  ...['proof/correction', 'src/bar.proof', 'proof/settling', 'proof/rule-kinds', 'rule-templates'],
  ...[
    'proof/challenges',
    'proof/settlement',
    'proof/rules',
    'proof/two-proofs',
    'proof/prover',
    'proof/notebook',
  ],
];
/** A file whose content, options and prettier have not changed since it was found well formatted is not parsed again. */
const FORMAT = ['--cache', '--cache-strategy', 'content'];
/** Skipped tests whose names hold this need real prices, which are never committed. */
const NEEDS_PRICES = '(needs ../shared/data)';
const SLOWEST = 10;

const bin = (name) => join(root, 'node_modules', '.bin', name);
const args = process.argv.slice(2);
const paths = args.filter((arg) => !arg.startsWith('--'));
const all = args.includes('--all') || args.includes('--rest');
const quick = !args.includes('--rest');

const total = { passed: 0, failed: 0, skipped: [], failures: [], files: [] };

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
 * @param aside whether others run beside them that come first; the output is shown when they are done
 */
async function specs(options, aside = false) {
  const folder = mkdtempSync(join(tmpdir(), 'zkrisk-test-'));
  const file = join(folder, 'results.json');
  const reporter = join(root, 'scripts', 'vitest-results.mjs');
  const command = ['run', '--reporter=default', `--reporter=${reporter}`, ...options];
  const started = { cwd: root, env: { ...process.env, [RESULTS_FILE]: file } };
  let status;
  if (aside) {
    const ended = await outputOf(bin('vitest'), command, { ...started, niceness: 10 });
    ({ status } = ended);
    process.stdout.write(ended.output);
  } else {
    const child = spawn(bin('vitest'), command, { ...started, stdio: 'inherit' });
    [status] = await once(child, 'close');
  }
  let failed = 0;
  try {
    const results = JSON.parse(readFileSync(file, 'utf8'));
    failed = results.failed;
    total.passed += results.passed;
    total.skipped.push(...results.skipped);
    total.failures.push(...results.failures);
    total.files.push(...results.files);
  } catch (error) {
    process.stderr.write(`no test results: ${error.message}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const crashed = status !== 0 && failed === 0;
  if (crashed) total.failures.push(`vitest ${options.join(' ')}: ended with status ${status}`);
  total.failed += crashed ? 1 : failed;
}

/** The proof specs, those that take longest first: a long one that begins last would leave a core idle. */
async function proofSpecs() {
  const { output } = await outputOf(bin('vitest'), ['list', '--project', 'proof', '--filesOnly', '--json'], {
    cwd: root,
  });
  const files = JSON.parse(output.slice(output.indexOf('['))).map(({ file }) => relative(root, file));
  const place = (file) => {
    const at = LONG_PROOFS.findIndex((name) => file.includes(name));
    return at < 0 ? LONG_PROOFS.length : at;
  };
  return files.sort((a, b) => place(a) - place(b) || a.localeCompare(b));
}

/**
 * System specs one after the other, and two proofs at a time beside them, which only take the time of processors that services leave:
 * time limits hold as if there were no proofs.
 */
async function systemAndProofs() {
  const proofs = (await proofSpecs()).filter((file) => quick || file !== SMALL_PROOF);
  if (proofs.length === 0) throw new Error('vitest lists no proof specs');
  const lane = async () => {
    for (let file = proofs.shift(); file !== undefined; file = proofs.shift())
      await specs(['--project', 'proof', file], true);
  };
  await Promise.all([specs(['--project', 'system']), lane(), lane()]);
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

/** Where CI runs, a test may be skipped for want of prices and for nothing else. */
function judgeSkips() {
  const unexpected = total.skipped.filter((name) => !name.includes(NEEDS_PRICES));
  for (const name of total.skipped) process.stdout.write(`skipped: ${name}\n`);
  if (process.env.CI === undefined || unexpected.length === 0) return;
  process.stdout.write(`${unexpected.length} of these need no prices: in CI that is a failure\n`);
  total.failed += unexpected.length;
}

function printSlowest() {
  const slowest = total.files.sort((a, b) => b.seconds - a.seconds).slice(0, SLOWEST);
  process.stdout.write(`\nslowest ${slowest.length} files:\n`);
  for (const { name, seconds } of slowest)
    process.stdout.write(`${seconds.toFixed(1).padStart(8)} s  ${name}\n`);
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
    // Properties at examples that `npm test` does not draw.
    process.env.PROPERTY_SEED ??= String(Date.now() % 2 ** 31);
    process.stdout.write(`properties draw from seed ${process.env.PROPERTY_SEED}\n`);
    await specs(['--project', 'unit', ...propertySpecs()]);
    // A million forged certificates; `npm test` tries a hundredth.
    process.env.FORGERIES ??= '1000000';
    await specs(['--project', 'unit', 'verify/forgery']);
    await systemAndProofs();
  }
}
printSlowest();
judgeSkips();
const minutes = ((Date.now() - started) / 60_000).toFixed(1);
process.stdout.write(`${minutes} minutes\n`);
for (const failure of total.failures) process.stdout.write(`failed: ${failure}\n`);
const skipped = total.skipped.length > 0 ? `, ${total.skipped.length} skipped` : '';
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed${skipped}\n`);
process.exit(total.failed === 0 ? 0 : 1);
