import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '#lib/runtime';
import { eventually } from '../support/database.js';

const root = join(import.meta.dirname, '..', '..', '..');

/** The shell blocks of the first two pages, in order. */
const BLOCKS = ['README.md', 'docs/start.md'].flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/```sh\n([^]*?)```/g)].map(([, text]) => text),
);

describe('the commands of README and start page, as they stand there', () => {
  let folder: string;
  let child: ChildProcess;
  let port: number;
  let shown = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'zkrisk-readme-'));
    port = await freePort();
    // At the speed a person sees it; without the chain, which other specs are about.
    const args = ['--port', String(port), '--settle-every', '0', '--data', folder];
    child = spawn(process.execPath, [join(root, 'dist/apps/zkrisk/src/main.js'), ...args], { cwd: folder });
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (shown += text));
    await eventually(() => /ρ -?\d/.test(shown), 'the screen to show a ρ', 110_000);
  });
  afterAll(async () => {
    const over = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGINT');
    await over;
    rmSync(folder, { recursive: true, force: true });
  });

  it('show the market, deposit, quote, take the quote, and show the position', () => {
    const block = BLOCKS.find((text) => text.includes('/accept'))!;
    const script = block
      .replaceAll('localhost:8080', `127.0.0.1:${port}`)
      .replaceAll(/^(curl.*)$/gm, '$1; echo');
    const { status, stdout } = spawnSync('bash', ['-euc', script], { encoding: 'utf8' });
    expect(status).toBe(0);
    const [engineStatus, markets, risk, deposited, trade, account] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(deposited).toMatchObject({ kind: 'account-deposited', amount: '10000' });
    expect(trade).toMatchObject({ account: 'me', legs: [{ market: 'SIM-A', size: '0.5' }] });
    expect(account).toMatchObject({ cross: { positions: [{ market: 'SIM-A', size: 0.5 }] } });
    expect(engineStatus).toHaveProperty('marketTime');
    expect(markets.markets).toHaveLength(8);
    expect(risk).toHaveProperty('riskMeasure');
  });

  it('replay a file that is there', () => {
    const block = BLOCKS.find((text) => text.includes('--prices'))!;
    const [, file] = /--prices (\S+)/.exec(block)!;
    expect(readFileSync(join(root, file), 'utf8')).toMatch(/^time,/);
  });
});
