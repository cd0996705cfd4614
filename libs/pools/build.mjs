// Compiles native/reserves.c into dist/libs/pools/native/reserves.wasm. Bootstrap calls it when its source is
// made of has changed.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digestOf, stampBuild } from '../../scripts/build-cache.mjs';
import { compileWasm } from '../../scripts/clang-wasm.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const SOURCE = 'libs/pools/native/reserves.c';
// A library, so nothing to start; of the C library it takes log, log1p and exp.
const FLAGS = ['-nostartfiles', '-Wl,--no-entry', '-msimd128', '-O3', '-fno-math-errno', '-Wl,--strip-all'];

/** Digest, folder and files of the build. */
export function kernelRecipe() {
  const inputs = [SOURCE, 'libs/pools/build.mjs', 'scripts/clang-wasm.mjs', 'libs/osqp-wasm/package.json'];
  return {
    ...{ name: 'reserves', title: 'the pools’ kernel' },
    folder: join(root, 'dist', 'libs', 'pools', 'native'),
    // libs/osqp-wasm/package.json pins the compiler.
    digest: digestOf(...inputs.map((path) => readFileSync(join(root, path)))),
    files: ['reserves.wasm'],
    keeps: /\.wasm$/,
  };
}

export async function buildKernel() {
  const recipe = kernelRecipe();
  const tree = { 'reserves.c': readFileSync(join(root, SOURCE)) };
  const wasm = await compileWasm(recipe.title, [...FLAGS, 'reserves.c', '-lm'], tree);
  mkdirSync(recipe.folder, { recursive: true });
  writeFileSync(join(recipe.folder, 'reserves.wasm.part'), wasm);
  renameSync(join(recipe.folder, 'reserves.wasm.part'), join(recipe.folder, 'reserves.wasm'));
  stampBuild(recipe);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildKernel();
