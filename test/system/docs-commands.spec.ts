import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cliProgram } from '../../apps/cli/src/program.js';
import { eventually } from '../support/database.js';
import { type MovedMarket, startMovedMarket } from '../support/moved-market.js';

const root = join(import.meta.dirname, '..', '..', '..');
const zkrisk = join(root, 'dist', 'apps', 'cli', 'src', 'main.js');

/** The pages that people read: `sh` blocks run here, `console` blocks show commands that need a site of their own. */
const PAGES = [join(root, 'README.md'), ...pagesIn(join(root, 'docs'))];

function pagesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return pagesIn(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

function blocksOf(page: string, language: string): string[] {
  const fence = new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g');
  return [...readFileSync(page, 'utf8').matchAll(fence)].map(([, text]) => text);
}

/** The README's blocks are tried on `npm start` itself, in readme.spec.ts. */
const RUN = PAGES.filter((page) => page !== join(root, 'README.md') && blocksOf(page, 'sh').length > 0);

describe('the shell blocks of docs/', () => {
  let market: MovedMarket;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'zkrisk-docs-'));
    for (const name of ['dist', 'test', 'node_modules', 'package.json'])
      symlinkSync(join(root, name), join(folder, name));
    market = await startMovedMarket();
    await market.open('bob', 9, { 'SIM-B': 50_000, 'SIM-C': 10_000 });
    await market.move({ 'SIM-B': 0.92 });
    await eventually(async () => (await market.client.liquidations()).length > 0, 'a plan');
  }, 120_000);
  afterAll(async () => {
    await market.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(RUN.map((page) => relative(root, page)))(
    '%s: every command ends well',
    async (page) => {
      for (const block of blocksOf(join(root, page), 'sh')) {
        expect(block, 'a block with blanks to fill in cannot run: it is a console block').not.toContain('…');
        const script = block
          .replaceAll(/(http:\/\/)?localhost:8080/g, market.engine.url)
          .replaceAll('curl -s', 'curl -sS --fail-with-body')
          .replaceAll('npx zkrisk', `${process.execPath} ${zkrisk}`);
        const { status, output } = await run(script, folder);
        expect(status, `${block}\n${output}`).toBe(0);
      }
    },
    120_000,
  );
});

function run(script: string, cwd: string): Promise<{ status: number; output: string }> {
  return new Promise((resolve) => {
    execFile('bash', ['-euo', 'pipefail', '-c', script], { cwd }, (error, stdout, stderr) => {
      const failure = error;
      resolve({ status: failure === null ? 0 : Number(failure.code ?? 1), output: `${stdout}${stderr}` });
    });
  });
}

describe('zkrisk as the pages call it', () => {
  const program = cliProgram();
  /** The help of a command, by its name and, where it has commands of its own, theirs; empty where there is none of this name. */
  const helpOf = (names: readonly string[]): string => {
    const found = names.reduce<typeof program | undefined>(
      (at, name) => at?.commands.find((each) => [each.name(), ...each.aliases()].includes(name)),
      program,
    );
    return found?.helpInformation() ?? '';
  };

  it('has every command and every option that they name', () => {
    const unknown: string[] = [];
    let calls = 0;
    for (const page of PAGES)
      for (const block of [...blocksOf(page, 'sh'), ...blocksOf(page, 'console')])
        for (const [, call] of block.matchAll(/npx zkrisk ([^\n#|&]+)/g)) {
          calls++;
          const words = call.trim().split(/\s+/);
          const command = [words[0]];
          // A command of commands has its own list in its help.
          if (new RegExp(`^  ${words[1]}\\b`, 'm').test(helpOf(command).split('Commands:')[1] ?? ''))
            command.push(words[1]);
          const text = helpOf(command);
          const options = words.filter((word) => word.startsWith('--')).map((word) => word.split('=')[0]);
          if (!text.includes('Usage:')) unknown.push(`${relative(root, page)}: zkrisk ${command.join(' ')}`);
          for (const option of options)
            if (!text.includes(option))
              unknown.push(`${relative(root, page)}: zkrisk ${command.join(' ')} ${option}`);
        }
    expect(calls).toBeGreaterThan(20);
    expect(unknown).toEqual([]);
  });
});
