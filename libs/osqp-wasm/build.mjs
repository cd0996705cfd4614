// Builds build/osqp.wasm from the sources that recipe.json pins: fetched from PyPI by pip, checked by sha256, compiled by
// clang that is itself WebAssembly. Nothing is done where the recipe has not changed since the last build.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digestOf, isBuilt, stampBuild } from '../../scripts/build-cache.mjs';
import { compileWasm } from '../../scripts/clang-wasm.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const output = join(here, 'build');
const recipe = JSON.parse(readFileSync(join(here, 'recipe.json'), 'utf8'));
const sha256 = (...parts) =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');

/** Digest, folder and files of the build. */
export function osqpRecipe() {
  const compiler = join('..', '..', 'scripts', 'clang-wasm.mjs');
  const inputs = ['recipe.json', 'build.mjs', 'package.json', join('native', 'osqp_wasm.c'), compiler];
  return {
    ...{ name: 'osqp', title: 'OSQP', folder: output },
    digest: digestOf(...inputs.map((file) => readFileSync(join(here, file)))),
    files: ['osqp.wasm', ...recipe.licences.map(({ to }) => to)],
    keeps: /^(osqp\.wasm|LICENSE\.\w+)$/,
  };
}

/** Builds the module and copies the licences of its sources beside it. */
export async function buildOsqp() {
  const work = mkdtempSync(join(tmpdir(), 'osqp-wasm-'));
  try {
    const sources = fetchSources(work);
    const wasm = await compile(sources);
    mkdirSync(output, { recursive: true });
    for (const { from, to } of recipe.licences) copyFileSync(join(sources, from), join(output, to));
    writeFileSync(join(output, 'osqp.wasm.part'), wasm);
    renameSync(join(output, 'osqp.wasm.part'), join(output, 'osqp.wasm'));
    stampBuild(osqpRecipe());
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Fetches and unpacks the pinned source distribution. pip knows where packages come from on this machine. */
function fetchSources(work) {
  const { package: name, version, archive, sha256: expected } = recipe.source;
  const requirements = join(work, 'requirements.txt');
  writeFileSync(requirements, `${name}==${version} --hash=sha256:${expected}\n`);
  const python = (...args) =>
    execFileSync(process.env.PYTHON ?? 'python3', args, { cwd: work, stdio: ['ignore', 2, 2] });
  python(
    '-m',
    'pip',
    'download',
    '--quiet',
    '--disable-pip-version-check',
    '--no-deps',
    '--no-binary',
    name,
    '--require-hashes',
    '-r',
    requirements,
    '-d',
    work,
  );
  const found = sha256(readFileSync(join(work, archive)));
  if (found !== expected) throw new Error(`${archive}: sha256 is ${found}, the recipe says ${expected}`);
  python('-m', 'tarfile', '-e', archive, join(work, 'unpacked'));
  return join(work, 'unpacked', archive.replace(/\.tar\.gz$/, ''));
}

function compile(sources) {
  const { root, include, compile: files, folders, write, flags } = recipe.build;
  const tree = {};
  const put = (path, content) => {
    const parts = path.split('/');
    const folder = parts.slice(0, -1).reduce((at, part) => (at[part] ??= {}), tree);
    folder[parts.at(-1)] = content;
  };
  const add = (from, to) => {
    for (const entry of readdirSync(from, { withFileTypes: true })) {
      const path = join(from, entry.name);
      if (entry.isDirectory()) add(path, `${to}/${entry.name}`);
      else if (/\.[ch]$/.test(entry.name)) put(`${to}/${entry.name}`, readFileSync(path));
    }
  };
  add(join(sources, root), 'osqp');
  for (const [path, lines] of Object.entries(write)) put(`osqp/${path}`, `${lines.join('\n')}\n`);
  put('osqp_wasm.c', readFileSync(join(here, 'native', 'osqp_wasm.c')));
  const inFolders = folders.flatMap((folder) =>
    readdirSync(join(sources, root, folder))
      .filter((file) => file.endsWith('.c'))
      .sort()
      .map((file) => `${folder}/${file}`),
  );
  const units = ['osqp_wasm.c', ...[...files, ...inFolders].map((file) => `osqp/${file}`)];
  return compileWasm(
    'OSQP',
    [...flags, ...include.map((folder) => `-Iosqp/${folder}`), ...units, '-lm'],
    tree,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (isBuilt(osqpRecipe())) process.stderr.write('up to date\n');
  else await buildOsqp();
}
