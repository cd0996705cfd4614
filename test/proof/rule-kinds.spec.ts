import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generator } from '#lib/runtime';
import { buildRule } from '../support/built-rules.js';
import { noPython } from '../support/python.js';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const CLI = join(import.meta.dirname, '..', '..', 'apps', 'cli', 'src', 'main.js');
const MARKETS = ['BTC', 'ETH', 'SOL', 'XRP', 'ADA', 'DOT', 'LTC', 'UNI'];

/** A rule of as many tokens as a pool may hold. */
const WIDEST = `import jax.numpy as jnp
from zkrules import parameter, prices, rule

@rule(tokens=8, p=prices(bars=3, limit=2.0), k=parameter(2.0, low=0.5, high=4))
def widest(p, k):
    """More of what rises least over two bars."""
    pull = jnp.clip(1.0 + k * (p[0] - 1.0), 0.25, 4.0)
    return pull / jnp.sum(pull)
`;

/** Hourly prices that go up and down by a percent or two. */
function simulatedPrices(rows: number): string {
  const draw = generator(5);
  const last = MARKETS.map((_, i) => 30_000 / 4 ** i);
  const lines = [['time', ...MARKETS].join(',')];
  for (let t = 0; t < rows; t++) {
    lines.push([1_699_999_200 + 3600 * t, ...last.map((price) => price.toFixed(9))].join(','));
    last.forEach((price, i) => (last[i] = price * Math.exp(0.03 * (draw() - 0.5))));
  }
  return `${lines.join('\n')}\n`;
}

interface Tried {
  readonly rule: string;
  readonly updates: readonly {
    readonly weights: readonly number[];
    readonly gas: number;
    readonly proofSeconds: number;
    readonly processorSeconds: number;
  }[];
  readonly chainFromSimulation: number;
}

describe.skipIf(noPython() !== undefined)('every kind of rule, from its file to proven updates', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zkrisk-kinds-'));
  const path = (name: string) => join(folder, name);

  function zkrisk<T>(...args: string[]): T {
    const { stdout, stderr } = spawnSync(process.execPath, [CLI, 'rule', ...args], { encoding: 'utf8' });
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout) as T;
  }
  function tried(file: string, weights: readonly number[]): Tried {
    const assets = MARKETS.slice(0, weights.length).join(',');
    return zkrisk<Tried>(
      ...['try', file, '--prices', path('prices.csv'), '--updates', '2'],
      ...['--assets', assets, '--weights', weights.join(',')],
    );
  }
  function expectProven({ rule, updates, chainFromSimulation }: Tried, weights: readonly number[]) {
    const figures = updates.map(
      ({ proofSeconds, processorSeconds, gas }) =>
        `${processorSeconds.toFixed(1)} s of processors in ${proofSeconds.toFixed(1)} s, ${gas} gas`,
    );
    process.stdout.write(`${rule}: ${figures.join('; ')}\n`);
    expect(updates).toHaveLength(2);
    for (const update of updates) {
      expect(update.weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
      expect(update.gas).toBeLessThan(1_500_000);
    }
    // Single precision, the circuit's stated bound and the rounding of the chain's inputs.
    expect(chainFromSimulation).toBeLessThan(2e-5);
    expect(Math.max(...updates[1].weights.map((weight, i) => Math.abs(weight - weights[i])))).toBeGreaterThan(
      1e-6,
    );
  }

  beforeAll(() => {
    writeFileSync(path('prices.csv'), simulatedPrices(12));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    ['mean-reversion', [0.5, 0.3, 0.2]],
    ['minimum-variance', [0.4, 0.3, 0.3]],
    ['power-channel', [0.5, 0.3, 0.2]],
    ['network', [0.34, 0.33, 0.33]],
  ])(
    'takes %s with private parameters, as it was simulated',
    async (kind, weights) => {
      const file = path(`${kind.replaceAll('-', '_')}.py`);
      zkrisk('new', file, '--kind', kind);
      const { logRows } = await buildRule(file);
      expect(logRows).toBeLessThanOrEqual(12);
      expectProven(tried(file, weights), weights);
    },
    600_000,
  );

  it('takes a rule with private, hashed and public parameters and a state', async () => {
    const file = path('witness.py');
    copyFileSync(join(ROOT, 'test', 'support', 'rule-witness.py'), file);
    await buildRule(file);
    expectProven(tried(file, [0.6, 0.4]), [0.6, 0.4]);
  }, 600_000);

  it('takes a rule of eight tokens that sees three bars of prices', () => {
    const file = path('widest.py');
    writeFileSync(file, WIDEST);
    zkrisk('build', file);
    const weights = MARKETS.map(() => 0.125);
    expectProven(tried(file, weights), weights);
  }, 600_000);

  it('builds momentum byte for byte as it is kept, and a rule with states twice the same', async () => {
    const kept = join(ROOT, 'test', 'vectors', 'rules', 'momentum');
    zkrisk('new', path('momentum.py'), '--kind', 'momentum');
    await buildRule(path('momentum.py'));
    for (const name of readdirSync(kept))
      expect(
        readFileSync(join(path('momentum.rule'), name)).equals(readFileSync(join(kept, name))),
        name,
      ).toBe(true);
    // One that was built for another test, and one that is built now.
    for (const name of ['first', 'second']) {
      mkdirSync(path(name));
      zkrisk('new', path(`${name}/minimum_variance.py`), '--kind', 'minimum-variance');
    }
    await buildRule(path('first/minimum_variance.py'));
    zkrisk('build', path('second/minimum_variance.py'));
    const [first, second] = ['first', 'second'].map((name) => path(`${name}/minimum_variance.rule`));
    for (const name of readdirSync(first)) {
      if (name === 'secrets.json') continue;
      expect(readFileSync(join(second, name)).equals(readFileSync(join(first, name))), name).toBe(true);
    }
  }, 600_000);
});
