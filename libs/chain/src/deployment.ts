import { type Address, concatHex, type Hex, keccak256, numberToHex, toHex, zeroAddress } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { z } from 'zod';
import { parseInput } from '#lib/errors';
import { chainKeyOf, loadArtifacts, quantise, STATEMENTS } from '#lib/proofs';
import { marketBytes } from './encoding.js';
import { ChainError } from './errors.js';
import { BINDING_ABI, ORACLE_ABI } from './oracle-abi.js';
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
  /** where liquidations are attested, made by the oracle */
  attestor: addressSchema,
  prices: addressSchema,
  /** binds the books of epochs to their accounts */
  binding: addressSchema,
  /** where premia of trades are challenged, made by the binding */
  challenges: addressSchema,
  /** medians of signed reports, or rounds of Chainlink feeds */
  priceSource: z.enum(['median', 'chainlink']),
  /** the door that proofs pass */
  verifier: addressSchema,
  /** the generated verifiers behind it: of all circuits, and of `bar` alone */
  halo2: addressSchema,
  barVerifier: addressSchema,
  keys: z.record(z.string(), addressSchema),
  srs: z.enum(['development', 'ceremony']),
  rpcUrl: z.string().optional().describe('a node of the chain, as it was at the last start'),
});
export type Deployment = z.infer<typeof deploymentSchema>;

/** @throws {InvalidInputError} for a text that is no deployment */
export function parseDeployment(value: unknown): Deployment {
  return parseInput(deploymentSchema, value, 'deployment');
}

export interface OracleTerms {
  /** α of EVaR_{1−α} */
  readonly alpha: number;
  /** seconds between a proposal and its installation */
  readonly delaySeconds: number;
  /** seconds from a bar's end for which its epoch is fresh */
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

/** Accounts by duty. Off local chains all are different accounts; the contracts refuse others. */
export interface Duties {
  readonly admin: Address;
  readonly governor: Address;
  readonly guardian: Address;
  readonly publisher: Address;
}

/** Where prices of bars come from. */
export type PriceTerms =
  | { readonly kind: 'median'; readonly reporters: readonly Address[]; readonly quorum: number }
  | {
      readonly kind: 'chainlink';
      readonly feeds: readonly {
        readonly market: string;
        readonly aggregator: Address;
        /** seconds */
        readonly heartbeat: number;
      }[];
    };

export const GOVERNOR_ROLE = keccak256(toHex('GOVERNOR'));
export const PUBLISHER_ROLE = keccak256(toHex('PUBLISHER'));
export const GUARDIAN_ROLE = keccak256(toHex('GUARDIAN'));
export const ADMIN_ROLE: Hex = `0x${'00'.repeat(32)}`;

/** A contract whose code is data: a verification key is one to the verifier. */
export function dataContract(data: Uint8Array): Hex {
  // PUSH2 length, DUP1, PUSH1 offset, PUSH1 0, CODECOPY, PUSH1 0, RETURN
  const length = numberToHex(data.length, { size: 2 });
  return concatHex(['0x61', length, '0x80600c6000396000f3', toHex(data)]);
}

export interface DeploymentOptions {
  /** everything the deploying account's where it is left out, which local chains alone allow */
  readonly duties?: Duties;
  /** the deploying account as the one reporter where it is left out, which local chains alone allow */
  readonly prices?: PriceTerms;
  /** the contract that knows the exchange's money; without one the sums of cash are not compared */
  readonly custody?: Address;
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * Deploys verifier, keys, a price source and the oracle, with their roles given and the verifiers installed. The deploying
 * account keeps no right of its own unless it is among the duties.
 *
 * @throws {ChainError} where a transaction fails, or where keys are not apart on a chain that is not local
 */
export async function deployOracle(
  rpcUrl: string,
  account: PrivateKeyAccount,
  terms: OracleTerms,
  options: DeploymentOptions = {},
): Promise<Deployment> {
  const transactor = new Transactor(rpcUrl, account);
  const { address } = account;
  const duties = options.duties ?? {
    admin: address,
    governor: address,
    guardian: address,
    publisher: address,
  };
  const source: PriceTerms = options.prices ?? { kind: 'median', reporters: [address], quorum: 1 };
  const chainId = await transactor.client.getChainId();
  if (!isLocal(chainId)) requireKeysApart(duties, source);
  const halo2 = await transactor.deploy('Halo2VerifierReusable');
  const keys: Record<string, Address> = {};
  for (const name of STATEMENTS.keys())
    keys[name] = (await transactor.send({ data: dataContract(chainKeyOf(name, options.environment)) }))!;
  const barVerifier = await transactor.deploy('BarVerifier', [keys.bar]);
  const verifier = await transactor.deploy('ProofVerifier', [halo2, Object.values(keys), [barVerifier]]);
  const srs = loadArtifacts('bar', options.environment).srsKind;
  const prices = await deployPriceSource(transactor, duties, terms.delaySeconds, source);
  const maker = await transactor.deploy('ChallengesMaker');
  const binding = await transactor.deploy('BookBinding', [options.custody ?? zeroAddress, maker]);
  const attestors = await transactor.deploy('AttestorMaker');
  const oracle = await transactor.deploy('RiskOracle', [
    duties,
    { ...oracleSettings(prices, terms), binding, attestors },
    {
      verifier,
      barKey: keys.bar,
      priceKey: keys.price,
      liquidationKey: keys.liquidation,
    },
  ]);
  const attestor = await transactor.client.readContract({
    ...{ address: oracle, abi: ORACLE_ABI, functionName: 'attestor' },
  });
  await transactor.call(binding, BINDING_ABI, 'open', [oracle]);
  const challenges = await transactor.client.readContract({
    ...{ address: binding, abi: BINDING_ABI, functionName: 'challengesOf', args: [oracle] },
  });
  const contracts = { oracle, attestor, prices, binding, challenges, verifier, halo2, barVerifier, keys };
  return { chainId, ...contracts, priceSource: source.kind, srs };
}

function oracleSettings(prices: Address, { alpha, delaySeconds, freshnessSeconds, margins }: OracleTerms) {
  const share = (value: number) => BigInt(Math.round(value * 1e18));
  return {
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
  };
}

function deployPriceSource(
  transactor: Transactor,
  { admin, governor, guardian }: Duties,
  delaySeconds: number,
  source: PriceTerms,
): Promise<Address> {
  const common = [admin, governor, guardian, delaySeconds];
  if (source.kind === 'median') {
    const reporters = [...source.reporters].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
    return transactor.deploy('MedianPriceSource', [...common, reporters, source.quorum]);
  }
  const feeds = source.feeds.map(({ market, ...feed }) => ({ market: marketBytes(market), ...feed }));
  return transactor.deploy('ChainlinkPriceSource', [...common, feeds]);
}

/** Chains of anvil and Ganache, as the contracts know them. */
export function isLocal(chainId: number): boolean {
  return chainId === 31337 || chainId === 1337;
}

/** The contracts refuse it too; here before anything is paid for. */
function requireKeysApart(duties: Duties, source: PriceTerms): void {
  const held = new Map<string, string>();
  const claim = (duty: string, account: Address) => {
    const other = held.get(account.toLowerCase());
    if (other !== undefined)
      throw new ChainError(`${account} would be both ${other} and ${duty}: off local chains keys are apart`);
    held.set(account.toLowerCase(), duty);
  };
  for (const [duty, account] of Object.entries(duties)) claim(duty, account as Address);
  if (source.kind === 'median') for (const reporter of source.reporters) claim('reporter', reporter);
}
