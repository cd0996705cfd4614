// `npm run analyse`: the contracts under two checkers that do not run them. slither looks for known faults; every finding has a reason
// in contracts/slither.json, or the script fails, and so does a reason without a finding. halmos executes the `check_` functions of
// contracts/test/symbolic on symbols: what it proves holds for every input. `-- slither` and `-- halmos` run one of them.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const contracts = join(root, 'contracts');
const venv = join(contracts, '.venv');
const bin = (name) => join(venv, process.platform === 'win32' ? 'Scripts' : 'bin', name);
const REASONS = join(contracts, 'slither.json');
/** Longest that one property may take, milliseconds. */
const SOLVER_TIMEOUT = 120_000;

function environment() {
  if (existsSync(bin('slither'))) return;
  const run = (command, args) => spawnSync(command, args, { stdio: ['ignore', 2, 2] }).status === 0;
  const made =
    run(process.env.PYTHON ?? 'python3', ['-m', 'venv', venv]) &&
    run(bin('python'), ['-m', 'pip', 'install', '--quiet', '-r', join(contracts, 'requirements.txt')]);
  if (made) return;
  rmSync(venv, { recursive: true, force: true });
  process.exit(1);
}

/** Our contracts with everything they import, by path from the root. */
function sources() {
  const found = {};
  const add = (path) => {
    if (path in found) return;
    const content = readFileSync(join(root, path), 'utf8');
    found[path] = { content };
    for (const [, name] of content.matchAll(/import\s+(?:[^"';]*?from\s+)?["']([^"']+)["']/g))
      add(name.startsWith('.') ? posix.join(posix.dirname(path), name) : `node_modules/${name}`);
  };
  for (const name of readdirSync(join(contracts, 'src'), { recursive: true }))
    if (name.endsWith('.sol')) add(`contracts/src/${name.replaceAll('\\', '/')}`);
  return found;
}

/** Check and place of each finding, once. */
function slitherFindings() {
  // In a folder of its own: beside foundry.toml slither would look for a compiler that is not there.
  const folder = mkdtempSync(join(tmpdir(), 'zkrisk-slither-'));
  try {
    for (const name of ['contracts', 'node_modules'])
      symlinkSync(realpathSync(join(root, name)), join(folder, name));
    const settings = {
      remappings: ['@openzeppelin/=node_modules/@openzeppelin/', 'solady/=node_modules/solady/'],
      evmVersion: 'cancun',
      optimizer: { enabled: true, runs: 200 },
      outputSelection: {
        '*': {
          '*': ['abi', 'metadata', 'devdoc', 'userdoc', 'evm.bytecode', 'evm.deployedBytecode'],
          '': ['ast'],
        },
      },
    };
    const input = { language: 'Solidity', sources: sources(), settings };
    writeFileSync(join(folder, 'input.json'), JSON.stringify(input));
    const { stderr } = spawnSync(
      bin('slither'),
      [
        ...['input.json', '--compile-force-framework', 'Solc-json', '--solc', join(contracts, 'solc.mjs')],
        ...['--filter-paths', 'node_modules', '--json', 'found.json'],
      ],
      { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 28 },
    );
    const output = join(folder, 'found.json');
    if (!existsSync(output)) throw new Error(`slither failed: ${stderr.slice(-2000)}`);
    const { success, error, results } = JSON.parse(readFileSync(output, 'utf8'));
    if (!success) throw new Error(`slither failed: ${error}`);
    const placeOf = ({ name, type_specific_fields: fields }) =>
      fields?.parent === undefined ? name : `${fields.parent.name}.${name}`;
    return [
      ...new Set((results.detectors ?? []).map((of) => `${of.check} ${placeOf(of.elements[0])}`)),
    ].sort();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns whether every finding has a reason, and every reason a finding */
function slither() {
  const found = slitherFindings();
  const reasons = JSON.parse(readFileSync(REASONS, 'utf8'));
  const explained = new Set(
    reasons.flatMap(({ check, places }) => places.map((place) => `${check} ${place}`)),
  );
  const fresh = found.filter((finding) => !explained.has(finding));
  const gone = [...explained].filter((finding) => !found.includes(finding));
  for (const finding of fresh) process.stdout.write(`no reason in contracts/slither.json: ${finding}\n`);
  for (const finding of gone) process.stdout.write(`not found any more: ${finding}\n`);
  process.stdout.write(`slither: ${found.length} findings, ${fresh.length} without a reason\n`);
  return fresh.length + gone.length === 0;
}

/** @returns whether every property holds, and those of quotients */
function halmos() {
  const lemmas = join(contracts, 'test', 'symbolic', 'quotients.py');
  if (spawnSync(bin('python'), [lemmas], { stdio: 'inherit' }).status !== 0) return false;
  const { status } = spawnSync(
    bin('halmos'),
    [
      ...['--match-contract', 'Symbolic', '--solver-timeout-assertion', String(SOLVER_TIMEOUT)],
      ...['--forge-build-out', 'dist/contracts/out'],
    ],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH}` },
    },
  );
  return status === 0;
}

environment();
const chosen = process.argv.slice(2);
const runs = Object.entries({ slither, halmos }).filter(
  ([name]) => chosen.length === 0 || chosen.includes(name),
);
const failed = runs.filter(([, run]) => !run()).map(([name]) => name);
process.stdout.write(failed.length === 0 ? 'holds\n' : `does not hold: ${failed.join(', ')}\n`);
process.exit(failed.length === 0 ? 0 : 1);
