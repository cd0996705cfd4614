import { type Address, type Hex, parseAbi } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { dataContract } from './deployment.js';
import type { ChainProof } from './encoding.js';
import { lastProvenBar } from './proven-bar.js';
import { Transactor } from './transactor.js';

/** The functions of contracts/src/ForecastCorrection.sol that are called; a test holds them against the compiled ABI. */
export const CORRECTION_ABI = parseAbi([
  'struct Terms { address oracle; bytes32 graph; bytes32 manifest; uint256 network; address verifier; address verificationKey; }',
  'struct ProvenBar { uint64 number; uint64 bar; uint32 barSeconds; int256 tailFactor; bytes32[] markets; uint256[] variances; }',
  'struct Proof { bytes proof; uint256[] instances; }',
  'struct Window { uint96 price; uint64 volatility; uint40 end; uint24 windows; uint24 exceedances; uint8 generation; }',
  'constructor(Terms terms)',
  'function terms() view returns (Terms)',
  'function publish(ProvenBar bar, Proof[] proofs)',
  'function variance(bytes32 market) view returns (uint256 corrected, bool fresh)',
  'function exceedances(bytes32 market) view returns (Window)',
  'function discredited() view returns (bytes32)',
  'error NotThePublisher(address account)',
  'error Paused()',
  'error CorrectionDiscredited(bytes32 market)',
  'error NotProvenSo(uint64 number)',
  'error NotTheLastBar(uint64 last, uint64 bar)',
  'error CorrectedAlready(uint64 bar)',
  'error WrongNumberOfProofs(uint256 expected, uint256 got)',
  'error NetworkDiffers(uint256 registered, uint256 proven)',
  'error StateDiffers(uint256 part, uint256 expected, uint256 proven)',
  'error Violated(uint256 violations)',
  'error MultiplierOutOfRange(uint256 index, int256 multiplier)',
  'error ProofRefused(uint256 part)',
]);

/** A correction as it is registered. */
export interface CorrectionTerms {
  /** whose variances it corrects */
  readonly oracle: Address;
  /** SHA-256 of the ONNX graph, of the description of its circuit */
  readonly graph: Hex;
  readonly manifest: Hex;
  /** commitment of the network's parameters */
  readonly network: bigint;
}

/** Addresses of a correction and of the verifier of its proofs. */
export interface CorrectionAddresses {
  readonly correction: Address;
  readonly verifier: Address;
  readonly verificationKey: Address;
}

/**
 * Registers a learned correction: its verification key, a door of its own to the generated verifier, and its terms.
 *
 * @param halo2 the generated verifier
 * @throws {ChainError} where a transaction fails
 */
export async function deployCorrection(
  rpcUrl: string,
  account: PrivateKeyAccount,
  halo2: Address,
  key: Uint8Array,
  terms: CorrectionTerms,
): Promise<CorrectionAddresses> {
  const transactor = new Transactor(rpcUrl, account);
  const verificationKey = (await transactor.send({ data: dataContract(key) }))!;
  const verifier = await transactor.deploy('ProofVerifier', [halo2, [verificationKey], []]);
  const registered = { ...terms, verifier, verificationKey };
  const correction = await transactor.deploy('ForecastCorrection', [registered], CORRECTION_ABI);
  return { correction, verifier, verificationKey };
}

/** A correction as it stands on the chain after a publication. */
export interface PublishedCorrection {
  /** the oracle's epoch, and the end of its bar, seconds since 1970 */
  readonly number: bigint;
  readonly bar: bigint;
  /** percent² over the horizon, corrected and not, in units of 2^−128 */
  readonly variances: readonly {
    readonly market: Hex;
    readonly proven: bigint;
    readonly corrected: bigint;
  }[];
}

/**
 * Publishes the corrections of the bar that the oracle has taken last.
 *
 * @param proofs one for each part of the oracle's model
 * @throws {ChainError} where the contract refuses them, with its own error
 */
export async function publishCorrection(
  rpcUrl: string,
  account: PrivateKeyAccount,
  correction: Address,
  proofs: readonly ChainProof[],
): Promise<PublishedCorrection> {
  const transactor = new Transactor(rpcUrl, account);
  const { client } = transactor;
  const at = { address: correction, abi: CORRECTION_ABI } as const;
  const { oracle } = await client.readContract({ ...at, functionName: 'terms' });
  const bar = await lastProvenBar(client, oracle);
  await transactor.call(correction, CORRECTION_ABI, 'publish', [bar, proofs]);
  const variances = await Promise.all(
    bar.markets.map(async (market, i) => {
      const [corrected] = await client.readContract({ ...at, functionName: 'variance', args: [market] });
      return { market, proven: bar.variances[i], corrected };
    }),
  );
  return { number: bar.number, bar: bar.bar, variances };
}
