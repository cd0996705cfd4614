import {
  type Address,
  concatHex,
  createPublicClient,
  createWalletClient,
  encodeDeployData,
  type Hex,
  http,
  keccak256,
  numberToHex,
  type PublicClient,
  toHex,
} from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { z } from 'zod';
import { parseInput } from '#lib/errors';
import { chainKeyOf, loadArtifacts, quantise, STATEMENTS } from '#lib/proofs';
import { contractArtifact } from './contract-artifact.js';
import { ChainError } from './errors.js';
import { ORACLE_ABI } from './oracle-abi.js';

const address = z.custom<Address>((value) => typeof value === 'string' && /^0x[0-9a-fA-F]{40}$/.test(value));

/** Where the contracts are. */
export const deploymentSchema = z.strictObject({
  chainId: z.int(),
  oracle: address,
  prices: address,
  verifier: address,
  keys: z.record(z.string(), address),
  srs: z.enum(['development', 'ceremony']),
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
  const client = createPublicClient({ transport: http(rpcUrl), pollingInterval: 200 });
  const wallet = createWalletClient({ account, transport: http(rpcUrl) });
  const mined = async (hash: Hex) => {
    const receipt = await client.waitForTransactionReceipt({ hash });
    if (receipt.status !== 'success') throw new ChainError(`transaction ${hash} failed`);
    return receipt;
  };
  const deploy = async (data: Hex): Promise<Address> => {
    const { contractAddress } = await mined(await wallet.sendTransaction({ data, chain: null }));
    return contractAddress!;
  };
  const contract = (name: string, args: readonly unknown[] = []) => {
    const { abi, bytecode } = contractArtifact(name);
    return deploy(encodeDeployData({ abi, bytecode, args }));
  };
  const chainId = await client.getChainId();
  const verifier = await contract('Halo2VerifierReusable');
  const keys: Record<string, Address> = {};
  let srs: Deployment['srs'] = 'ceremony';
  for (const name of STATEMENTS.keys()) {
    if (loadArtifacts(name, environment).srsKind === 'development') srs = 'development';
    keys[name] = await deploy(dataContract(chainKeyOf(name, environment)));
  }
  const prices = await contract('SignedPriceSource', [account.address]);
  const share = (value: number) => BigInt(Math.round(value * 1e18));
  const { alpha, delaySeconds, freshnessSeconds, margins } = terms;
  const oracle = await contract('RiskOracle', [
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
  for (const role of [GOVERNOR_ROLE, PUBLISHER_ROLE, GUARDIAN_ROLE]) {
    const call = {
      address: oracle,
      abi: ORACLE_ABI,
      functionName: 'grantRole',
      args: [role, account.address],
    } as const;
    await mined(await wallet.writeContract({ ...call, chain: null }));
  }
  const verifiers = {
    verifier,
    covarianceKey: keys.covariance,
    pricingKey: keys.pricing,
    liquidationKey: keys.liquidation,
    development: srs === 'development',
  };
  for (const functionName of delaySeconds === 0
    ? (['proposeVerifiers', 'installVerifiers'] as const)
    : (['proposeVerifiers'] as const)) {
    await mined(
      await wallet.writeContract({
        address: oracle,
        abi: ORACLE_ABI,
        functionName,
        args: [verifiers],
        chain: null,
      }),
    );
  }
  return { chainId, oracle, prices, verifier, keys, srs };
}

export type ChainClient = PublicClient;

export function chainClient(rpcUrl: string): ChainClient {
  return createPublicClient({
    transport: http(rpcUrl, { timeout: 30_000, retryCount: 2 }),
    pollingInterval: 500,
  });
}
