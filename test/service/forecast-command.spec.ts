import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomStream } from '#lib/runtime';
import { referenceVector } from '../support/vectors.js';

const main = join(import.meta.dirname, '..', '..', '..', 'dist/apps/cli/src/main.js');
const HOUR_MS = 3_600_000;

/** Hourly prices that have these log returns, as a file; a row of returns is a bar. */
function priceFile(names: readonly string[], returns: readonly (readonly number[])[]): string {
  const logs = names.map(() => Math.log(100));
  const line = (t: number) =>
    [new Date(Date.UTC(2024, 0, 1) + t * HOUR_MS).toISOString(), ...logs.map(Math.exp)].join(',');
  const lines = [['time', ...names].join(','), line(0)];
  returns.forEach((row, t) => {
    row.forEach((value, i) => (logs[i] += value));
    lines.push(line(t + 1));
  });
  return `${lines.join('\n')}\n`;
}

describe('the command line of forecasts', () => {
  let folder: string;
  const path = (name: string) => join(folder, name);
  const file = (name: string, text: string) => {
    writeFileSync(path(name), text);
    return path(name);
  };
  const zkrisk = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
    expect([status, status === 0 ? '' : stderr]).toEqual([0, '']);
    return { stdout, stderr };
  };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'zkrisk-forecast-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  interface Reference {
    readonly label: string;
    readonly returns: number[][];
    readonly window: number;
    readonly options: { readonly factors?: number };
    readonly sigma_after_fit: Record<string, number[][]>;
  }
  const cases = referenceVector<Reference[]>('lm-go', 'synthetic.json').filter(({ label }) =>
    ['two groups of markets', 'three common factors forced'].includes(label),
  );

  it.each(cases.map((reference) => [reference.label, reference] as const))(
    'forecasts what the reference forecasts: %s',
    (_, { returns, window, options, sigma_after_fit: sigma }) => {
      const names = returns[0].map((__, i) => `M${i}`);
      const { stdout } = zkrisk(
        ...['forecast', '--model', 'lm-go', '--horizon', '12', '--window', String(window)],
        ...['--prices', file('prices.csv', priceFile(names, returns.slice(0, window)))],
        ...['--variance-ratio-floor', '0'],
        ...(options.factors === undefined ? [] : ['--factors', String(options.factors)]),
      );
      const forecast = JSON.parse(stdout) as Record<'oneStepCovariance' | 'horizonCovariance', number[][]>;
      for (const [printed, expected] of [
        [forecast.oneStepCovariance, sigma['1']],
        [forecast.horizonCovariance, sigma['12']],
      ]) {
        const scale = Math.max(...expected.flat().map(Math.abs));
        expect(printed.length).toBe(names.length);
        printed.flat().forEach((value, at) => {
          expect(Math.abs(value - expected.flat()[at])).toBeLessThan(1e-9 * scale);
        });
      }
    },
  );

  describe('of markets that are not alike', () => {
    const random = randomStream(61);
    const returns = Array.from({ length: 220 }, () => {
      const [a, b, c] = [random.normal(), random.normal(), random.normal()].map((value) => 0.01 * value);
      return [a, b, 0, 2 * a, c];
    });
    const text = priceFile(['A', 'B', 'FLAT', 'TWICE-A', 'C'], returns);

    it('says on the screen where no group was made', () => {
      const { stderr } = zkrisk(
        ...['forecast', '--model', 'gogarch', '--clusters', 'none', '--window', '150'],
        ...['--prices', file('none.csv', text)],
      );
      expect(stderr).toMatch(/no cluster: each market is forecast alone/);
      expect(stderr).toMatch(/FLAT is left out: it is constant/);
    });

    it('backtests without flat and doubled columns, by name, with coverage at three levels, fallbacks and a picture', () => {
      const { stdout, stderr } = zkrisk(
        ...['backtest', '--window', '150', '--steps', '40', '--horizons', '1,3', '--refit-every', '20'],
        ...[
          '--models',
          'lm-go,gogarch,ewma,ewma-97,riskmetrics-2006,dcc-nl',
          '--picture',
          path('scores.html'),
        ],
        ...['--prices', file('backtest.csv', text)],
      );
      expect(stderr).toMatch(/FLAT is left out: it is constant/);
      expect(stderr).toMatch(/TWICE-A is left out: it is collinear/);
      for (const model of ['lm-go', 'gogarch', 'ewma', 'ewma-97', 'riskmetrics-2006', 'dcc-nl']) {
        for (const horizon of [1, 3]) {
          for (const bound of ['VaR', 'EVaR'])
            for (const level of ['5', '1', '0.1'])
              expect(stdout).toMatch(new RegExp(`^${model} +${horizon} +${bound} ${level} %`, 'm'));
        }
      }
      expect(stdout).toMatch(/Kupiec p +Christoffersen p +DQ p +random books/);
      // Gaussian returns have no independent components.
      expect(stdout).toMatch(
        /gogarch: 2 of at most 40 fits were orthogonal GARCH, as ICA found no independent/,
      );
      expect(readFileSync(path('scores.html'), 'utf8')).toMatch(/<svg/);
    });
  });
});
