// `npm run pack:python [-- FOLDER]`: the Python package as a wheel in FOLDER, with the checker of certificates in it.
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { spawnSync } from 'node:child_process';
import { bootstrap, root } from '../bootstrap.mjs';
import { bundleChecker } from './checker.mjs';

const out = resolve(process.argv[2] ?? join(root, 'reports'));
await bootstrap();
await bundleChecker();
mkdirSync(out, { recursive: true });
const { status } = spawnSync(
  process.env.PYTHON ?? 'python3',
  ['-m', 'pip', 'wheel', '--no-deps', '--quiet', '--wheel-dir', out, join(root, 'python')],
  { stdio: 'inherit' },
);
process.exit(status ?? 1);
