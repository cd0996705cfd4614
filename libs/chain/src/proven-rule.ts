import { type Address, type Hex, parseAbi } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import type { ChainClient } from './chain-client.js';
import { dataContract } from './deployment.js';
import { Transactor } from './transactor.js';

/** Used part of the ABI of contracts/src/pool/ProvenRule.sol; a test compares it with the compiled one. */
export const RULE_ABI = parseAbi([
  'struct Sight { bool weights; bool gradients; uint8 bars; }',
  'struct Ranges { int64 lowestWeight; int64 largestGradient; int64 leastPrice; int64 mostPrice; }',
  'struct Terms { bytes32 graph; bytes32 manifest; uint8 tokens; Sight sight; Ranges ranges; address verifier; address verificationKey; uint256 parameters; uint256 shared; uint256 firstState; bool hints; int64[] publicParameters; }',
  'constructor(Terms terms)',
  'function terms() view returns (Terms)',
]);

/** A rule as it is registered; numbers in units of 2^−24. */
export interface RuleTerms {
  /** SHA-256 of the ONNX graph, of the description of its inputs */
  readonly graph: Hex;
  readonly manifest: Hex;
  readonly tokens: number;
  readonly sight: { readonly weights: boolean; readonly gradients: boolean; readonly bars: number };
  readonly ranges: {
    readonly lowestWeight: bigint;
    readonly largestGradient: bigint;
    readonly leastPrice: bigint;
    readonly mostPrice: bigint;
  };
  /** commitments; 0 where there are none */
  readonly parameters: bigint;
  readonly shared: bigint;
  readonly firstState: bigint;
  readonly hints: boolean;
  readonly publicParameters: readonly bigint[];
}

/** Addresses of a rule and of the verifier of its proofs. */
export interface RuleAddresses {
  readonly rule: Address;
  readonly verifier: Address;
  readonly verificationKey: Address;
}

/**
 * Registers a rule: its verification key, a door of its own to the generated verifier, and its terms.
 *
 * @param halo2 the generated verifier
 * @throws {ChainError} where a transaction fails
 */
export async function deployRule(
  rpcUrl: string,
  account: PrivateKeyAccount,
  halo2: Address,
  key: Uint8Array,
  terms: RuleTerms,
): Promise<RuleAddresses> {
  const transactor = new Transactor(rpcUrl, account);
  const verificationKey = (await transactor.send({ data: dataContract(key) }))!;
  const verifier = await transactor.deploy('ProofVerifier', [halo2, [verificationKey], []]);
  const rule = await transactor.deploy('ProvenRule', [{ ...terms, verifier, verificationKey }], RULE_ABI);
  return { rule, verifier, verificationKey };
}

/** The terms of a registered rule. */
export async function ruleTerms(client: ChainClient, rule: Address) {
  return client.readContract({ address: rule, abi: RULE_ABI, functionName: 'terms' });
}
