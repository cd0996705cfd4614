import { type Address, zeroAddress } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import type { ChainClient } from './chain-client.js';
import { marketBytes } from './encoding.js';
import { POOL_ABI } from './pool-abi.js';
import { Transactor } from './transactor.js';

export interface PoolAsset {
  readonly token: Address;
  /** as the price source knows it */
  readonly market: string;
  readonly weight: number;
}

/** Public momentum: the strength of each token; or a rule that updates prove. */
export type PoolStrategy = { readonly k: readonly number[] } | { readonly rule: Address };

export interface PoolTerms {
  readonly prices: Address;
  /** λ of the gradient's estimator, by update */
  readonly decay: number;
  /** share of the amount that goes in */
  readonly fee: number;
  /** most of a balance that may come or go in one call */
  readonly tradeSize: number;
  /** seconds */
  readonly interval: number;
  readonly staleness: number;
  readonly limits: {
    readonly lowest: number;
    readonly step: number;
    readonly velocity: number;
    readonly blocks: number;
  };
}

/** Limits within which holding the oracle at a false price costs more than it brings (docs/concepts/pools.md). */
export const POOL_TERMS: Omit<PoolTerms, 'prices'> = {
  ...{ decay: 0.9, fee: 0.003, tradeSize: 0.1, interval: 3600, staleness: 7200 },
  limits: { lowest: 0.03, step: 0.01, velocity: 0.00005, blocks: 300 },
};

const ONE = 10n ** 18n;
const share = (value: number) => BigInt(Math.round(value * 1e9)) * 10n ** 9n;

/**
 * Deploys a pool. The account is its admin.
 *
 * @throws {ChainError} where the transaction fails
 */
export function deployPool(
  rpcUrl: string,
  account: PrivateKeyAccount,
  { name, symbol }: { readonly name: string; readonly symbol: string },
  assets: readonly PoolAsset[],
  strategy: PoolStrategy,
  terms: PoolTerms,
): Promise<Address> {
  const { limits } = terms;
  const weights = assets.map(({ weight }) => share(weight));
  // To the last unit: the remainder of rounding goes to the first.
  weights[0] += ONE - weights.reduce((sum, weight) => sum + weight, 0n);
  return new Transactor(rpcUrl, account).deploy(
    'TemporalPool',
    [
      name,
      symbol,
      account.address,
      assets.map(({ token, market }, i) => ({ token, market: marketBytes(market), weight: weights[i] })),
      'k' in strategy ? { k: strategy.k.map(share), rule: zeroAddress } : { k: [], rule: strategy.rule },
      {
        prices: terms.prices,
        ...{ decay: share(terms.decay), fee: share(terms.fee), tradeSize: share(terms.tradeSize) },
        ...{ interval: terms.interval, staleness: terms.staleness },
        limits: {
          ...{ lowest: share(limits.lowest), step: share(limits.step), velocity: share(limits.velocity) },
          blocks: limits.blocks,
        },
      },
    ],
    POOL_ABI,
  );
}

/** Public inputs of the proof of an update: the rule's sight, in units of 2^−24, and the commitment to its state. */
export async function updateStatement(
  client: ChainClient,
  pool: Address,
  bar: bigint,
): Promise<{ seen: readonly bigint[]; state: bigint }> {
  const [seen, state] = await client.readContract({
    ...{ address: pool, abi: POOL_ABI },
    functionName: 'statement',
    args: [bar],
  });
  return { seen, state };
}
