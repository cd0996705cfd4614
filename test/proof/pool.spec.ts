import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWalletClient, encodeDeployData, http, type Address, type Hex, parseAbi } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ChainProof,
  chainClient,
  chainProof,
  contractArtifact,
  type Deployment,
  deployOracle,
  deployPool,
  type EmbeddedChain,
  POOL_ABI,
  POOL_TERMS,
  PRICE_SOURCE_ABI,
  revertReason,
  signReport,
  submission,
  startEmbeddedChain,
  updateStatement,
  vaultHoldings,
} from '#lib/chain';
import { MomentumPool, memoryDays, pricePath } from '#lib/pools';
import { fieldElement, momentumStatement } from '#lib/proofs';
import { oracleTerms } from '../../apps/settlement/src/index.js';
import { DEPLOYED_POOLS, type DeployedPool, deployedWeights, tokenIndex } from '../support/deployed-pools.js';
import { temporaryProver } from '../support/proofs.js';
import { hasRealData, realDataColumns } from '../support/real-data.js';
import { referenceVector } from '../support/vectors.js';
import { compiled } from '../support/solidity.js';

const CLI = join(import.meta.dirname, '..', '..', 'apps', 'cli', 'src', 'main.js');
const BAR = 3600n;
const MARKETS = ['BTC', 'ETH', 'USD'];
const DECIMALS = [8, 18, 6];

/** A chain with tokens, signed prices, the verifier and pools. */
describe('a pool on a chain', () => {
  const { prover, remove } = temporaryProver(1);
  let chain: EmbeddedChain;
  let deployment: Deployment;
  let client: ReturnType<typeof chainClient>;
  let account: ReturnType<typeof privateKeyToAccount>;
  let tokens: Address[];
  let bar: bigint;

  const wallet = () => createWalletClient({ account, transport: http(chain.url) });
  async function mined(hash: Hex) {
    const receipt = await client.waitForTransactionReceipt({ hash });
    expect(receipt.status).toBe('success');
    return receipt;
  }
  async function deployed(abi: readonly unknown[], bytecode: Hex, args: unknown[] = []): Promise<Address> {
    const data = encodeDeployData({ abi, bytecode, args });
    return (await mined(await wallet().sendTransaction({ data, chain: null }))).contractAddress!;
  }
  async function holdPrices(prices: readonly number[]): Promise<void> {
    const quoted = MARKETS.map((market, i) => ({ market, price: prices[i].toFixed(12) }));
    const source = { chainId: deployment.chainId, address: deployment.prices };
    const report = await signReport(account, source, { bar, prices: quoted });
    const args = submission(bar, MARKETS, [report], 1)!;
    const call = { address: deployment.prices, abi: PRICE_SOURCE_ABI, functionName: 'submit', args } as const;
    await mined(await wallet().writeContract({ ...call, chain: null }));
  }
  async function nextBar(blocks = 300): Promise<void> {
    bar += BAR;
    const raw = (method: string, params: unknown[]) =>
      client.request({ method: method as 'eth_chainId', params: params as never });
    await raw('evm_setNextBlockTimestamp', [Number(bar) + 60]);
    await raw('anvil_mine', [`0x${blocks.toString(16)}`, '0x0']);
  }
  /** Nothing, or why the pool refuses. */
  async function update(pool: Address, proof?: ChainProof): Promise<string | undefined> {
    const args = proof === undefined ? [bar] : [bar, proof.proof, proof.instances];
    const request = { address: pool, abi: POOL_ABI, functionName: 'performUpdate', args } as never;
    try {
      await client.simulateContract({ ...(request as object), account } as never);
    } catch (error) {
      return revertReason(error);
    }
    await mined(await wallet().writeContract({ ...(request as object), chain: null } as never));
    return undefined;
  }
  const weightsOf = async (pool: Address) =>
    (await client.readContract({ address: pool, abi: POOL_ABI, functionName: 'weights' })).map(
      (weight) => Number(weight) / 1e18,
    );
  async function started(strategy: Parameters<typeof deployPool>[4], weights = [0.5, 0.3, 0.2]) {
    const assets = MARKETS.map((market, i) => ({ market, token: tokens[i], weight: weights[i] }));
    const names = { name: 'pool', symbol: 'POOL' };
    const terms = { ...POOL_TERMS, prices: deployment.prices };
    return filled(await deployPool(chain.url, account, names, assets, strategy, terms));
  }
  /** A million, in proportion to the weights. */
  async function filled(pool: Address): Promise<Address> {
    const abi = parseAbi(['function approve(address spender, uint256 amount) returns (bool)']);
    for (const token of tokens) {
      const call = { address: token, abi, functionName: 'approve', args: [pool, 2n ** 255n] } as const;
      await mined(await wallet().writeContract({ ...call, chain: null }));
    }
    const amounts = [16.666666e8, 100e18, 200_000e6].map(BigInt);
    const call = { address: pool, abi: POOL_ABI, functionName: 'start', args: [amounts] } as const;
    await mined(await wallet().writeContract({ ...call, chain: null }));
    return pool;
  }

  beforeAll(async () => {
    chain = await startEmbeddedChain({ blockSeconds: 0 });
    account = privateKeyToAccount(chain.privateKey);
    client = chainClient(chain.url);
    deployment = await deployOracle(chain.url, account, oracleTerms(0.01, 0));
    const token = compiled('contracts/test/pool/PoolFixture.sol', 'TestToken');
    tokens = [];
    const abi = parseAbi(['function mint(address to, uint256 amount)']);
    for (const [i, market] of MARKETS.entries()) {
      tokens.push(await deployed(token.abi, token.bytecode, [market, DECIMALS[i]]));
      const call = {
        address: tokens[i],
        abi,
        functionName: 'mint',
        args: [account.address, 10n ** 30n],
      } as const;
      await mined(await wallet().writeContract({ ...call, chain: null }));
    }
    const { timestamp } = await client.getBlock();
    bar = timestamp - (timestamp % BAR);
  }, 120_000);
  afterAll(async () => {
    await chain.stop();
    await remove();
  });

  it('its ABI is what the compiler says', () => {
    const names = JSON.stringify(contractArtifact('TemporalPool').abi);
    for (const item of POOL_ABI)
      if (item.type !== 'constructor') expect(names).toContain(`"name":"${item.name}"`);
  });

  it('moves its weights as the simulator does, by the public rule', async () => {
    const pool = await started({ k: [8, 8, 8] });
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
      await nextBar();
      await holdPrices(series.map((prices) => prices[t]));
      weights.push(await weightsOf(pool));
      expect(await update(pool)).toBeUndefined();
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

  it('moves them by a proof that a secret rule was followed, and by no other', async () => {
    const strategy = [7.5, 3.25, 1.125];
    const [salt, other] = [1234.5678, 1234.5679];
    const probe = { strategy, salt, weights: [0.5, 0.3, 0.2], gradient: [0, 0, 0] };
    const [known, another] = await Promise.all(
      [salt, other].map(async (each) =>
        chainProof(await prover.prove(momentumStatement, { ...probe, salt: each })),
      ),
    );
    const commitment = known.instances[0];
    expect(another.instances[0]).not.toBe(commitment);
    const pool = await started({
      commitment,
      verifier: deployment.verifier,
      verificationKey: deployment.keys.momentum,
    });
    await nextBar();
    await holdPrices([30_000, 3_000, 1]);
    expect(await update(pool)).toBe('NeedsProof()');
    // The first prices teach, and move nothing.
    expect(await update(pool, known)).toBeUndefined();
    await nextBar();
    await holdPrices([30_900, 2_940, 1]);
    const { gradient, weights } = await updateStatement(client, pool, bar);
    expect(weights).toEqual([0.5, 0.3, 0.2].map((weight) => Math.round(weight * 2 ** 24) / 2 ** 24));
    const prove = async (input: object) =>
      chainProof(await prover.prove(momentumStatement, { strategy, salt, weights, gradient, ...input }));
    const right = await prove({});
    // Weights other than the proven ones; another k; another k under the same commitment; other weights or prices before.
    const altered = (proof: ChainProof, at: number, by = 1n) => ({
      ...proof,
      instances: proof.instances.with(at, fieldElement(proof.instances[at] + by)),
    });
    // Places of the public values: conditions violated, new weights, residual.
    const [violations, newWeights, residual] = [4, 5, 13];
    expect(await update(pool, altered(right, violations))).toBe('Violated(1)');
    expect(await update(pool, altered(right, newWeights))).toBe('ProofRefused()');
    expect(await update(pool, altered(right, newWeights + 7))).toMatch(/^WeightDiffers/);
    expect(await update(pool, altered(right, residual))).toBe('ProofRefused()');
    const stronger = await prove({ strategy: [8, 3.25, 1.125] });
    expect(await update(pool, stronger)).toMatch(/^StrategyDiffers/);
    const forged = { ...stronger, instances: stronger.instances.with(0, commitment) };
    expect(await update(pool, forged)).toBe('ProofRefused()');
    expect(await update(pool, await prove({ weights: [0.4, 0.4, 0.2] }))).toMatch(/^WeightDiffers/);
    expect(await update(pool, await prove({ gradient: gradient.map((g) => g / 2) }))).toMatch(
      /^GradientDiffers/,
    );
    expect(await update(pool, known)).toMatch(/Differs/);
    expect(await update(pool, right)).toBeUndefined();
    expect(await update(pool, right)).toMatch(/^TooEarly/);
    await nextBar();
    const moved = await weightsOf(pool);
    const total = strategy.reduce((sum, k) => sum + k, 0);
    const offset = strategy.reduce((sum, k, i) => sum + k * gradient[i], 0) / total;
    strategy.forEach((k, i) => {
      expect(Math.abs(moved[i] - (weights[i] + k * (gradient[i] - offset)))).toBeLessThan(3e-7);
    });
    // A proof of prices that nobody holds any more, or that are too old.
    await holdPrices([31_000, 2_940, 1]);
    await nextBar();
    await nextBar();
    await nextBar();
    bar -= 3n * BAR;
    expect(await update(pool, right)).toMatch(/^PricesStale/);
    bar += 3n * BAR;
  }, 600_000);

  it('is deployed and moved by the command line, its rule kept secret', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'zkrisk-pool-'));
    const file = (name: string, content: object) => {
      writeFileSync(join(folder, name), JSON.stringify(content));
      return join(folder, name);
    };
    const zkrisk = <T>(command: string, options: Readonly<Record<string, string>>) => {
      const args = Object.entries({ rpc: chain.url, ...options }).flatMap(([name, value]) => [
        `--${name}`,
        value,
      ]);
      const { stdout, stderr } = spawnSync(process.execPath, [CLI, command, ...args], {
        encoding: 'utf8',
        env: { ...process.env, CHAIN_PRIVATE_KEY: chain.privateKey },
      });
      if (stdout === '') throw new Error(stderr);
      return JSON.parse(stdout) as T;
    };
    try {
      const strategy = [7.5, 3.25, 1.125];
      const secret = file('secret.json', { strategy, salt: 4321.5 });
      const assets = MARKETS.map((market, i) => ({ market, token: tokens[i], weight: [0.5, 0.3, 0.2][i] }));
      const { pool } = zkrisk<{ pool: Address }>('deploy-pool', {
        ...{ pool: file('pool.json', { name: 'secret', symbol: 'SECRET', assets }), secret },
        deployment: file('deployment.json', deployment),
      });
      await filled(pool);
      const moved: number[][] = [];
      for (const prices of [[30_000, 3_000, 1] as const, [31_500, 2_940, 1] as const]) {
        await nextBar();
        await holdPrices(prices);
        const { weights } = zkrisk<{ weights: number[] }>('update-pool', { pool, bar: String(bar), secret });
        moved.push(weights);
      }
      await nextBar();
      const [btc, eth] = await weightsOf(pool);
      expect(moved[0]).toEqual([0.5, 0.3, 0.2]);
      // Towards what has risen, no further than a step.
      expect(btc).toBeGreaterThan(0.5001);
      expect(btc).toBeLessThanOrEqual(0.51);
      expect(eth).toBeLessThan(0.3);
      const stranger = file('stranger.json', { strategy: [8, 3.25, 1.125], salt: 4321.5 });
      await holdPrices([33_000, 2_900, 1]);
      expect(() => zkrisk('update-pool', { pool, bar: String(bar) })).toThrow(/NeedsProof/);
      expect(() => zkrisk('update-pool', { pool, bar: String(bar), secret: stranger })).toThrow(
        /is not what the pool has committed to/,
      );
      const { vault } = zkrisk<{ vault: Address }>('deploy-vault', {
        ...{ pool, exchange: account.address, out: join(folder, 'vault.json') },
      });
      const held = await vaultHoldings(client, vault);
      expect(held).toMatchObject({ counted: 0n, held: 0n, settled: 0n });
      expect(held.tokens.map(({ market }) => market)).toEqual(MARKETS);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 600_000);

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
    const address = await deployed(probe.abi, probe.bytecode);
    const ask = (functionName: string, args: bigint[]) =>
      client.readContract({ address, abi: probe.abi, functionName, args }) as Promise<bigint>;
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
