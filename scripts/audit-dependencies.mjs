// Dependencies that are shipped: known vulnerabilities, as far as the registry tells, and licences.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, root } from './bootstrap.mjs';

await bootstrap();
const ALLOWED =
  /^\(?(MIT|MIT-0|ISC|Apache-2\.0|BSD-2-Clause|BSD-3-Clause|0BSD|BlueOak-1\.0\.0|CC0-1\.0|Unlicense|PostgreSQL|Python-2\.0)\b/;
/** Whose package.json says nothing: looked up by hand. */
const LOOKED_UP = {
  '@ezkljs/engine': 'the browser build of ezkl, whose prover this project is asked to use',
  memorystream: 'MIT, in its LICENSE file; comes with solc',
};
let failed = false;

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
  cwd: root,
  encoding: 'utf8',
  shell: process.platform === 'win32',
});
const report = JSON.parse(stdout || '{}');
if (report.metadata === undefined) {
  process.stdout.write('vulnerabilities: not looked up, the registry does not answer\n');
} else {
  const { high = 0, critical = 0, moderate = 0 } = report.metadata.vulnerabilities;
  process.stdout.write(`vulnerabilities: ${critical} critical, ${high} high, ${moderate} moderate\n`);
  failed ||= high + critical > 0;
}

const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
const shipped = Object.entries(packages).filter(
  ([path, { dev, link, optional }]) => path.startsWith('node_modules/') && !dev && !link && !optional,
);
const nameOf = (path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
const odd = shipped.filter(
  ([path, { license }]) => !ALLOWED.test(license ?? '') && !(nameOf(path) in LOOKED_UP),
);
process.stdout.write(`licences: ${shipped.length} packages shipped, ${odd.length} of another kind\n`);
for (const [name, why] of Object.entries(LOOKED_UP)) process.stdout.write(`  ${name}: ${why}\n`);
for (const [path, { version, license }] of odd)
  process.stdout.write(`  ${nameOf(path)} ${version}: ${license ?? 'none'}\n`);
failed ||= odd.length > 0;
process.exit(failed ? 1 : 0);
