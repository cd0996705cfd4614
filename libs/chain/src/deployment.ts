import { type Address, concatHex, type Hex, keccak256, numberToHex, toHex } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { z } from 'zod';
import { parseInput } from '#lib/errors';
import { chainKeyOf, loadArtifacts, quantise, STATEMENTS } from '#lib/proofs';
import { ORACLE_ABI } from './oracle-abi.js';
import { Transactor } from './transactor.js';

/** Of an account or a contract. */
export const addressSchema = z.custom<Address>(
  (value) => typeof value === 'string' && /^0x[0-9a-fA-F]{40}$/.test(value),
  'must be an address of 20 bytes in hex',
);

/** Where the contracts are. */
export const deploymentSchema = z.strictObject({
  chainId: z.int(),
  oracle: addressSchema,
  prices: addressSchema,
  verifier: addressSchema,
  keys: z.record(z.string(), addressSchema),
  srs: z.enum(['development', 'ceremony']),
  rpcUrl: z.string().optional().describe('a node of the chain, as it was at the last start'),
});
export type Deployment = z.infer<typeof deploymentSchema>;

/** @throws {InvalidInputError} for what is no deployment */
export function parseDeployment(value: unknown): Deployment {
  return parseInput(deploymentSchema, value, 'deployment');
}

export interface OracleTerms {
  /** α of EVaR_{1−α} */
  readonly alpha: number;
  /** seconds between a proposal and its installation */
  readonly delaySeconds: number;
  /** seconds after which what was published is no longer fresh */
  readonly freshnessSeconds: number;
  /** guard rails of margin requirements: shares of notional */
  readonly margins: {
    readonly lowest: number;
    readonly highest: number;
    readonly step: number;
    readonly velocity: number;
    readonly blocks: number;
  };
}

export const GOVERNOR_ROLE = keccak256(toHex('GOVERNOR'));
export const PUBLISHER_ROLE = keccak256(toHex('PUBLISHER'));
export const GUARDIAN_ROLE = keccak256(toHex('GUARDIAN'));

/** A contract whose code is data: what a verification key is to the verifier. */
export function dataContract(data: Uint8Array): Hex {
  // PUSH2 length, DUP1, PUSH1 offset, PUSH1 0, CODECOPY, PUSH1 0, RETURN
  const length = numberToHex(data.length, { size: 2 });
  return concatHex(['0x61', length, '0x80600c6000396000f3', toHex(data)]);
}

/**
 * Deploys verifier, keys, a signed price source and the oracle, grants its roles to the account, and installs the verifiers
 * (at once where there is no delay).
 *
 * @throws {ChainError} where a transaction fails
 */
export async function deployOracle(
  rpcUrl: string,
  account: PrivateKeyAccount,
  terms: OracleTerms,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Deployment> {
  const transactor = new Transactor(rpcUrl, account);
  const chainId = await transactor.client.getChainId();
  const verifier = await transactor.deploy('Halo2VerifierReusable');
  const keys: Record<string, Address> = {};
  let srs: Deployment['srs'] = 'ceremony';
  for (const name of STATEMENTS.keys()) {
    if (loadArtifacts(name, environment).srsKind === 'development') srs = 'development';
    keys[name] = (await transactor.send({ data: dataContract(chainKeyOf(name, environment)) }))!;
  }
  const prices = await transactor.deploy('SignedPriceSource', [account.address]);
  const share = (value: number) => BigInt(Math.round(value * 1e18));
  const { alpha, delaySeconds, freshnessSeconds, margins } = terms;
  const oracle = await transactor.deploy('RiskOracle', [
    account.address,
    {
      prices,
      budget: quantise(-Math.log(alpha), 'alpha'),
      delay: delaySeconds,
      freshness: freshnessSeconds,
      margins: {
        lowest: share(margins.lowest),
        highest: share(margins.highest),
        step: share(margins.step),
        velocity: share(margins.velocity),
        blocks: margins.blocks,
      },
    },
  ]);
  for (const role of [GOVERNOR_ROLE, PUBLISHER_ROLE, GUARDIAN_ROLE])
    await transactor.call(oracle, ORACLE_ABI, 'grantRole', [role, account.address]);
  const verifiers = {
    verifier,
    covarianceKey: keys.covariance,
    pricingKey: keys.pricing,
    liquidationKey: keys.liquidation,
    development: srs === 'development',
  };
  await transactor.call(oracle, ORACLE_ABI, 'proposeVerifiers', [verifiers]);
  if (delaySeconds === 0) await transactor.call(oracle, ORACLE_ABI, 'installVerifiers', [verifiers]);
  return { chainId, oracle, prices, verifier, keys, srs };
}
