import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chainProof, POOL_ABI, ruleTerms, updateStatement } from '#lib/chain';
import { fieldElement, parseProof } from '#lib/proofs';
import { loadRule } from '#lib/rules';
import { buildRule } from '../support/built-rules.js';
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

  beforeAll(async () => {
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
    const other = path('mean_reversion.py');
    zkrisk('rule', 'new', other, '--kind', 'mean-reversion');
    await buildRule(other);
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
