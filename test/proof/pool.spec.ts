import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contractArtifact, deployPool, POOL_ABI, POOL_TERMS, RULE_ABI, vaultHoldings } from '#lib/chain';
import { MomentumPool, memoryDays, pricePath } from '#lib/pools';
import { DEPLOYED_POOLS, type DeployedPool, deployedWeights, tokenIndex } from '../support/deployed-pools.js';
import { PoolChain } from '../support/pool-chain.js';
import { hasRealData, realDataColumns } from '../support/real-data.js';
import { compiled } from '../support/solidity.js';
import { referenceVector } from '../support/vectors.js';

const CLI = join(import.meta.dirname, '..', '..', 'apps', 'cli', 'src', 'main.js');
const MARKETS = ['BTC', 'ETH', 'USD'];
const WEIGHTS = [0.5, 0.3, 0.2];
/** A million, in proportion to the weights. */
const MILLION = [16.666666e8, 100e18, 200_000e6].map(BigInt);

/** A chain with tokens, signed prices and pools by public momentum; pools by rules that are proven are in rules.spec.ts. */
describe('a pool on a chain', () => {
  let chain: PoolChain;
  const assets = () => MARKETS.map((market, i) => ({ market, token: chain.tokens[i], weight: WEIGHTS[i] }));
  async function started(k: readonly number[]): Promise<Address> {
    const names = { name: 'pool', symbol: 'POOL' };
    const terms = { ...POOL_TERMS, prices: chain.deployment.prices };
    const pool = await deployPool(chain.chain.url, chain.account, names, assets(), { k }, terms);
    await chain.fill(pool, MILLION);
    return pool;
  }

  beforeAll(async () => {
    chain = await PoolChain.start(MARKETS, [8, 18, 6]);
  }, 120_000);
  afterAll(() => chain.stop());

  it('its ABI is what the compiler says, and that of its rules', () => {
    for (const [contract, abi] of [
      ['TemporalPool', POOL_ABI],
      ['ProvenRule', RULE_ABI],
    ] as const) {
      const names = JSON.stringify([contractArtifact(contract).abi, contractArtifact('ProvenRule').abi]);
      for (const item of abi)
        if (item.type !== 'constructor') expect(names).toContain(`"name":"${item.name}"`);
    }
  });

  it('moves its weights as the simulator does, by the public rule', async () => {
    const pool = await started([8, 8, 8]);
    const rows = 12;
    const real = hasRealData ? realDataColumns('hourly_close_24.csv') : undefined;
    const series = MARKETS.map((market, i) =>
      Array.from({ length: rows }, (_, t) =>
        market === 'USD'
          ? 1
          : (real?.[market][7440 + t] ?? [30_000, 3_000][i] * (1 + 0.01 * Math.sin(t + 2 * i))),
      ),
    );
    const weights: number[][] = [];
    for (let t = 0; t < rows; t++) {
      await chain.nextBar();
      await chain.holdPrices(series.map((prices) => prices[t]));
      weights.push(await chain.weightsOf(pool));
      expect(await chain.update(pool)).toBeUndefined();
    }
    const simulated = new MomentumPool({
      ...{ updateEvery: 1, interpolateOver: 1, rowHours: 1 },
      // A row is 300 blocks: an update may move 0.01 in them.
      ...{ fastest: POOL_TERMS.limits.step, minimumWeight: POOL_TERMS.limits.lowest },
    }).weights(
      pricePath(series),
      {
        initialWeights: [0.5, 0.3, 0.2],
        memoryDays: MARKETS.map(() => memoryDays(POOL_TERMS.decay, 1 / 24)),
        k: [8, 8, 8],
      },
      1,
    )(0);
    // Both learn from the first price, move by the second, and are there at the third.
    weights.forEach((own, t) => {
      own.forEach((weight, i) => {
        expect(Math.abs(weight - simulated[3 * t + i]), `bar ${t}, token ${i}`).toBeLessThan(1e-9);
      });
    });
    expect(Math.abs(weights[rows - 1][0] - 0.5)).toBeGreaterThan(1e-4);
  }, 120_000);

  it('is deployed and moved by the command line, and lends its shares to a vault', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'zkrisk-pool-'));
    const file = (name: string, content: object) => {
      writeFileSync(join(folder, name), JSON.stringify(content));
      return join(folder, name);
    };
    const zkrisk = <T>(command: string, options: Readonly<Record<string, string>>) => {
      const args = Object.entries({ rpc: chain.chain.url, ...options }).flatMap(([name, value]) => [
        `--${name}`,
        value,
      ]);
      const { stdout, stderr } = spawnSync(process.execPath, [CLI, command, ...args], {
        encoding: 'utf8',
        env: { ...process.env, CHAIN_PRIVATE_KEY: chain.chain.privateKey },
      });
      if (stdout === '') throw new Error(stderr);
      return JSON.parse(stdout) as T;
    };
    try {
      const { pool } = zkrisk<{ pool: Address }>('deploy-pool', {
        pool: file('pool.json', { name: 'public', symbol: 'PUBLIC', k: [8, 8, 8], assets: assets() }),
        deployment: file('deployment.json', chain.deployment),
      });
      await chain.fill(pool, MILLION);
      for (const prices of [[30_000, 3_000, 1] as const, [31_500, 2_940, 1] as const]) {
        await chain.nextBar();
        await chain.holdPrices(prices);
        zkrisk('update-pool', { pool, bar: String(chain.bar) });
      }
      await chain.nextBar();
      const [btc, eth] = await chain.weightsOf(pool);
      // Towards the risen token, no further than a step.
      expect(btc).toBeGreaterThan(0.5001);
      expect(btc).toBeLessThanOrEqual(0.51);
      expect(eth).toBeLessThan(0.3);
      const { vault } = zkrisk<{ vault: Address }>('deploy-vault', {
        ...{ pool, exchange: chain.account.address, out: join(folder, 'vault.json') },
      });
      const held = await vaultHoldings(chain.client, vault);
      expect(held).toMatchObject({ counted: 0n, held: 0n, settled: 0n });
      expect(held.tokens.map(({ market }) => market)).toEqual(MARKETS);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 120_000);

  it('swaps, joins and exits as the deployed pools do, to the last unit', async () => {
    const source = `// SPDX-License-Identifier: Apache-2.0
      pragma solidity ^0.8.28;
      import {WeightedMath} from "contracts/src/pool/WeightedMath.sol";
      contract Probe {
        function outGivenIn(uint256 a, uint256 b, uint256 c, uint256 d, uint256 e, uint256 f) external pure returns (uint256) {
          return WeightedMath.outGivenIn(a, b, c, d, e, f);
        }
        function inGivenOut(uint256 a, uint256 b, uint256 c, uint256 d, uint256 e, uint256 f) external pure returns (uint256) {
          return WeightedMath.inGivenOut(a, b, c, d, e, f);
        }
        function singleIn(uint256 a, uint256 b, uint256 c, uint256 d, uint256 e) external pure returns (uint256) {
          return WeightedMath.singleInForShares(a, b, c, d, e);
        }
        function singleOut(uint256 a, uint256 b, uint256 c, uint256 d, uint256 e) external pure returns (uint256) {
          return WeightedMath.singleOutForShares(a, b, c, d, e);
        }
      }`;
    const probe = compiled('contracts/Probe.sol', 'Probe', source);
    const address = await chain.deployed(probe.abi, probe.bytecode);
    const ask = (functionName: string, args: bigint[]) =>
      chain.client.readContract({ address, abi: probe.abi, functionName, args }) as Promise<bigint>;
    for (const file of DEPLOYED_POOLS) {
      const recorded = referenceVector<DeployedPool>('pools', file);
      const { pool, swaps, adds, removes } = recorded;
      const scales = pool.scalingFactors.map(BigInt);
      const balances = pool.balancesLiveScaled18.map(BigInt);
      const supply = BigInt(pool.totalSupply);
      const fee = BigInt(pool.swapFee);
      const weights = deployedWeights(recorded);
      const up = (amount: bigint, scale: bigint) => (amount + scale - 1n) / scale;
      for (const { swapKind, amountRaw, tokenIn, tokenOut, outputRaw } of swaps) {
        const [i, j] = [tokenIndex(recorded, tokenIn), tokenIndex(recorded, tokenOut)];
        const args = [balances[i], weights[i], balances[j], weights[j]];
        const result =
          swapKind === 0
            ? (await ask('outGivenIn', [...args, BigInt(amountRaw) * scales[i], fee])) / scales[j]
            : up(await ask('inGivenOut', [...args, BigInt(amountRaw) * scales[j], fee]), scales[i]);
        expect(result).toBe(BigInt(outputRaw));
      }
      for (const { kind, inputAmountsRaw, bptOutRaw } of adds) {
        if (kind !== 'SingleToken') continue;
        const i = inputAmountsRaw.findIndex((amount) => amount !== '0');
        const amount = await ask('singleIn', [balances[i], weights[i], BigInt(bptOutRaw), supply, fee]);
        expect(up(amount, scales[i])).toBe(BigInt(inputAmountsRaw[i]));
      }
      for (const { kind, amountsOutRaw, bptInRaw } of removes) {
        const shares = BigInt(bptInRaw);
        if (kind === 'Proportional')
          amountsOutRaw.forEach((amount, i) => {
            expect((balances[i] * shares) / supply / scales[i]).toBe(BigInt(amount));
          });
        if (kind !== 'SingleTokenExactIn') continue;
        const i = amountsOutRaw.findIndex((amount) => amount !== '0');
        const amount = await ask('singleOut', [balances[i], weights[i], shares, supply, fee]);
        expect(amount / scales[i]).toBe(BigInt(amountsOutRaw[i]));
      }
    }
  }, 60_000);
});
