// Makes a checkout runnable: installs the locked dependencies and compiles, each only when its input has changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { osqpIsBuilt } from '../libs/osqp-wasm/build.mjs';
import { kernelSources } from '../libs/pools/build.mjs';
import { contractSources } from './contracts.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const SOURCE_FOLDERS = ['apps', 'libs', 'migrations', 'test', 'bench', 'examples'];

function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files)
    hash.update(relative(root, file)).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

function sources(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : sources(path);
    return path.endsWith('.ts') ? [path] : [];
  });
}

function stampHolds(file, stamp) {
  return existsSync(file) && readFileSync(file, 'utf8') === stamp;
}

function run(what, command, args) {
  process.stderr.write(`${what} …\n`);
  const started = Date.now();
  const { status, signal, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (error) throw error;
  if (signal) process.exit(130);
  if (status !== 0) {
    process.stderr.write(`${what} failed\n`);
    process.exit(status ?? 1);
  }
  process.stderr.write(`${what}: ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}

/** Installs and compiles what is out of date. */
export function bootstrap() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    process.stderr.write(`zkrisk needs Node 20.19 or later, this is ${process.versions.node}\n`);
    process.exit(1);
  }
  const lock = hashOf([join(root, 'package-lock.json')]);
  const installed = join(root, 'node_modules', '.zkrisk-installed');
  if (!stampHolds(installed, lock)) {
    run('installing dependencies', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
    writeFileSync(installed, lock);
  }
  const osqp = join(root, 'libs', 'osqp-wasm');
  if (!osqpIsBuilt()) run('building OSQP in WebAssembly', process.execPath, [join(osqp, 'build.mjs')]);
  const files = [
    ...SOURCE_FOLDERS.flatMap((folder) => sources(join(root, folder))).sort(),
    join(root, 'tsconfig.json'),
    join(osqp, 'tsconfig.json'),
  ];
  const compiled = join(root, 'dist', '.zkrisk-compiled');
  const stamp = hashOf(files) + lock;
  if (!stampHolds(compiled, stamp)) {
    if (!existsSync(compiled)) {
      for (const folder of [root, osqp]) rmSync(join(folder, 'dist'), { recursive: true, force: true });
    }
    rmSync(compiled, { force: true });
    // The workspace package first: the rest imports what it compiles to.
    for (const project of [osqp, root]) {
      // TypeScript 7 compiles in a third of the time; typescript-eslint still needs the API of TypeScript 6.
      const tsc = join(root, 'node_modules', 'typescript-native', 'bin', 'tsc');
      run(`compiling ${relative(root, project) || 'zkrisk'}`, process.execPath, [tsc, '-p', project]);
    }
    for (const folder of SOURCE_FOLDERS) {
      const output = join(root, 'dist', folder);
      if (existsSync(output)) removeOrphans(output, join(root, folder));
    }
    removeOrphans(join(osqp, 'dist'), join(osqp, 'src'));
    mkdirSync(join(root, 'dist'), { recursive: true });
    writeFileSync(compiled, stamp);
  }
  const kernel = kernelSources().map((path) => join(root, path));
  const kernelStamp = hashOf(kernel) + lock;
  const kernelCompiled = join(root, 'dist', 'libs', 'pools', 'native', '.compiled');
  if (!stampHolds(kernelCompiled, kernelStamp)) {
    run('compiling the pools’ kernel', process.execPath, [join(root, 'libs', 'pools', 'build.mjs')]);
    writeFileSync(kernelCompiled, kernelStamp);
  }
  const contracts = [...contractSources(), 'scripts/contracts.mjs'].map((path) => join(root, path));
  const contractsStamp = hashOf(contracts) + lock;
  const contractsCompiled = join(root, 'dist', 'contracts', '.compiled');
  if (!stampHolds(contractsCompiled, contractsStamp)) {
    run('compiling contracts', process.execPath, [join(root, 'scripts', 'contracts.mjs')]);
    writeFileSync(contractsCompiled, contractsStamp);
  }
}

/** Output whose source is gone would still be run as a test. */
function removeOrphans(output, sourceFolder) {
  for (const entry of readdirSync(output, { withFileTypes: true })) {
    const path = join(output, entry.name);
    const source = join(sourceFolder, entry.name);
    if (entry.isDirectory()) removeOrphans(path, source);
    else if (path.endsWith('.js') && !existsSync(source.replace(/\.js$/, '.ts'))) {
      for (const orphan of [path, `${path}.map`]) rmSync(orphan, { force: true });
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) bootstrap();
