import type { Address } from 'viem';
import {
  addressSchema,
  chainClient,
  deployPool,
  deployVault,
  parseDeployment,
  POOL_ABI,
  POOL_TERMS,
  Transactor,
  VAULT_TERMS,
} from '#lib/chain';
import { InvalidInputError, parseInput } from '#lib/errors';
import { type VaultDeployment, writeVaultDeployment } from '../../vault/src/index.js';
import { poolSchema } from './pool-schema.js';
import { readJson } from './read-json.js';
import { signer } from './signer.js';

/** Deploys a pool by public momentum: its strengths stand in its file. A rule that is proven is deployed by `zkrisk rule deploy`. */
export async function deployPoolCommand(options: {
  rpc: string;
  pool: string;
  deployment: string;
}): Promise<{ pool: Address }> {
  const { k, name, symbol, assets, terms } = parseInput(poolSchema, readJson(options.pool), options.pool);
  if (k.length !== assets.length)
    throw new InvalidInputError('k', `must have ${assets.length} entries, one an asset, got ${k.length}`);
  const { prices } = parseDeployment(readJson(options.deployment));
  const placed = { ...(terms ?? POOL_TERMS), prices };
  return { pool: await deployPool(options.rpc, signer(), { name, symbol }, assets, { k }, placed) };
}

/** Moves the weights of a pool by public momentum with the prices of a bar. */
export async function updatePoolCommand(options: {
  rpc: string;
  pool: string;
  bar: number;
}): Promise<{ bar: number; weights: number[] }> {
  const pool = parseInput(addressSchema, options.pool, 'pool');
  const transactor = new Transactor(options.rpc, signer());
  await transactor.call(pool, POOL_ABI, 'performUpdate', [BigInt(options.bar)]);
  const client = chainClient(options.rpc);
  const weights = await client.readContract({ address: pool, abi: POOL_ABI, functionName: 'weights' });
  return { bar: options.bar, weights: weights.map((weight) => Number(weight) / 1e18) };
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
