import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');
const path = (name: string) => join(root, 'test', 'cases', `${name}.csv`);

describe('a file that grows', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'zkrisk-grows-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** The first rows of a case, as a daily job has them so far. */
  function rowsOf(name: string, rows: number, change: (text: string) => string = (text) => text): string {
    const lines = readFileSync(path(name), 'utf8')
      .split('\n')
      .slice(0, rows + 1);
    const file = join(folder, `${name}-${rows}.csv`);
    writeFileSync(file, change(lines.join('\n')));
    return file;
  }

  interface Run {
    status: number | null;
    stdout: string;
    stderr: string;
  }
  function start(data: string, ...args: string[]): Promise<Run> {
    const child = spawn(
      process.execPath,
      [
        join(root, 'dist/apps/zkrisk/src/main.js'),
        '--once',
        '--settle-every',
        '0',
        '--accounts',
        '30',
      ].concat(['--report', join(folder, `${data}-report`), '--data', join(folder, data)], args),
      {
        cwd: folder,
        env: {
          ...process.env,
          PORT: '0',
          FIRST_PARAMETERS: '{"forecast":{"minimumBars":40,"windowBars":60}}',
        },
      },
    );
    const run: Run = { status: null, stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (run.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (run.stderr += text));
    return new Promise((resolve) => {
      child.once('close', (status) => {
        resolve({ ...run, status });
      });
    });
  }
  interface Report {
    trades: object;
    collected: object;
    finally: { liquidity: string };
    bars: number;
    deadLetters: object[];
    input: { notes: string[] };
  }
  const report = (data: string) =>
    JSON.parse(readFileSync(join(folder, `${data}-report`, 'report.json'), 'utf8')) as Report;

  it('goes on where it was, with the books of one run over all of it', async () => {
    // Beside those of the growing file: it has a folder of its own.
    const whole = start('fresh', '--json', '--prices', path('unix-seconds'), '--bars', '75');
    const first = await start('daily', '--prices', rowsOf('unix-seconds', 60));
    expect([first.status, first.stderr]).toEqual([0, expect.stringContaining('60 bars')]);
    const early = report('daily');
    const second = await start('daily', '--prices', rowsOf('unix-seconds', 75));
    expect(second.status).toBe(0);
    const fresh = await whole;
    expect(fresh.status).toBe(0);
    const [daily, once] = [report('daily'), report('fresh')];
    for (const key of ['trades', 'collected', 'finally', 'bars'] as const)
      expect(daily[key]).toEqual(once[key]);
    expect(daily.bars).toBe(early.bars + 15);
    expect(daily.deadLetters).toEqual([]);
    expect(Number(daily.finally.liquidity)).toBeLessThan(7_000_000);
    // With --json every line of the standard output is an object, the report the last.
    const lines = fresh.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string });
    expect(new Set(lines.map(({ kind }) => kind))).toEqual(new Set(['note', 'progress', 'report']));
    expect(lines.at(-1)).toMatchObject({ kind: 'report', finally: once.finally });

    // Another history of the same bars, and another market, are not booked on top of the present book.
    const changed = rowsOf('unix-seconds', 80, (text) => text.replace('42240.297633', '42240.297634'));
    expect(await start('daily', '--prices', changed)).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(
        /75 bars have been replayed here, and the same bars of .* are others/,
      ) as string,
    });
    expect(await start('daily', '--prices', path('sci-price'))).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(
        /unix-seconds-75\.csv: .* has been replayed here before; .*--data/,
      ) as string,
    });
  }, 300_000);
});
