// Makes a checkout runnable: installs the locked dependencies, compiles TypeScript, contracts and WebAssembly, each only when
// its input has changed, side by side. docs/internals/testing.md says how long each takes.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { osqpRecipe } from '../libs/osqp-wasm/build.mjs';
import { isBuilt, keepBuild, restoreBuild } from './build-cache.mjs';
import { contractsRecipe } from './contracts.mjs';
import { kernelRecipes } from './native-kernel.mjs';
import { webRecipe } from './web.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const SOURCE_FOLDERS = ['apps', 'libs', 'migrations', 'test', 'bench', 'examples'];
/** The page: its types are checked with the rest, Vite bundles it (scripts/web.mjs). */
const PAGE = join(root, 'apps', 'web');
const OSQP = join(root, 'libs', 'osqp-wasm');

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
    return /\.tsx?$/.test(path) ? [path] : [];
  });
}

function stampHolds(file, stamp) {
  return existsSync(file) && readFileSync(file, 'utf8') === stamp;
}

/** Runs one step: a line when it begins and one with its seconds; its output is shown only where it fails. */
async function step(what, command, args) {
  process.stderr.write(`${what} …\n`);
  const started = Date.now();
  const child = spawn(command, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  const [status, signal] = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...end) => resolve(end));
  });
  if (signal) process.exit(130);
  if (status !== 0) {
    process.stderr.write(`${output}${what} failed\n`);
    process.exit(status ?? 1);
  }
  process.stderr.write(`${what}: ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}

const node = (what, ...args) => step(what, process.execPath, args);

/** Installs and compiles whatever is out of date; ends the process where a step fails. */
export async function bootstrap() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    process.stderr.write(`zkrisk needs Node 20.19 or later, this is ${process.versions.node}\n`);
    process.exit(1);
  }
  const lock = hashOf([join(root, 'package-lock.json')]);
  const installed = join(root, 'node_modules', '.zkrisk-installed');
  if (!stampHolds(installed, lock)) {
    await installDependencies();
    writeFileSync(installed, lock);
  }
  const compiled = join(root, 'dist', '.zkrisk-compiled');
  const stamp = typescriptStamp() + lock;
  const compiles = !stampHolds(compiled, stamp);
  // Before anything is written to dist: files without a stamp were left by a build that was cut off.
  if (compiles && !existsSync(compiled)) removeCompiled();
  await Promise.all([
    buildWebAssembly(),
    build('compiling contracts', contractsRecipe(), join('scripts', 'contracts.mjs')),
    build('bundling the page', webRecipe(), join('scripts', 'web.mjs')),
    compiles ? compileTypeScript(compiled, stamp) : undefined,
  ]);
}

/**
 * Installs the locked dependencies. `npm ci` empties node_modules; its cache (proving keys take minutes to make) is put aside and
 * back, also where the last install was cut off.
 */
async function installDependencies() {
  const cache = join(root, 'node_modules', '.cache');
  const aside = join(root, 'dist', '.node-modules-cache');
  if (existsSync(cache) && !existsSync(aside)) {
    mkdirSync(dirname(aside), { recursive: true });
    renameSync(cache, aside);
  }
  await step('installing dependencies', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  if (existsSync(aside)) renameSync(aside, cache);
}

function typescriptStamp() {
  return hashOf([
    ...SOURCE_FOLDERS.flatMap((folder) => sources(join(root, folder))).sort(),
    join(root, 'tsconfig.json'),
    join(PAGE, 'tsconfig.json'),
    join(OSQP, 'tsconfig.json'),
  ]);
}

function removeCompiled() {
  for (const folder of [...SOURCE_FOLDERS, '.tsbuildinfo'])
    rmSync(join(root, 'dist', folder), { recursive: true, force: true });
  rmSync(join(OSQP, 'dist'), { recursive: true, force: true });
}

async function compileTypeScript(compiled, stamp) {
  rmSync(compiled, { force: true });
  // The workspace package first: the rest imports its output.
  for (const project of [OSQP, root, PAGE]) {
    // An alias: the peer range of @nestjs/swagger ends before 7, though it needs no compiler here.
    const tsc = join(root, 'node_modules', 'typescript-native', 'bin', 'tsc');
    await node(`compiling ${relative(root, project) || 'zkrisk'}`, tsc, '-p', project);
  }
  for (const folder of SOURCE_FOLDERS) {
    const output = join(root, 'dist', folder);
    if (existsSync(output)) removeOrphans(output, join(root, folder));
  }
  removeOrphans(join(OSQP, 'dist'), join(OSQP, 'src'));
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(compiled, stamp);
}

/** Runs a build script where neither its folder nor the cache has its recipe's output. */
async function build(what, recipe, script) {
  if (isBuilt(recipe) || restoreBuild(recipe)) return;
  await node(what, join(root, script));
  keepBuild(recipe);
}

/** OSQP and the kernels in one process: loading the compiler takes longer than compiling a kernel. */
async function buildWebAssembly() {
  const recipes = [osqpRecipe(), ...kernelRecipes()].filter((each) => !isBuilt(each) && !restoreBuild(each));
  if (recipes.length === 0) return;
  const names = recipes.map(({ title }) => title).join(' and ');
  const script = join(root, 'scripts', 'build-wasm.mjs');
  await node(`compiling ${names} to WebAssembly`, script, ...recipes.map(({ name }) => name));
  for (const recipe of recipes) keepBuild(recipe);
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

if (process.argv[1] === fileURLToPath(import.meta.url)) await bootstrap();
