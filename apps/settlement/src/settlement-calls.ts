import { encodeFunctionData, type Hex, keccak256, pad, toHex } from 'viem';
import { type Call, chainProof, modelInstallation, ORACLE_ABI, type OracleModel } from '#lib/chain';
import type { EpochPayload } from '#lib/messages';
import { modelCall, oracleModel, type ProvenEpoch, provenEpoch, publishCall } from './epoch-call.js';
import { priceCall } from './price-call.js';
import type { SettlementChain } from './settlement-chain.js';
import type { SettlementRepository } from './settlement.repository.js';

/** A model that waits for its governor: the two calls to make, the second after the oracle's delay. */
export interface AwaitedModel {
  readonly propose: Hex;
  readonly install: Hex;
  readonly model: OracleModel;
}

/** Makes the calls of transactions from the epochs and proofs that are kept, and the chain as it is then. */
export class SettlementCalls {
  constructor(
    private readonly chain: SettlementChain,
    private readonly repository: SettlementRepository,
  ) {}

  /**
   * @returns 'done' where the chain has it by another account's transaction, undefined where it is not time yet
   * @throws {ChainError} for what can never be sent
   */
  async of(id: string): Promise<Call | 'done' | undefined> {
    const { kind, epochId, planId } = (await this.repository.transaction(id))!;
    if (kind === 'attest') return this.attestation(planId!);
    const epoch = (await this.repository.epoch(epochId!))!.epoch as EpochPayload;
    if (kind === 'prices')
      return priceCall(this.chain, epoch, ({ bar, prices }) =>
        this.repository.reports(
          Number(bar),
          prices.map(({ market }) => market),
        ),
      );
    const proven = await this.proven(epoch);
    return kind === 'publish'
      ? publishCall(this.chain, proven)
      : modelCall(this.chain, kind, oracleModel(proven));
  }

  /** The model that waits for the governor; undefined where none does. */
  async awaitingGovernor(): Promise<AwaitedModel | undefined> {
    const epochId = await this.repository.epochOfWaitingModel();
    if (epochId === undefined) return undefined;
    const { epoch } = (await this.repository.epoch(epochId))!;
    const model = oracleModel(await this.proven(epoch as EpochPayload));
    const install = modelInstallation(model);
    const propose = encodeFunctionData({ abi: ORACLE_ABI, functionName: 'propose', args: [install] });
    return { propose, install, model };
  }

  private async proven(epoch: EpochPayload): Promise<ProvenEpoch> {
    const jobs = [...epoch.clusters, epoch.pricing].map(({ jobId }) => jobId);
    const proofs = await this.repository.proofs(this.repository.database.manager, jobs);
    return provenEpoch(epoch, new Map([...proofs].map(([job, { document }]) => [job, document!])));
  }

  private async attestation(planId: string): Promise<Call> {
    const job = `liquidation-${planId}`;
    const { document } = (await this.repository.proofs(this.repository.database.manager, [job])).get(job)!;
    const args = [planDigest(planId), chainProof(document!)] as const;
    return {
      to: this.chain.deployment.oracle,
      data: encodeFunctionData({ abi: ORACLE_ABI, functionName: 'attestLiquidation', args }),
    };
  }
}

/** A plan's name on the chain: its id, hashed where it is longer than 32 bytes. */
export function planDigest(planId: string): Hex {
  const bytes = toHex(planId);
  return bytes.length <= 66 ? pad(bytes, { dir: 'right', size: 32 }) : keccak256(bytes);
}
