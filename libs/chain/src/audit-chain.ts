import {
  type Address,
  type ContractFunctionArgs,
  decodeFunctionData,
  getAbiItem,
  type Hex,
  hexToString,
  toFunctionSelector,
} from 'viem';
import { loadArtifacts, type ProofDocument, type Prover, type Statement } from '#lib/proofs';
import type { ChainClient } from './chain-client.js';
import { documentInstances } from './encoding.js';
import { logRanges } from './log-ranges.js';
import { ATTESTOR_ABI, ORACLE_ABI, PRICE_SOURCE_ABI } from './oracle-abi.js';
import { takenCall } from './published-epoch.js';

const ATTEST = toFunctionSelector(getAbiItem({ abi: ATTESTOR_ABI, name: 'attestLiquidation' }));

export type Attestation = ContractFunctionArgs<typeof ATTESTOR_ABI, 'nonpayable', 'attestLiquidation'>;

/** An oracle's record, as a node has it: events, the calls behind them, prices that are held. */
export class AuditedChain {
  constructor(
    readonly client: ChainClient,
    readonly oracle: Address,
    readonly attestor: Address,
    private readonly prover: Prover,
    /** −ln α, and where prices are held: neither ever changes */
    readonly budget: bigint,
    readonly source: Address,
  ) {}

  /** Events of the oracle and of its attestor, in the order of the chain. */
  async events() {
    const found = [];
    for (const range of logRanges(await this.client.getBlockNumber())) {
      const [ours, attested] = await Promise.all([
        this.client.getContractEvents({ address: this.oracle, abi: ORACLE_ABI, ...range }),
        this.client.getContractEvents({ address: this.attestor, abi: ATTESTOR_ABI, ...range }),
      ]);
      found.push(
        ...[...ours, ...attested].sort(
          (a, b) => Number(a.blockNumber - b.blockNumber) || a.logIndex - b.logIndex,
        ),
      );
    }
    return found;
  }

  /** Price of a market at the end of a bar, 18 decimals. */
  priceAt(market: Hex, bar: bigint): Promise<bigint> {
    return this.client.readContract({
      address: this.source,
      abi: PRICE_SOURCE_ABI,
      functionName: 'priceAt',
      args: [market, bar],
    });
  }

  async attested(transaction: Hex, digest: Hex): Promise<Attestation> {
    const data = await takenCall(this.client, transaction, digest, ATTEST, 'attestLiquidation');
    return decodeFunctionData({ abi: ATTESTOR_ABI, data }).args as unknown as Attestation;
  }

  /** A proof's statement, and why it does not hold. */
  async verify<Input, Public>(
    statement: Statement<Input, Public>,
    { proof, instances }: { readonly proof: Hex; readonly instances: readonly bigint[] },
    annex?: object,
  ): Promise<{ values: Public | undefined; reasons: readonly string[] }> {
    const { digest, srsKind } = loadArtifacts(statement.name);
    const document: ProofDocument = {
      version: 1,
      statement: statement.name,
      artifacts: digest,
      srs: srsKind,
      instances: documentInstances(instances),
      proof,
      ...(annex === undefined ? {} : { annex }),
    };
    const { failures, values } = await this.prover.verify(statement, document);
    return { values, reasons: failures };
  }
}

/** A name of 32 bytes as text, where it is one. */
export function label(bytes: Hex): string {
  const text = hexToString(bytes, { size: 32 });
  return /^[\x21-\x7e]+$/.test(text) ? text : bytes;
}
