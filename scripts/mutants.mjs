// `npm run mutants`: mutation testing by Stryker on the compiled code of the areas below; `-- AREA …` runs some of them, `-- AREA/FILE …`
// some of their files, such as `risk/evar`. Results are kept in reports/mutants, and only mutants whose code or specs have changed are
// tried again. `--specs PATTERN` asks the specs whose paths match alone: quick, and mutants that they notice need not be tried again.
// `--sample PERCENT` tries a random sample (`--seed N`, 1) and says how far the score may be off. An area whose score is below 85 %
// fails. docs/internals/testing.md has the figures and explains the survivors.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bootstrap, root } from './bootstrap.mjs';
import { sampled } from './mutants-runner.mjs';

const LEAST = 85;
/** The last version for Node 20. */
const STRYKER = '9.6.1';

/** Mutated code, and the beginnings of the paths of the specs that have to notice. */
const AREAS = {
  amounts: { folder: 'libs/amounts/src', mutate: ['*'], specs: ['libs/amounts/src/'] },
  risk: { folder: 'libs/risk/src', mutate: ['*'], specs: ['libs/risk/src/'] },
  exchange: {
    folder: 'libs/exchange/src',
    mutate: ['**/*'],
    specs: [
      'libs/exchange/src/',
      ...['law-', 'liquidators', 'matches', 'orders'].map((name) => `test/adversary/${name}`),
    ],
  },
  verify: {
    folder: 'libs/liquidation/src',
    mutate: ['verify/*', 'certificate/*'],
    specs: ['libs/liquidation/src/verify/', 'libs/liquidation/src/certificate/'],
  },
  sender: {
    folder: 'libs/chain/src',
    mutate: ['sender', 'revert-reason'],
    specs: ['libs/chain/src/sender', 'libs/chain/src/revert-reason'],
  },
};

/** Installs Stryker at first use: a hundred packages that no other command needs. */
function installStryker() {
  const folder = join(root, 'node_modules', '.cache', 'zkrisk', `stryker-${STRYKER}`);
  const done = join(folder, '.installed');
  if (!existsSync(done)) {
    process.stderr.write('installing Stryker …\n');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    const flags = ['--no-audit', '--no-fund', '--loglevel=error', '--legacy-peer-deps'];
    const { status } = spawnSync('npm', ['install', ...flags, `@stryker-mutator/core@${STRYKER}`], {
      cwd: folder,
      stdio: 'inherit',
    });
    if (status !== 0) throw new Error('Stryker could not be installed');
    writeFileSync(done, STRYKER);
  }
  return join(folder, 'node_modules');
}

/** The compiled specs whose paths begin so. */
function specsOf(beginnings) {
  const files = ['libs', 'test'].flatMap((folder) =>
    readdirSync(join(root, 'dist', folder), { recursive: true }).map((file) => `${folder}/${file}`),
  );
  return files
    .filter(
      (file) =>
        /(?<!\.proof)\.spec\.js$/.test(file) &&
        beginnings.some((each) => file.startsWith(each)) &&
        asked.test(file),
    )
    .map((file) => `dist/${file}`);
}

const reports = join(root, 'reports', 'mutants');

/**
 * @param {string[]} files the area's files to mutate; none: all
 * @returns {{ score: number, noticed: number, unnoticed: number } | undefined} a timeout counts as noticed; undefined: Stryker has failed
 */
function mutate(name, { folder, mutate, specs }, files) {
  const mutated = files.length > 0 ? files.map((file) => `**/${file}`) : mutate;
  const report = join(reports, `${name}.json`);
  const config = {
    testRunner: 'specs',
    plugins: [join(root, 'scripts', 'mutants-runner.mjs')],
    coverageAnalysis: 'perTest',
    mutate: [
      ...mutated.map((each) => `dist/${folder}/${each}.js`),
      '!dist/**/*.spec.js',
      '!dist/**/index.js',
    ],
    // The wording of messages is not measured.
    mutator: { excludedMutations: ['StringLiteral'] },
    ignoreStatic: true,
    // The sandbox needs the files that specs import and read, and no others.
    ignorePatterns: [
      '**',
      '!dist/{apps,libs,test}/**',
      '!dist/contracts/*.json',
      '!test/vectors/**',
      '!package*.json',
    ],
    reporters: ['clear-text', 'progress', 'json'],
    clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
    jsonReporter: { fileName: report },
    concurrency: Number(process.env.ZKRISK_MUTANT_WORKERS ?? 1),
    // On a busy machine a test may take some times as long; a loop without end is given up after that.
    timeoutMS: 5_000,
    timeoutFactor: 4,
    tempDirName: join('reports', 'mutants', 'sandbox'),
    allowConsoleColors: false,
  };
  const file = join(reports, `${name}.config.json`);
  writeFileSync(file, JSON.stringify(config));
  const { status } = spawnSync(join(modules, '.bin', 'stryker'), ['run', file], {
    cwd: root,
    stdio: 'inherit',
    // Forged certificates are many, and each is judged alike.
    env: {
      ...process.env,
      ...{ ZKRISK_MUTANT_SPECS: specsOf(specs).join(','), FORGERIES: '100' },
      ZKRISK_MUTANT_RESULTS: join(reports, `${name}.results`),
      ...(sample && { ZKRISK_MUTANT_SAMPLE: JSON.stringify(sample) }),
    },
  });
  if (status !== 0) return undefined;
  const { files: results } = JSON.parse(readFileSync(report, 'utf8'));
  const mutants = Object.values(results)
    .flatMap((each) => each.mutants)
    .filter(({ id }) => sample === undefined || sampled(id, sample));
  const count = (...states) => mutants.filter(({ status: state }) => states.includes(state)).length;
  const noticed = count('Killed', 'Timeout');
  const unnoticed = count('Survived', 'NoCoverage');
  return { noticed, unnoticed, score: (100 * noticed) / (noticed + unnoticed) };
}

/** The interval that holds the share of all with 95 % (Wilson), percent. */
function interval(noticed, tried) {
  const z = 1.96;
  const share = noticed / tried;
  const middle = share + z ** 2 / (2 * tried);
  const reach = z * Math.sqrt((share * (1 - share)) / tried + (z / (2 * tried)) ** 2);
  return [middle - reach, middle + reach].map((end) => ((100 * end) / (1 + z ** 2 / tried)).toFixed(1));
}

await bootstrap();
const modules = installStryker();
mkdirSync(reports, { recursive: true });
const wanted = new Map();
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    specs: { type: 'string', default: '' },
  },
});
const asked = new RegExp(values.specs);
const sample = values.sample && { percent: Number(values.sample), seed: Number(values.seed) };
if (sample && !(sample.percent > 0 && sample.percent <= 100 && Number.isInteger(sample.seed))) {
  process.stderr.write('--sample takes a percentage above 0 and up to 100, --seed a whole number\n');
  process.exit(2);
}
for (const argument of positionals) {
  const [area, ...file] = argument.split('/');
  const files = wanted.get(area) ?? [];
  wanted.set(area, file.length > 0 ? [...files, file.join('/')] : files);
}
const unknown = [...wanted.keys()].filter((name) => !(name in AREAS));
if (unknown.length > 0) {
  process.stderr.write(`no area ${unknown.join(', ')}; there are ${Object.keys(AREAS).join(', ')}\n`);
  process.exit(2);
}
let failed = 0;
const lines = [];
for (const name of wanted.size > 0 ? wanted.keys() : Object.keys(AREAS)) {
  const result = mutate(name, AREAS[name], wanted.get(name) ?? []);
  if (result === undefined || result.score < LEAST) failed++;
  lines.push(
    result === undefined
      ? `${name}: Stryker has failed`
      : `${name}: ${result.score.toFixed(1)} %, ${result.noticed} mutants noticed, ${result.unnoticed} not${sample ? `; of all ${interval(result.noticed, result.noticed + result.unnoticed).join(' to ')} % with 95 % (sample of ${sample.percent} %, seed ${sample.seed})` : ''}`,
  );
}
process.stdout.write(`\n${lines.join('\n')}\n`);
process.exit(failed === 0 ? 0 : 1);
