// A library's C source, native/NAME.c, compiled to dist/libs/LIBRARY/native/NAME.wasm: arithmetic in vectors that JavaScript has none of.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digestOf, stampBuild } from './build-cache.mjs';
import { compileWasm } from './clang-wasm.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
// A library, so nothing to start; of the C library it takes log, log1p and exp.
const FLAGS = [
  '-nostartfiles',
  '-Wl,--no-entry',
  '-msimd128',
  '-O3',
  '-fno-math-errno',
  '-Wl,--strip-all',
  '-Wl,--export=__heap_base',
];
/** libs/osqp-wasm/package.json pins the compiler. */
const INPUTS = ['scripts/native-kernel.mjs', 'scripts/clang-wasm.mjs', 'libs/osqp-wasm/package.json'];

/** Kernels by name, with the library of each. */
const KERNELS = {
  reserves: { library: 'pools', title: 'the pools’ kernel' },
  dense: { library: 'volatility', title: 'the kernel of dense products' },
};

/** Digest, folder and files of each build. */
export function kernelRecipes() {
  return Object.entries(KERNELS).map(([name, { library, title }]) => ({
    ...{ name, title, source: join('libs', library, 'native', `${name}.c`) },
    folder: join(root, 'dist', 'libs', library, 'native'),
    digest: digestOf(
      ...[join('libs', library, 'native', `${name}.c`), ...INPUTS].map((path) =>
        readFileSync(join(root, path)),
      ),
    ),
    files: [`${name}.wasm`],
    keeps: /\.wasm$/,
  }));
}

/** @param {string} name */
export async function buildKernel(name) {
  const recipe = kernelRecipes().find((each) => each.name === name);
  const tree = { [`${name}.c`]: readFileSync(join(root, recipe.source)) };
  const wasm = await compileWasm(recipe.title, [...FLAGS, `${name}.c`, '-lm'], tree);
  mkdirSync(recipe.folder, { recursive: true });
  const file = join(recipe.folder, `${name}.wasm`);
  writeFileSync(`${file}.part`, wasm);
  renameSync(`${file}.part`, file);
  stampBuild(recipe);
}
