// `npm run mutants`: mutation testing by Stryker on the compiled code of the areas below, `-- AREA …` for some. An area
// whose score is below 85 % fails. docs/internals/testing.md has the figures and explains the survivors that are equivalent.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, root } from './bootstrap.mjs';

const LEAST = 85;
/** The last version for Node 20. */
const STRYKER = '9.6.1';

/** Mutated code, and the specs that have to notice. */
const AREAS = {
  amounts: { mutate: ['libs/amounts/src/*.js'], specs: ['libs/amounts/src/*.spec.js'] },
  risk: { mutate: ['libs/risk/src/*.js'], specs: ['libs/risk/src/*.spec.js'] },
  exchange: { mutate: ['libs/exchange/src/**/*.js'], specs: ['libs/exchange/src/**/*.spec.js'] },
  verify: {
    mutate: ['libs/liquidation/src/verify/verify.js', 'libs/liquidation/src/certificate/certificate.js'],
    specs: ['libs/liquidation/src/verify/*.spec.js', 'libs/liquidation/src/certificate/*.spec.js'],
  },
  sender: { mutate: ['libs/chain/src/sender.js'], specs: ['libs/chain/src/sender.spec.js'] },
};

/**
 * Installs Stryker at first use: a hundred packages that no other command needs. It runs the vitest of this checkout, which the
 * specs import.
 */
function installStryker() {
  const folder = join(root, 'node_modules', '.cache', 'zkrisk', `stryker-${STRYKER}`);
  const done = join(folder, '.installed');
  if (!existsSync(done)) {
    process.stderr.write('installing Stryker …\n');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    const packages = ['core', 'vitest-runner'].map((name) => `@stryker-mutator/${name}@${STRYKER}`);
    const flags = ['--no-audit', '--no-fund', '--loglevel=error', '--legacy-peer-deps'];
    const { status } = spawnSync('npm', ['install', ...flags, ...packages], {
      cwd: folder,
      stdio: 'inherit',
    });
    if (status !== 0) throw new Error('Stryker could not be installed');
    const vitest = join(folder, 'node_modules', 'vitest');
    rmSync(vitest, { recursive: true, force: true });
    symlinkSync(join(root, 'node_modules', 'vitest'), vitest, 'junction');
    writeFileSync(done, STRYKER);
  }
  return join(folder, 'node_modules');
}

const dist = (path) => `dist/${path}`;
const reports = join(root, 'reports', 'mutants');

/** @returns {{ score: number, noticed: number, unnoticed: number } | undefined} a timeout counts as noticed; undefined: Stryker has failed */
function mutate(name, { mutate, specs }) {
  const report = join(reports, `${name}.json`);
  const config = {
    testRunner: 'vitest',
    plugins: [join(modules, '@stryker-mutator', 'vitest-runner', 'dist', 'src', 'index.js')],
    vitest: { configFile: 'vitest.mutants.config.mjs', related: false },
    coverageAnalysis: 'perTest',
    mutate: [...mutate.map(dist), '!dist/**/*.spec.js', '!dist/**/index.js'],
    // The wording of messages is not measured.
    mutator: { excludedMutations: ['StringLiteral'] },
    ignoreStatic: true,
    // The sandbox needs the files that specs import and read, and no others.
    ignorePatterns: [
      '**',
      '!dist/{libs,test}/**',
      '!dist/contracts/*.json',
      '!test/vectors/**',
      '!package*.json',
      '!vitest.mutants.config.mjs',
    ],
    reporters: ['clear-text', 'progress', 'json'],
    clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
    jsonReporter: { fileName: report },
    concurrency: Number(process.env.ZKRISK_MUTANT_WORKERS ?? 2),
    timeoutMS: 60_000,
    tempDirName: join('reports', 'mutants', 'sandbox'),
    allowConsoleColors: false,
  };
  const file = join(reports, `${name}.config.json`);
  writeFileSync(file, JSON.stringify(config));
  const { status } = spawnSync(join(modules, '.bin', 'stryker'), ['run', file], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ZKRISK_MUTANT_SPECS: specs.map(dist).join(',') },
  });
  if (status !== 0) return undefined;
  const { files } = JSON.parse(readFileSync(report, 'utf8'));
  const mutants = Object.values(files).flatMap((each) => each.mutants);
  const count = (...states) => mutants.filter(({ status: state }) => states.includes(state)).length;
  const noticed = count('Killed', 'Timeout');
  const unnoticed = count('Survived', 'NoCoverage');
  return { noticed, unnoticed, score: (100 * noticed) / (noticed + unnoticed) };
}

await bootstrap();
const modules = installStryker();
mkdirSync(reports, { recursive: true });
const names = process.argv.slice(2);
const unknown = names.filter((name) => !(name in AREAS));
if (unknown.length > 0) {
  process.stderr.write(`no area ${unknown.join(', ')}; there are ${Object.keys(AREAS).join(', ')}\n`);
  process.exit(2);
}
let failed = 0;
const lines = [];
for (const name of names.length > 0 ? names : Object.keys(AREAS)) {
  const result = mutate(name, AREAS[name]);
  if (result === undefined || result.score < LEAST) failed++;
  lines.push(
    result === undefined
      ? `${name}: Stryker has failed`
      : `${name}: ${result.score.toFixed(1)} %, ${result.noticed} mutants noticed, ${result.unnoticed} not`,
  );
}
process.stdout.write(`\n${lines.join('\n')}\n`);
process.exit(failed === 0 ? 0 : 1);
