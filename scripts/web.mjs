// Bundles the page (apps/web) by Vite into dist/web; every file is also kept compressed beside itself. Bootstrap calls it when
// its sources have changed, and checks its types with everyone's.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { digestOf, stampBuild } from './build-cache.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const FOLDER = join(root, 'dist', 'web');
/** Libraries that are bundled, and those that they import. */
const LIBRARIES = [
  'errors',
  'liquidation',
  'margin',
  'messages',
  'risk',
  'runtime',
  'sdk',
  'charts',
  'amounts',
];
/** Packages that are bundled or that bundle. */
const PACKAGES = ['vite', 'preact', '@preact/signals', 'uplot', 'zod', 'ox'];
const COMPRESSED = /\.(js|css|html|svg|wasm|json)$/;

function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesIn(path);
    return entry.name.includes('.spec.') ? [] : [path];
  });
}

/** Digest, folder and files of the build. The lock file pins the packages. */
export function webRecipe() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const pinned = PACKAGES.map(
    (name) => packages[`node_modules/${name}`].integrity ?? packages[`node_modules/${name}`].version,
  );
  const inputs = [
    ...filesIn(join(root, 'apps', 'web')),
    ...LIBRARIES.flatMap((name) => filesIn(join(root, 'libs', name, 'src'))),
    join(root, 'libs', 'chain', 'src', 'oracle-abi.ts'),
    join(root, 'docs', 'operate', 'reliability.md'),
    join(root, 'tsconfig.json'),
    join(root, 'scripts', 'web.mjs'),
  ].sort();
  const parts = inputs.flatMap((path) => [relative(root, path).replaceAll('\\', '/'), readFileSync(path)]);
  return {
    ...{ name: 'web', title: 'the page', folder: FOLDER },
    digest: digestOf(...pinned, ...parts),
    files: ['index.html'],
    keeps: /./,
  };
}

function compress(path) {
  const bytes = readFileSync(path);
  // The last steps of quality take most of the time, and of ten megabytes save little.
  const quality = bytes.length > 1_000_000 ? 6 : 11;
  const params = { [constants.BROTLI_PARAM_QUALITY]: quality };
  writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }));
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
}

export function buildWeb() {
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const { status } = spawnSync(process.execPath, [vite, 'build', '--logLevel', 'warn', join('apps', 'web')], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
  if (!existsSync(join(FOLDER, 'index.html'))) throw new Error('Vite has written no index.html');
  for (const name of readdirSync(FOLDER)) if (COMPRESSED.test(name)) compress(join(FOLDER, name));
  stampBuild(webRecipe());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildWeb();
