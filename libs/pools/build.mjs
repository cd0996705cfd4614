// Compiles native/reserves.c into dist/libs/pools/native/reserves.wasm. Bootstrap calls it when what it is
// made of has changed.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileWasm } from '../../scripts/clang-wasm.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const SOURCE = 'libs/pools/native/reserves.c';
// A library, so nothing to start; of the C library it takes log, log1p and exp.
const FLAGS = ['-nostartfiles', '-Wl,--no-entry', '-msimd128', '-O3', '-fno-math-errno', '-Wl,--strip-all'];

/** Every file that decides what is built, relative to the root. */
export function kernelSources() {
  return [SOURCE, 'libs/pools/build.mjs', 'scripts/clang-wasm.mjs'];
}

export async function buildKernel() {
  const tree = { 'reserves.c': readFileSync(join(root, SOURCE)) };
  const wasm = await compileWasm('the pools’ kernel', [...FLAGS, 'reserves.c', '-lm'], tree);
  const folder = join(root, 'dist', 'libs', 'pools', 'native');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'reserves.wasm.part'), wasm);
  renameSync(join(folder, 'reserves.wasm.part'), join(folder, 'reserves.wasm'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildKernel();
