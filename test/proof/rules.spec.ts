import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chainProof, POOL_ABI, ruleTerms, updateStatement } from '#lib/chain';
import { fieldElement, parseProof } from '#lib/proofs';
import { loadRule } from '#lib/rules';
import { generator } from '#lib/runtime';
import { PoolChain } from '../support/pool-chain.js';
import { noPython } from '../support/python.js';

const CLI = join(import.meta.dirname, '..', '..', 'apps', 'cli', 'src', 'main.js');
const MARKETS = ['BTC', 'ETH', 'USD'];

describe.skipIf(noPython() !== undefined)('a rule from a file of Python to updates of a pool', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zkrisk-rule-'));
  const path = (name: string) => join(folder, name);
  let chain: PoolChain;

  function zkrisk<T>(...args: string[]): T {
    const { stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
      encoding: 'utf8',
      env: { ...process.env, CHAIN_PRIVATE_KEY: chain.chain.privateKey },
    });
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout) as T;
  }
  const written = (name: string, content: unknown) => {
    writeFileSync(path(name), JSON.stringify(content));
    return path(name);
  };
  async function deployed(
    file: string,
    weights = [0.5, 0.3, 0.2],
  ): Promise<{ pool: Address; rule: Address }> {
    const assets = MARKETS.map((market, i) => ({ market, token: chain.tokens[i], weight: weights[i] }));
    const pool = written('pool.json', { name: 'pool', symbol: 'POOL', assets });
    const deployment = written('deployment.json', chain.deployment);
    const found = zkrisk<{ pool: Address; rule: Address }>(
      ...['rule', 'deploy', file, '--rpc', chain.chain.url, '--pool', pool, '--deployment', deployment],
    );
    await chain.fill(found.pool, [16.666666e8, 100e18, 200_000e6].map(BigInt));
    return found;
  }
  const at = (pool: Address) => ['--rpc', chain.chain.url, '--pool', pool, '--bar', String(chain.bar)];
  const update = (file: string, pool: Address) =>
    zkrisk<{ weights: number[]; proofSeconds: number | null }>('rule', 'update', file, ...at(pool));
  function proven(file: string, pool: Address) {
    zkrisk('rule', 'prove', file, ...at(pool), '--out', path('proof.json'));
    return chainProof(parseProof(JSON.parse(readFileSync(path('proof.json'), 'utf8'))));
  }

  const prices = path('prices.csv');

  beforeAll(async () => {
    writeFileSync(prices, simulatedPrices(12));
    chain = await PoolChain.start(MARKETS, [8, 18, 6]);
  }, 120_000);
  afterAll(async () => {
    await chain.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('moves weights by momentum with private strengths, and refuses every other proof', async () => {
    const file = path('momentum.py');
    zkrisk('rule', 'new', file, '--kind', 'momentum');
    const built = zkrisk<{ costs: { usedRows: number } }>('rule', 'build', file);
    // The circuit that was written by hand took 1,074 rows.
    expect(built.costs.usedRows).toBeLessThanOrEqual(2 * 1074);
    const { pool, rule } = await deployed(file);
    const registered = await ruleTerms(chain.client, rule);
    expect(registered.graph).toBe(`0x${loadRule(path('momentum.rule')).manifest.graph}`);
    await chain.nextBar();
    await chain.holdPrices([30_000, 3_000, 1]);
    expect(update(file, pool).proofSeconds).toBeNull();
    await chain.nextBar();
    await chain.holdPrices([30_900, 2_940, 1]);
    const proof = proven(file, pool);
    // Public values: commitments of parameters, market and hints; violations; three weights; six numbers of the market.
    const [parameters, violations, target, market] = [0, 3, 4, 7];
    const altered = (index: number) => ({
      ...proof,
      instances: proof.instances.with(index, fieldElement(proof.instances[index] + 1n)),
    });
    expect(await chain.update(pool, altered(parameters))).toMatch(/^ParametersDiffer/);
    expect(await chain.update(pool, altered(violations))).toBe('Violated(1)');
    expect(await chain.update(pool, altered(target))).toBe('ProofRefused()');
    expect(await chain.update(pool, altered(market))).toMatch(/^MarketDiffers/);
    expect(await chain.update(pool)).toBe('NeedsProof()');
    // Other prices than the chain holds: the same proof a bar later.
    await chain.nextBar();
    await chain.holdPrices([31_000, 2_930, 1]);
    expect(await chain.update(pool, proof)).toMatch(/^MarketDiffers/);
    const { weights, proofSeconds } = update(file, pool);
    expect(proofSeconds).toBeLessThan(60);
    await chain.nextBar();
    const moved = await chain.weightsOf(pool);
    expect(moved[0]).toBeGreaterThan(weights[0]);
    // w + k (g − Σkg/Σk), from the gradients that the chain itself has told.
    const k = [7.5, 3.25, 1.125];
    const g = gradients([30_000, 3_000, 1], [31_000, 2_930, 1]);
    const offset = k.reduce((sum, strength, i) => sum + strength * g[i], 0) / k.reduce((a, b) => a + b);
    moved.forEach((weight, i) => {
      expect(Math.abs(weight - (weights[i] + k[i] * (g[i] - offset)))).toBeLessThan(3e-7);
    });
    // Another rule's proof for the same prices and weights, as it is and with this pool's commitment on it.
    const other = path('reversion.py');
    zkrisk('rule', 'new', other, '--kind', 'mean-reversion');
    zkrisk('rule', 'build', other);
    const stranger = await deployed(other);
    await chain.holdPrices([31_000, 2_930, 1]);
    expect(update(other, stranger.pool).proofSeconds).toBeNull();
    await chain.nextBar();
    await chain.holdPrices([31_200, 2_900, 1]);
    const theirs = proven(other, stranger.pool);
    expect(theirs.instances).toHaveLength(proof.instances.length);
    expect(await chain.update(pool, theirs)).toMatch(/^ParametersDiffer/);
    const { seen } = await updateStatement(chain.client, pool, chain.bar);
    const forged = [proof.instances[0], ...theirs.instances.slice(1, market), ...seen.map(fieldElement)];
    expect(await chain.update(pool, { ...theirs, instances: forged })).toBe('ProofRefused()');
    expect(await chain.update(stranger.pool, theirs)).toBeUndefined();
    // Other parameters than the committed ones.
    const secrets = JSON.parse(readFileSync(path('momentum.rule/secrets.json'), 'utf8')) as {
      values: { k: number[] };
    };
    written('momentum.rule/secrets.json', { ...secrets, values: { k: [8, 3.25, 1.125] } });
    expect(() => update(file, pool)).toThrow(/not the parameters that the pool has committed to/);
    const state = await chain.client.readContract({ address: pool, abi: POOL_ABI, functionName: 'state' });
    expect(state).toBe(0n);
  }, 600_000);

  it.each([
    ['mean-reversion', [0.5, 0.3, 0.2]],
    ['minimum-variance', [0.4, 0.3, 0.3]],
    ['power-channel', [0.5, 0.3, 0.2]],
    ['network', [0.34, 0.33, 0.33]],
  ])(
    'takes %s from its file to proven updates, as it was simulated',
    (kind, weights) => {
      const file = path(`${kind.replaceAll('-', '_')}.py`);
      zkrisk('rule', 'new', file, '--kind', kind);
      const built = zkrisk<{ costs: { logRows: number } }>('rule', 'build', file);
      expect(built.costs.logRows).toBeLessThanOrEqual(12);
      const tried = zkrisk<{
        updates: { weights: number[]; proofSeconds: number; gas: number }[];
        chainFromSimulation: number;
      }>(...['rule', 'try', file, '--prices', prices, '--updates', '2', '--weights', weights.join(',')]);
      expect(tried.updates).toHaveLength(2);
      for (const update of tried.updates) {
        expect(update.weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
        expect(update.gas).toBeLessThan(1_500_000);
      }
      // Single precision, the circuit's stated bound and the rounding of the chain's inputs.
      expect(tried.chainFromSimulation).toBeLessThan(2e-5);
      expect(Math.abs(tried.updates[1].weights[0] - weights[0])).toBeGreaterThan(1e-6);
    },
    600_000,
  );
});

/** Relative gradients after two prices, at the default decay. */
function gradients(first: readonly number[], second: readonly number[]): number[] {
  const decay = 0.9;
  return first.map((start, i) => {
    const average = start + (1 - decay) * (second[i] - start);
    const running = (second[i] - average) / (1 - decay);
    return (((1 - decay) ** 3 / decay) * running) / average;
  });
}

/** Hourly prices of three markets that go up and down by a percent or two. */
function simulatedPrices(rows: number): string {
  const draw = generator(5);
  const last = [30_000, 3_000, 100];
  const lines = ['time,BTC,ETH,SOL'];
  for (let t = 0; t < rows; t++) {
    lines.push([1_699_999_200 + 3600 * t, ...last.map((price) => price.toFixed(6))].join(','));
    last.forEach((price, i) => (last[i] = price * Math.exp(0.03 * (draw() - 0.5))));
  }
  return `${lines.join('\n')}\n`;
}
