import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startEmbeddedPostgres, dataSourceOptions } from '#lib/storage';
import { DataSource } from 'typeorm';
import { eventually } from '../support/database.js';
import { narrowMargins } from '../support/narrow-margins.js';

const main = join(import.meta.dirname, '..', '..', 'apps/zkrisk/src/main.js');
const BARS = 160;
const ENVIRONMENT = {
  SNAPSHOT_EVERY_EVENTS: '100',
  ...narrowMargins(),
};

/** A replay as its own process. */
function replay(directory: string, ...args: string[]): ChildProcess {
  return spawn(
    process.execPath,
    [
      main,
      '--once',
      '--settle-every',
      '0',
      '--bars',
      String(BARS),
      '--seed',
      '9',
      '--trades',
      '2',
      '--report',
      join(directory, 'report'),
      ...args,
    ],
    {
      env: { ...process.env, ...ENVIRONMENT, ZKRISK_DATA_DIR: directory, PORT: '0', LOG_LEVEL: 'error' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
}

/** Whether a process still runs; one that nobody has reaped yet does not. */
function runs(pid: number): boolean {
  const state = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
  return state !== '' && !state.startsWith('Z');
}

const ended = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => {
    child.on('exit', (code) => {
      resolve(code);
    });
  });

/** Everything the books consist of, as the database has it. */
async function books(
  directory: string,
): Promise<{ events: unknown[]; risk: unknown[]; liquidations: unknown[] }> {
  const server = await startEmbeddedPostgres(join(directory, 'postgres'));
  const database = await new DataSource(dataSourceOptions(server.url)).initialize();
  try {
    return {
      events: await database.query('select sequence, payload from book_event order by sequence'),
      risk: await database.query('select at, payload from risk_record order by at'),
      // All but their number over all units, which a rolled back transaction leaves a gap in.
      liquidations: await database.query(
        `select to_jsonb(l) - 'number' as liquidation from liquidation l order by unit, ordinal`,
      ),
    };
  } finally {
    await database.destroy();
    await server.stop();
  }
}

describe('a replay', () => {
  let directories: string[];
  const fresh = () => {
    const directory = mkdtempSync(join(tmpdir(), 'zkrisk-kill-'));
    directories.push(directory);
    return directory;
  };
  beforeEach(() => {
    directories = [];
  });
  afterEach(() => {
    for (const directory of directories) rmSync(directory, { recursive: true, force: true });
  });

  it('that is killed again and again ends with the books of one that was not, to the last unit', async () => {
    const [calm, shaken] = [fresh(), fresh()];
    const undisturbed = replay(calm);
    expect(await ended(undisturbed)).toBe(0);
    let kills = 0;
    for (;;) {
      const child = replay(shaken);
      const over = ended(child);
      // A different moment each time: in start-up, in a refit, between prices and trades. Ever later, so that a slow machine ends, too.
      const timer = setTimeout(() => child.kill('SIGKILL'), 900 * 1.35 ** kills);
      const code = await over;
      clearTimeout(timer);
      if (code === 0) break;
      kills++;
      expect(kills).toBeLessThan(20);
    }
    expect(kills).toBeGreaterThanOrEqual(2);
    const [expected, actual] = [await books(calm), await books(shaken)];
    expect(expected.events.length).toBeGreaterThan(200);
    expect(actual.events).toEqual(expected.events);
    expect(actual.risk).toEqual(expected.risk);
    expect(expected.liquidations.length).toBeGreaterThan(0);
    expect(actual.liquidations).toEqual(expected.liquidations);
  }, 420_000);

  it('stopped by Ctrl-C leaves no process behind, and a second start resumes it', async () => {
    const directory = fresh();
    const child = replay(directory, '--speed', '20');
    const over = ended(child);
    let output = '';
    child.stderr!.on('data', (chunk: Buffer) => (output += chunk.toString()));
    while (!output.includes('the page:')) await new Promise((resolve) => setTimeout(resolve, 50));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const [pid] = readFileSync(join(directory, 'postgres', 'postmaster.pid'), 'utf8')
      .split('\n')
      .map(Number);
    child.kill('SIGINT');
    expect(await over).toBe(0);
    expect(existsSync(join(directory, 'postgres', 'postmaster.pid'))).toBe(false);
    await eventually(() => !runs(pid), 'the database to be gone');
    const second = replay(directory);
    const finished = ended(second);
    let table = '';
    second.stdout!.on('data', (chunk: Buffer) => (table += chunk.toString()));
    expect(await finished).toBe(0);
    expect(table).toMatch(/took\s+resumed/);
    expect(table).toMatch(/books out of balance by\s+0/);
    const report = JSON.parse(readFileSync(join(directory, 'report', 'report.json'), 'utf8')) as {
      bars: number;
      simulated: boolean;
      solvent: boolean;
    };
    expect(report.simulated).toBe(true);
    expect(report.bars).toBeGreaterThan(100);
    const page = readFileSync(join(directory, 'report', 'report.html'), 'utf8');
    for (const picture of ['prices', 'risk', 'capital', 'funding'])
      expect(page).toMatch(new RegExp(`<figure id="${picture}"><svg[^]*?<path d="M[^]*?</svg></figure>`));
  }, 240_000);
});
