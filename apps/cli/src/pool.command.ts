import type { Address } from 'viem';
import { z } from 'zod';
import {
  addressSchema,
  chainClient,
  type ChainClient,
  chainProof,
  deployPool,
  deployVault,
  parseDeployment,
  POOL_ABI,
  POOL_TERMS,
  Transactor,
  updateStatement,
  VAULT_TERMS,
} from '#lib/chain';
import { InvalidInputError, parseInput } from '#lib/errors';
import { createProver, fieldElement, momentumStatement } from '#lib/proofs';
import { type VaultDeployment, writeVaultDeployment } from '../../vault/src/index.js';
import { readJson } from './read-json.js';
import { signer } from './signer.js';

const share = z.number().gt(0).lt(1);

/** What a pool is made of. */
const poolSchema = z
  .strictObject({
    name: z.string().min(1).max(60),
    symbol: z.string().min(1).max(12),
    assets: z
      .array(z.strictObject({ token: addressSchema, market: z.string(), weight: share }))
      .min(2)
      .max(8),
    /** strengths of a rule that everybody knows; left out, the rule is secret and --secret says which it is */
    k: z.array(z.number().min(0).max(16)).optional(),
    terms: z
      .strictObject({
        decay: share,
        fee: z.number().min(0).max(0.1),
        tradeSize: share,
        interval: z.int().min(1),
        staleness: z.int().min(1),
        limits: z.strictObject({ lowest: share, step: share, velocity: share, blocks: z.int().min(1) }),
      })
      .optional(),
  })
  .refine(({ assets }) => Math.abs(assets.reduce((sum, { weight }) => sum + weight, 0) - 1) < 1e-6, {
    path: ['assets'],
    message: 'weights must sum to 1',
  })
  .refine(({ assets, k }) => k === undefined || k.length === assets.length, {
    path: ['k'],
    message: 'must have an entry for each asset',
  });

/** A secret rule: whoever has this file can prove that it was followed. */
const secretSchema = z.strictObject({
  strategy: z.array(z.number().min(0).max(16)).min(2).max(8),
  salt: z.number(),
});

/**
 * Deploys a pool: by a public rule, or by a secret one of which only the commitment is told. Where its verifier, keys and prices
 * are is what `zkrisk deploy` has written.
 */
export async function deployPoolCommand(options: {
  rpc: string;
  pool: string;
  deployment: string;
  secret?: string;
}): Promise<{ pool: Address; commitment: string | null }> {
  const { name, symbol, assets, k, terms } = parseInput(poolSchema, readJson(options.pool), options.pool);
  const { verifier, keys, prices } = parseDeployment(readJson(options.deployment));
  if ((k === undefined) === (options.secret === undefined))
    throw new InvalidInputError('k', 'a rule is public (k in the file) or secret (--secret), one of the two');
  const account = signer();
  const placed = { ...(terms ?? POOL_TERMS), prices };
  const deploy = (strategy: Parameters<typeof deployPool>[4]) =>
    deployPool(options.rpc, account, { name, symbol }, assets, strategy, placed);
  if (k !== undefined) return { pool: await deploy({ k }), commitment: null };
  const commitment = await commitmentTo(options.secret!, assets.length);
  const pool = await deploy({ commitment, verifier, verificationKey: keys.momentum });
  return { pool, commitment: `0x${commitment.toString(16).padStart(64, '0')}` };
}

async function commitmentTo(file: string, tokens: number): Promise<bigint> {
  const { strategy, salt } = parseInput(secretSchema, readJson(file), file);
  if (strategy.length !== tokens)
    throw new InvalidInputError(
      'strategy',
      `must have ${tokens} entries, one a token, got ${strategy.length}`,
    );
  const nothing = strategy.map(() => 0);
  const [row] = momentumStatement.inputs({ strategy, salt, weights: nothing, gradient: nothing });
  const prover = createProver();
  try {
    return fieldElement(await prover.commit(row));
  } finally {
    await prover.close();
  }
}

/** Moves a pool's weights with the prices of a bar: by its public rule, or with a proof of the secret one. */
export async function updatePoolCommand(options: {
  rpc: string;
  pool: string;
  bar: number;
  secret?: string;
}): Promise<{ bar: number; weights: number[]; proofSeconds: number | null }> {
  const pool = parseInput(addressSchema, options.pool, 'pool');
  const client = chainClient(options.rpc);
  const transactor = new Transactor(options.rpc, signer());
  const bar = BigInt(options.bar);
  const { args, proofSeconds } =
    options.secret === undefined
      ? { args: [bar], proofSeconds: null }
      : await provenUpdate(client, pool, bar, options.secret);
  await transactor.call(pool, POOL_ABI, 'performUpdate', args);
  const weights = await client.readContract({ address: pool, abi: POOL_ABI, functionName: 'weights' });
  return { bar: options.bar, weights: weights.map((weight) => Number(weight) / 1e18), proofSeconds };
}

async function provenUpdate(
  client: ChainClient,
  pool: Address,
  bar: bigint,
  file: string,
): Promise<{ args: readonly unknown[]; proofSeconds: number | null }> {
  const { strategy, salt } = parseInput(secretSchema, readJson(file), file);
  const known = await client.readContract({ address: pool, abi: POOL_ABI, functionName: 'updatedBar' });
  // The first prices teach and move nothing: there is nothing to prove.
  if (known === 0n) return { args: [bar, '0x', []], proofSeconds: null };
  const statement = await updateStatement(client, pool, bar);
  const { commitment } = await client.readContract({
    ...{ address: pool, abi: POOL_ABI, functionName: 'strategy' },
  });
  if ((await commitmentTo(file, strategy.length)) !== commitment)
    throw new InvalidInputError('secret', `${file} is not what the pool has committed to`);
  const prover = createProver();
  try {
    const started = performance.now();
    const document = await prover.prove(momentumStatement, { strategy, salt, ...statement });
    const { proof, instances } = chainProof(document);
    return { args: [bar, proof, instances], proofSeconds: (performance.now() - started) / 1000 };
  } finally {
    await prover.close();
  }
}

/** Deploys a vault for a pool's shares and says so where the vault service looks. */
export async function deployVaultCommand(options: {
  rpc: string;
  pool: string;
  exchange: string;
  admin?: string;
  governor?: string;
  guardian?: string;
  out: string;
  delay?: number;
}): Promise<VaultDeployment> {
  const pool = parseInput(addressSchema, options.pool, 'pool');
  const exchange = parseInput(addressSchema, options.exchange, 'exchange');
  const account = signer();
  const terms = { ...VAULT_TERMS, ...(options.delay === undefined ? {} : { delay: options.delay }) };
  const duty = (name: 'admin' | 'governor' | 'guardian') =>
    options[name] === undefined ? account.address : parseInput(addressSchema, options[name], name);
  const vault = await deployVault(
    options.rpc,
    account,
    { name: 'zkrisk liquidity vault', symbol: 'zkrLV', pool },
    terms,
    { admin: duty('admin'), governor: duty('governor'), guardian: duty('guardian'), exchange },
  );
  writeVaultDeployment(options.out, { vault, pool });
  return { vault, pool };
}
