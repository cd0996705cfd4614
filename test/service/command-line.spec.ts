import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomCase } from '../support/liquidation-cases.js';
import { itWithRealData, realDataPath } from '../support/real-data.js';
import { referenceVector, relativeError } from '../support/vectors.js';

const root = join(import.meta.dirname, '..', '..', '..');
const main = join(root, 'dist/apps/cli/src/main.js');
const start = join(root, 'dist/apps/zkrisk/src/main.js');

function zkrisk(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe('the command line', () => {
  let folder: string;
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'zkrisk-cli-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('prices the reference books: every key of the expected output', () => {
    const { books } = referenceVector<{ books: { input: object; expected: Record<string, unknown> }[] }>(
      'pricing.json',
    );
    for (const { input, expected } of [books[0], books[11], books[23]]) {
      const { status, stdout } = zkrisk('price', '--input', file('state.json', JSON.stringify(input)));
      expect(status).toBe(0);
      const actual = JSON.parse(stdout) as Record<string, unknown>;
      compare(actual, expected, '');
    }
  });

  describe('liquidates', () => {
    const account = () => {
      const given = randomCase(9, { n: 4 });
      return file('account.json', JSON.stringify(given));
    };

    it('an account, with a certificate that its own check accepts', () => {
      const made = zkrisk('liquidate', '--input', account());
      expect(made.status).toBe(0);
      const plan = JSON.parse(made.stdout) as { outcome: string; gap: number };
      expect(plan.outcome).toBe('partial');
      expect(plan.gap).toBeLessThanOrEqual(1e-8);
      const checked = zkrisk('check-plan', file('plan.json', made.stdout));
      expect(checked.status).toBe(0);
      expect(JSON.parse(checked.stdout)).toMatchObject({ holds: true, failures: [], outcome: 'partial' });
    });

    it('and says no, with exit code 1, to a plan in which a number was changed', () => {
      const plan = JSON.parse(zkrisk('liquidate', '--input', account()).stdout) as {
        fractions: number[];
        case: { positions: { size: number }[] };
      };
      const lowered = structuredClone(plan);
      const largest = lowered.fractions.indexOf(Math.max(...lowered.fractions));
      lowered.fractions[largest] -= 1e-6;
      const other = structuredClone(plan);
      other.case.positions[0].size *= 1 + 1e-6;
      for (const forged of [lowered, other]) {
        const checked = zkrisk('check-plan', file('forged.json', JSON.stringify(forged)));
        expect(checked.status).toBe(1);
        expect((JSON.parse(checked.stdout) as { failures: string[] }).failures.length).toBeGreaterThan(0);
      }
    });

    it('and names what is wrong with a file that is no account', () => {
      const wrong = zkrisk('liquidate', '--input', file('wrong.json', '{"collateral": 1}'));
      expect(wrong.status).toBe(2);
      expect(wrong.stderr).toContain('account.positions');
      expect(zkrisk('check-plan', join(folder, 'nowhere.json')).status).toBe(2);
    });
  });

  describe('simulates a pool', () => {
    const prices = () => {
      const rows = Array.from({ length: 240 }, (_, t) => {
        const time = new Date(Date.UTC(2026, 0, 1) + t * 3_600_000).toISOString();
        return `${time},${100 + 10 * Math.sin(t / 20)},${50 + t / 10},1`;
      });
      return file('pool.csv', ['time,A,B,USD', ...rows].join('\n'));
    };

    it('with one set of parameters, and draws it', () => {
      const svg = join(folder, 'pool.svg');
      const { status, stdout } = zkrisk(
        ...['simulate-pool', '--prices', prices(), '--assets', 'A,B', '--fees', '0.003', '--svg', svg],
      );
      expect(status).toBe(0);
      const { rows, rowHours, sets } = JSON.parse(stdout) as {
        rows: number;
        rowHours: number;
        sets: { metrics: { fees: number }; finalWeights: Record<string, number> }[];
      };
      expect([rows, rowHours, sets.length]).toEqual([240, 1, 1]);
      expect(sets[0].metrics.fees).toBeGreaterThan(0);
      // B has risen all along.
      expect(sets[0].finalWeights.B).toBeGreaterThan(0.5);
      expect(readFileSync(svg, 'utf8')).toMatch(/^<svg[^]*pool[^]*holding[^]*Weights[^]*<\/svg>$/);
    });

    it('with many sets, and fits one to the first rows', () => {
      const sets = [10, 20, 30, 40].map((k) => [k, k, k]);
      const params = file('params.json', JSON.stringify({ k: sets }));
      const many = zkrisk('simulate-pool', '--prices', prices(), '--params', params, '--threads', '2');
      expect((JSON.parse(many.stdout) as { sets: unknown[] }).sets).toHaveLength(4);
      const fitted = zkrisk('simulate-pool', '--prices', prices(), '--train-rows', '120', '--rounds', '3');
      const { trained } = JSON.parse(fitted.stdout) as { trained: { rows: number; evaluations: number } };
      expect(trained.rows).toBe(120);
      expect(trained.evaluations).toBeGreaterThan(3);
    });

    it.each([
      [['--assets', 'A,C'], /has no column C/],
      [['--rule', 'nothing'], /pool: must be one of balancer/],
      [['--fees', '1'], /fees: must be 0 or more and below 1/],
      [['--weights', '0.9,0.9,0.9'], /initialWeights/],
      [['--train-rows', '230'], /trainRows: must leave 48 rows/],
    ])('and names what is wrong: %j', (wrong, message) => {
      const { status, stderr } = zkrisk('simulate-pool', '--prices', prices(), ...wrong);
      expect(status).toBe(2);
      expect(stderr).toMatch(message);
    });
  });

  function compare(actual: unknown, expected: unknown, path: string): void {
    if (typeof expected === 'number') {
      const tolerance = /h(mm|ms|ss)$/.test(path) ? 1e-8 : 1e-10;
      expect(relativeError(actual as number, expected), path).toBeLessThan(tolerance);
      return;
    }
    for (const [key, value] of Object.entries(expected as object)) {
      compare((actual as Record<string, unknown>)[key], value, `${path}.${key}`);
    }
  }

  const book = {
    alpha: 0.01,
    tau: 0.1,
    prices: [100],
    returnCovariance: [[0.01]],
    q: [1],
    C: [100],
    P: 10,
    L: 10,
  };

  it.each([
    ['a missing file', ['price', '--input', 'nothing.json'], /nothing\.json: cannot be read/],
    ['a horizon that is none', ['forecast', '--prices', 'x.csv', '--horizon', '-1'], /--horizon.*positive/],
    ['a mode that is none', ['forecast', '--prices', 'x.csv', '--clusters', 'magic'], /magic/],
    ['an unknown model', ['backtest', '--prices', 'x.csv', '--models', 'oracle'], /oracle.*not one of/],
    ['no data', ['backtest'], /--prices FILE or --returns FILE/],
  ])('refuses %s with exit code 2', (_, args, message) => {
    const { status, stderr } = zkrisk(...args);
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it.each([
    ['α', { alpha: 1.5 }, /alpha: must be between 0 and 1/],
    ['τ', { tau: 0 }, /tau: must be a positive/],
    ['prices', { prices: [-1] }, /prices\[0\]/],
    ['sizes', { q: [1, 2] }, /q: must have 1 entries/],
    ['covariance', { returnCovariance: [[-1]] }, /positive semi-definite/],
    ['a field that is missing', { P: undefined }, /P: /],
  ])('names what is wrong with a book’s %s', (_, change, message) => {
    const { status, stderr } = zkrisk(
      'price',
      '--input',
      file('bad.json', JSON.stringify({ ...book, ...change })),
    );
    expect([status, stderr]).toEqual([2, expect.stringMatching(message)]);
  });

  it.each([
    [
      'a word for a price',
      'time,A,B\n2024-01-01,2,3\n2024-01-02,x,3\n',
      /row 3, column A: must be a number, got "x"/,
    ],
    [
      'a negative price',
      'time,A\n2024-01-01,2\n2024-01-02,-3\n',
      /row 3, column A: must be a positive price, got -3/,
    ],
    ['a missing cell', 'time,A,B\n2024-01-01,2\n', /row 2: has 2 cells, the header has 3/],
    ['no time column', 'A,B\n1,2\n', /row 1: no column is named time/],
    ['a market twice', 'time,A,A\n1,2,3\n', /column 3: "A" is there twice/],
    ['too few rows', 'time,A\n2024-01-01,2\n2024-01-02,3\n', /has 2 rows, a window of 864/],
  ])('names file, row and column of %s', (_, text, message) => {
    const { status, stderr } = zkrisk('forecast', '--prices', file('prices.csv', text));
    expect([status, stderr]).toEqual([2, expect.stringMatching(message)]);
    expect(stderr).toContain('prices.csv');
  });

  it('names the rows of a replay that are out of order', () => {
    const text = 'time,A\n2022-01-01T00:00:00Z,1\n2022-01-01T02:00:00Z,2\n2022-01-01T01:00:00Z,3\n';
    const { status, stderr } = spawnSync(
      process.execPath,
      [start, '--prices', file('order.csv', text), '--once'],
      { encoding: 'utf8' },
    );
    expect([status, stderr]).toEqual([2, expect.stringMatching(/row 4, column time: .*does not come after/)]);
  });

  itWithRealData('forecasts a covariance from real prices', () => {
    const { status, stdout } = zkrisk(
      'forecast',
      '--prices',
      realDataPath('hourly_close_24.csv'),
      '--window',
      '300',
      '--clusters',
      'single',
      '--factors',
      'mp',
      '--horizon',
      '12',
    );
    expect(status).toBe(0);
    const forecast = JSON.parse(stdout) as {
      markets: string[];
      horizonCovariance: number[][];
      oneStepCovariance: number[][];
    };
    expect(forecast.markets).toHaveLength(24);
    // Hourly crypto volatility is a fraction of a percent to a few percent, twelve hours' a few times that.
    forecast.horizonCovariance.forEach((row, i) => {
      const ratio = row[i] / forecast.oneStepCovariance[i][i];
      expect(ratio).toBeGreaterThan(6);
      expect(ratio).toBeLessThan(40);
    });
  });

  itWithRealData('backtests models side by side', () => {
    const { status, stdout } = zkrisk(
      'backtest',
      '--returns',
      realDataPath('dji30_weekly_returns.csv'),
      '--window',
      '400',
      '--steps',
      '4',
      '--horizons',
      '1,2',
      '--models',
      'gogarch-mp,ewma',
    );
    expect(status).toBe(0);
    const lines = stdout.trim().split('\n');
    expect(lines[0]).toMatch(/model\s+horizon\s+energy score\s+t\s+QLIKE/);
    expect(lines.slice(1, 5).map((line) => line.split(/\s+/).slice(0, 2).join(' '))).toEqual([
      'gogarch-mp 1',
      'gogarch-mp 2',
      'ewma 1',
      'ewma 2',
    ]);
  });
});
