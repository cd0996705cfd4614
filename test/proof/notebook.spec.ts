import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rulesPython } from '#lib/rules';
import { noPython } from '../support/python.js';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const NOTEBOOK = join(ROOT, 'examples', 'rules', 'idea-to-update.ipynb');
const CLI = join(import.meta.dirname, '..', '..', 'apps', 'cli', 'src', 'main.js');

interface Notebook {
  readonly cells: readonly { readonly cell_type: string; readonly source: readonly string[] }[];
}

describe.skipIf(noPython() !== undefined)('the notebook from an idea to a proven update', () => {
  it('runs from its first cell to its last', async () => {
    const { cells } = JSON.parse(readFileSync(NOTEBOOK, 'utf8')) as Notebook;
    const code = cells.filter(({ cell_type }) => cell_type === 'code').map(({ source }) => source.join(''));
    expect(code.length).toBeGreaterThan(5);
    const folder = mkdtempSync(join(tmpdir(), 'zkrisk-notebook-'));
    try {
      const file = join(folder, 'cells.py');
      writeFileSync(file, code.join('\n\n'));
      const { status, stdout, stderr } = spawnSync(await rulesPython(() => undefined), [file], {
        encoding: 'utf8',
        cwd: folder,
        env: { ...process.env, ZKRISK: `${process.execPath} ${CLI}`, TMPDIR: folder },
      });
      expect(status, stderr).toBe(0);
      expect(stdout).toMatch(/chain and simulation differ by/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 900_000);
});
