import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const FOLDERS = ['apps', 'libs', 'test', 'bench', 'examples', 'scripts', 'contracts/src', 'migrations'];
/** Programs that others start, and no source names. */
const PROGRAMS = ['@foundry-rs/anvil', '@foundry-rs/forge', 'oxlint-tsgolint'];
const SOURCE = /\.(ts|tsx|mjs|sol)$/;
it('each package of package.json is imported, or named by a script', () => {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => SOURCE.test(file) && !/(^|\/)(node_modules|dist|build)\//.test(file))
      .map((file) => join(folder, file)),
  );
  const imported = new Set<string>();
  for (const file of [...files, 'vitest.config.mjs', 'foundry.toml'])
    for (const [, name] of readFileSync(file, 'utf8').matchAll(/['"`/=]((?:@[\w-]+\/)?[\w.-]+)(?=[/'"`])/g))
      imported.add(name);
  const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<
    'dependencies' | 'devDependencies',
    Record<string, string>
  >;
  const unused = Object.keys({ ...dependencies, ...devDependencies }).filter(
    (name) => !imported.has(name.replace('@types/', '')) && !PROGRAMS.includes(name),
  );
  expect(unused).toEqual([]);
});
