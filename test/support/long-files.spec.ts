import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');
const FOLDERS = [
  'apps',
  'libs',
  'test',
  'bench',
  'examples',
  'scripts',
  'contracts',
  'rules',
  'circuits',
  'python',
];
const LANGUAGES = /\.(ts|tsx|mjs|js|py|sol|c)$/;
/** Written by programs, or by others. */
const NOT_OURS =
  /^(circuits\/artifacts|.*\/generated|.*node_modules|.*\.venv|.*\/dist|.*\/build|.*\/out|.*\/cache)\//;
const LINES = 300;
/** A reason stands in the first lines, above the code. */
const HEAD = 12;

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (NOT_OURS.test(`${relative(root, path)}/`)) return [];
    return entry.isDirectory() ? filesIn(path) : LANGUAGES.test(path) ? [path] : [];
  });
}

describe('a file of more than 300 lines', () => {
  it('gives the reason at its head', () => {
    const files = FOLDERS.flatMap((folder) => filesIn(join(root, folder)));
    const long = files
      .map((path) => ({ path, lines: readFileSync(path, 'utf8').trimEnd().split('\n') }))
      .filter(({ lines }) => lines.length > LINES);
    expect(files.length).toBeGreaterThan(1000);
    expect(long.length).toBeGreaterThan(10);
    const without = long.filter(({ lines }) => !/\blong because\b/i.test(lines.slice(0, HEAD).join(' ')));
    expect(without.map(({ path, lines }) => `${relative(root, path)}: ${lines.length} lines`)).toEqual([]);
  });
});
