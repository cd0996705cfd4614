import { execFile, spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generatedPrices, type LabReport } from '#lib/lab';

const main = join(import.meta.dirname, '..', '..', 'apps', 'cli', 'src', 'main.js');
const QUICK = [
  'minimumBars=30',
  'windowBars=60',
  'refitEveryBars=30',
  'horizonBars=8',
  'accounts=80',
  'liquidity=300000',
];

describe('zkrisk lab', () => {
  let folder: string;
  let inputs: string[];
  const zkrisk = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'lab', ...args], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    return { status, stdout, stderr };
  };
  const path = (name: string) => join(folder, name);

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'zkrisk-lab-'));
    const panel = generatedPrices({ seed: 21, markets: 4, bars: 420, crash: { bar: 330, fall: 0.45 } });
    const rows = panel.text.map((row, t) => [new Date(panel.times[t]).toISOString(), ...row].join(','));
    writeFileSync(path('prices.csv'), [['time', ...panel.markets].join(','), ...rows].join('\n'));
    const settings = QUICK.flatMap((each) => ['--set', each]);
    inputs = ['--prices', path('prices.csv'), '--cache', path('cache'), ...settings];
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('runs a rule set, and plays what it recorded again under another', () => {
    const ours = zkrisk(
      ...['run', ...inputs, '--events', path('events.ndjson'), '--report', path('run.json'), '--json'],
    );
    expect(ours.stderr).toContain('are forecast once');
    const report = JSON.parse(ours.stdout) as {
      digest: string;
      events: number;
      figures: Record<string, number>;
    };
    expect(readFileSync(path('events.ndjson'), 'utf8').trim().split('\n')).toHaveLength(report.events);
    // The run is repeated for the explanation, and refused where it comes to other events.
    const why = explained('run.json', 'closedNotional') as { value: number; events: { part: number }[] };
    expect(why.value).toBe(report.figures.closedNotional);
    expect(why.events.length).toBeGreaterThan(5);
    expect(why.events.reduce((sum, { part }) => sum + part, 0)).toBe(why.value);
    writeFileSync(
      path('flow.csv'),
      '2025-01-08T00:00:00Z,ann,deposit,5000\n2025-01-08T01:00:00Z,ann,GEN-01,0.001\n',
    );
    const recorded = JSON.parse(
      zkrisk('run', ...inputs, '--rules', 'linear', '--flow', path('flow.csv'), '--json').stdout,
    ) as { figures: Record<string, number> };
    expect(recorded.figures).toMatchObject({ trades: 1, paidIn: 5000 });
  });

  const explained = (report: string, id: string): unknown => {
    const { stdout, stderr, status } = zkrisk(
      ...['explain', id, '--report', path(report), '--cache', path('cache')],
    );
    expect([status, stderr.includes('Error')]).toEqual([0, false]);
    return JSON.parse(stdout);
  };

  const tournament = (out: string, threads: number) =>
    zkrisk(
      ...['tournament', ...inputs, '--out', path(out), '--threads', String(threads), '--json'],
      ...['--rules', 'zkrisk,linear', '--seeds', '2', '--drawdowns', '0', '--breakdowns', '0'],
      ...['--window', 'crash=2025-01-13T00:00:00Z/2025-01-16T00:00:00Z'],
    );

  it('plays a tournament: the same on one thread and on two, and goes on where it was stopped', () => {
    const [one, two] = [tournament('one', 1), tournament('two', 2)];
    expect(one.status).toBe(0);
    expect(two.stdout).toBe(one.stdout);
    const runs = readFileSync(path('one/runs.ndjson'), 'utf8').trim().split('\n');
    expect(runs).toHaveLength(4);
    // Stopped while the third run was being written.
    writeFileSync(path('one/runs.ndjson'), `${runs.slice(0, 2).join('\n')}\n`);
    appendFileSync(path('one/runs.ndjson'), runs[2].slice(0, 200));
    const resumed = tournament('one', 2);
    expect(resumed.stdout).toBe(one.stdout);
    expect(resumed.stderr).toContain('4 of 4 runs, 2 kept from before');
    expect(readFileSync(path('one/report.html'), 'utf8')).toContain('crash');
  });

  it('explains a figure by its events, and a mean by its runs', () => {
    const report = ['--report', path('two/report.json'), '--cache', path('cache')];
    const { stdout, status } = zkrisk('explain', 'crash/linear/2/badDebt', ...report);
    expect(status).toBe(0);
    const { value, fold, events } = JSON.parse(stdout) as {
      fold: string;
      value: number;
      events: { part: number; event: { kind: string } }[];
    };
    expect(value).toBeGreaterThan(0);
    expect(fold).toBe('sum');
    expect(events.reduce((sum, { part }) => sum + part, 0)).toBe(value);
    expect(new Set(events.map(({ event }) => event.kind))).toEqual(new Set(['bankrupt']));
    const mean = JSON.parse(zkrisk('explain', 'crash/linear/badDebt', ...report).stdout) as {
      figures: { id: string; value: number }[];
    };
    expect(mean.figures.find(({ id }) => id === 'crash/linear/2/badDebt')?.value).toBe(value);
    const difference = JSON.parse(zkrisk('explain', 'crash/zkrisk-linear/badDebt', ...report).stdout) as {
      value: number;
      figures: { id: string; value: number }[];
    };
    const signed = difference.figures.map(
      (figure) => (figure.id.includes('/linear/') ? -1 : 1) * figure.value,
    );
    expect(difference.value).toBeCloseTo(signed.reduce((sum, one) => sum + one, 0) / 2, 6);
    expect(signed).toHaveLength(4);
    const altered = JSON.parse(readFileSync(path('two/report.json'), 'utf8')) as LabReport;
    (altered.runs as unknown as { outcome: { digest: string } }[]).forEach(
      ({ outcome }) => (outcome.digest = '0'),
    );
    writeFileSync(path('altered.json'), JSON.stringify(altered));
    const forged = zkrisk(
      'explain',
      'crash/linear/2/badDebt',
      '--report',
      path('altered.json'),
      '--cache',
      path('cache'),
    );
    expect([forged.status, forged.stderr]).toEqual([2, expect.stringContaining('comes to other events')]);
    expect(zkrisk('explain', 'crash/fair/badDebt', ...report).status).toBe(2);
  });

  it('sweeps a grid into Parquet, whole or by shards', async () => {
    writeFileSync(
      path('grid.yaml'),
      'rules: [zkrisk, linear]\nseeds: 1\nparameters: {liquidity: [200000, 400000]}\n',
    );
    const sweep = (out: string, ...more: string[]) =>
      zkrisk('sweep', ...inputs, '--grid', path('grid.yaml'), '--out', path(out), ...more);
    expect(sweep('all.parquet', '--threads', '2', '--report', path('sweep.json')).status).toBe(0);
    // Two workers at once, as a cluster has them: each takes every second point.
    const worker = promisify(execFile);
    await Promise.all(
      [0, 1].map((k) =>
        worker(process.execPath, [
          ...[main, 'lab', 'sweep', ...inputs, '--grid', path('grid.yaml'), '--threads', '1'],
          ...['--out', path(`worker-${k}.parquet`), '--shard', `${k}/2`],
        ]),
      ),
    );
    const rowsOf = async (name: string): Promise<Record<string, unknown>[]> => {
      const bytes = readFileSync(path(name));
      const end = bytes.byteOffset + bytes.byteLength;
      return (await parquetReadObjects({
        file: bytes.buffer.slice(bytes.byteOffset, end),
      })) as Record<string, unknown>[];
    };
    const all = await rowsOf('all.parquet');
    expect(all.map(({ point, rules, liquidity }) => [point, rules, liquidity])).toEqual([
      [0, 'zkrisk', 200_000],
      [1, 'linear', 200_000],
      [2, 'zkrisk', 400_000],
      [3, 'linear', 400_000],
    ]);
    expect(await rowsOf('worker-0.parquet')).toEqual([all[0], all[2]]);
    expect(await rowsOf('worker-1.parquet')).toEqual([all[1], all[3]]);
    const why = explained('sweep.json', '3/trades') as { value: number; events: unknown[] };
    expect([why.value, why.events.length]).toEqual([all[3].trades, all[3].trades]);
    const beyond = sweep('x.parquet', '--shard', '2/2');
    expect([beyond.status, beyond.stderr]).toEqual([2, expect.stringContaining('--shard')]);
  });

  it('stresses the book that a run ends with', () => {
    const { stdout, status } = zkrisk('stress', ...inputs, '--report', path('stress.json'));
    expect(status).toBe(0);
    expect(stdout).toMatch(/uses up P is at least \d+\.\d\d σ/);
    expect(stdout).toContain('all markets −40 %');
    const { stress } = JSON.parse(readFileSync(path('stress.json'), 'utf8')) as {
      stress: {
        scenarios: { name: string; poolLoss: number }[];
        distance: { insolvency: { moves: object } };
      };
    };
    const worst = stress.scenarios[0];
    const why = explained('stress.json', `${worst.name}/poolLoss`) as {
      value: number;
      moves: { market: string; move: number }[];
      accounts: {
        equity: number;
        part: number;
        positions: { market: string; notional: number }[];
      }[];
    };
    expect(why.value).toBe(worst.poolLoss);
    const moves = new Map(why.moves.map(({ market, move }) => [market, move]));
    let sum = 0;
    for (const { equity, part, positions } of why.accounts) {
      const gain = positions.reduce((all, { market, notional }) => all + notional * moves.get(market)!, 0);
      expect(part).toBeCloseTo(Math.max(gain, -equity), 6);
      sum += part;
    }
    expect(sum).toBeCloseTo(worst.poolLoss, 4);
  });

  it('tests the engine’s expectations over the history, with a picture', () => {
    const { stdout, status } = zkrisk(
      ...['coverage', ...inputs, '--picture', path('coverage.svg'), '--report', path('coverage.json')],
    );
    expect(status).toBe(0);
    const { loss, exchange } = JSON.parse(stdout) as {
      loss: { atMost: number };
      exchange: { pValue: number; mean: number };
    };
    for (const value of [loss.atMost, exchange.pValue]) expect(value).toBeGreaterThanOrEqual(0);
    expect(readFileSync(path('coverage.svg'), 'utf8')).toMatch(/^<svg/);
    const mean = explained('coverage.json', 'exchange/mean') as {
      value: number;
      intervals: { collected: number; loss: number }[];
    };
    expect(mean.value).toBe(exchange.mean);
    const results = mean.intervals.map(({ collected, loss: lost }) => collected - lost);
    expect(results.reduce((sum, one) => sum + one, 0) / results.length).toBeCloseTo(exchange.mean, 9);
    const income = explained('coverage.json', '3/collected') as {
      value: number;
      events: { part: number; event: { kind: string } }[];
    };
    expect(income.value).toBe(mean.intervals[3].collected);
    expect(income.events.reduce((sum, { part }) => sum + part, 0)).toBeCloseTo(income.value, 6);
    expect(new Set(income.events.map(({ event }) => event.kind))).toContain('funding-accrued');
    const lost = explained('coverage.json', '3/loss') as { value: number; markets: { part: number }[] };
    expect(lost.markets.reduce((sum, { part }) => sum + part, 0)).toBeCloseTo(lost.value, 6);
  });

  it.each([
    ['rules that are none', ['run', '--rules', 'fair'], /fair/],
    ['a parameter that is none', ['run', '--set', 'depth=3'], /depth: is no parameter/],
    [
      'a window that is not there',
      ['tournament', '--out', 'x', '--window', 'w=2030-01-01\/2030-02-01'],
      /not in the prices/,
    ],
  ])('refuses %s', (_what, args, words) => {
    const [command, ...rest] = args;
    const { status, stderr } = zkrisk(command, ...inputs, ...rest);
    expect([status, stderr]).toEqual([2, expect.stringMatching(words)]);
  });
}, 240_000);
