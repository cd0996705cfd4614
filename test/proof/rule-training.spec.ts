import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { askRules, RAIL_TERMS, readSecrets, RULES, rulesPython } from '#lib/rules';
import { generator } from '#lib/runtime';
import type { TrainedCorrection } from '../../apps/cli/src/model-train.command.js';
import { noPython, ROOT } from '../support/python.js';

const CLI = join(import.meta.dirname, '..', '..', 'apps', 'cli', 'src', 'main.js');

/** Hourly prices whose drifts last, which momentum profits from. */
function trendingPrices(rows: number): number[][] {
  const draw = generator(3);
  const [last, drift] = [
    [30_000, 3_000, 100],
    [0, 0, 0],
  ];
  return Array.from({ length: rows }, () => {
    const row = [...last];
    drift.forEach((_, i) => {
      drift[i] = 0.97 * drift[i] + 0.002 * (draw() - 0.5);
      last[i] *= Math.exp(drift[i] + 0.01 * (draw() - 0.5));
    });
    return row;
  });
}

describe.skipIf(noPython() !== undefined)('training of rules', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zkrisk-train-'));
  const path = (name: string) => join(folder, name);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function zkrisk<T>(...args: string[]): T {
    const { stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8' });
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout) as T;
  }

  it('descends the derivative of the pool that is simulated, and leans on targets beyond their rails', async () => {
    const python = await rulesPython(() => undefined);
    const names = ['momentum', 'mean_reversion', 'minimum_variance', 'power_channel', 'network'];
    const { stdout, stderr } = spawnSync(
      python,
      [join(ROOT, 'test', 'support', 'rule-gradient.py'), join(RULES, 'templates'), ...names],
      {
        encoding: 'utf8',
        env: {
          ...process.env,
          PYTHONPATH: `${RULES}${delimiter}${join(ROOT, 'circuits')}`,
          JAX_PLATFORMS: 'cpu',
        },
      },
    );
    if (stdout === '') throw new Error(stderr);
    const found = JSON.parse(stdout) as Record<
      string,
      Record<'wide' | 'contract' | 'leaning' | 'moved', number>
    >;
    expect(Object.keys(found)).toEqual(names);
    for (const [name, { wide, contract, moved }] of Object.entries(found)) {
      expect(wide, name).toBeLessThan(1e-6);
      expect(contract, name).toBeLessThan(1e-6);
      expect(moved, name).toBe(0);
    }
    // With the slope beyond the rails it is another direction: that of no rule is within its rails all along.
    expect(Math.max(...Object.values(found).map(({ leaning }) => leaning))).toBeGreaterThan(1e-3);
  }, 280_000);

  it('is of the pool that is simulated, gains on what it fits, and keeps its values', async () => {
    const rows = trendingPrices(260);
    const lines = rows.map((row, t) => [1_699_999_200 + 3600 * t, ...row].join(','));
    writeFileSync(path('prices.csv'), ['time,BTC,ETH,SOL', ...lines, ''].join('\n'));
    const file = path('momentum.py');
    zkrisk('rule', 'new', file);
    zkrisk('rule', 'build', file);
    const simulated = zkrisk<{ finalValue: number }>(
      'rule',
      'simulate',
      file,
      '--prices',
      path('prices.csv'),
    );
    writeFileSync(path('prices.json'), JSON.stringify({ prices: rows, weights: [1 / 3, 1 / 3, 1 / 3] }));
    const terms = {
      every: 1,
      decay: 0.9,
      ...RAIL_TERMS,
      'held-out': 0.3,
      objective: 'return',
      seeds: 1,
      steps: 25,
    };
    const answer = await askRules<{
      paths: { start: number[] };
      values: { k: number[] };
      scores: Record<'start' | 'gradient', { fitted: number }>;
    }>(
      [
        ...['train', file, '--prices', path('prices.json')],
        ...Object.entries(terms).flatMap(([name, value]) => [`--${name}`, String(value)]),
      ],
      () => undefined,
    );
    // One in double precision and JAX, one in single precision from the graph.
    expect(Math.exp(answer.paths.start.at(-1)!)).toBeCloseTo(simulated.finalValue / 1e6, 5);
    expect(answer.scores.gradient.fitted).toBeGreaterThan(answer.scores.start.fitted);
    answer.values.k.forEach((k) => {
      expect(k).toBeGreaterThanOrEqual(0.1);
      expect(k).toBeLessThanOrEqual(16);
    });
    const trained = zkrisk<{ scores: object }>(
      ...['rule', 'train', file, '--prices', path('prices.csv'), '--seeds', '1', '--steps', '10'],
      ...['--svg', path('trained.svg')],
    );
    expect(Object.keys(trained.scores)).toEqual(['start', 'gradient', 'direct']);
    expect(readFileSync(path('trained.svg'), 'utf8')).toMatch(/by gradient/);
    const secrets = readSecrets(path('momentum.rule'));
    expect(secrets.from).toBe('training');
    // A new build takes no values from the file while trained ones are there.
    zkrisk('rule', 'build', file);
    expect(readSecrets(path('momentum.rule'))).toEqual(secrets);
  }, 600_000);

  it('fits a correction of LM-GO that leaves no multiplier’s range, and judges it on origins it has not seen', () => {
    const rows = trendingPrices(1200).map((row, t) => [1_699_999_200 + 3600 * t, ...row].join(','));
    writeFileSync(path('hourly.csv'), ['time,BTC,ETH,SOL', ...rows, ''].join('\n'));
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [
        ...[CLI, 'model', 'train', '--prices', path('hourly.csv'), '--out', path('network.json')],
        ...['--window', '300', '--horizon', '12', '--every', '4', '--seeds', '1', '--steps', '60'],
      ],
      { encoding: 'utf8' },
    );
    if (stdout === '') throw new Error(stderr);
    const report = JSON.parse(stdout) as TrainedCorrection;
    expect(report.parameters).toBeLessThanOrEqual(2000);
    expect(report.smallestMultiplier).toBeGreaterThanOrEqual(0.5);
    expect(report.largestMultiplier).toBeLessThanOrEqual(2);
    // It begins as LM-GO and stops where the second span says so: there it is no worse.
    expect(report.qlike.stopping.corrected).toBeLessThanOrEqual(report.qlike.stopping.lmGo + 1e-4);
    expect(report.qlike.heldOut.lmGo).toBeCloseTo(report.lmGo.qlike, 12);
    if (report.dieboldMariano > -1.96) expect(report.beatsLmGo).toBe(false);
    const network = JSON.parse(readFileSync(path('network.json'), 'utf8')) as Record<string, number[]>;
    const weights = Object.values(network).flat();
    expect(weights).toHaveLength(report.parameters);
    for (const weight of weights) expect(weight * 4096).toBe(Math.round(weight * 4096));
  }, 280_000);
});
