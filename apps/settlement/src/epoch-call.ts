import { encodeFunctionData, keccak256 } from 'viem';
import {
  type Call,
  chainProof,
  type ChainProof,
  INSTALL_MODEL,
  marketBytes,
  modelInstallation,
  ORACLE_ABI,
  type OracleModel,
  GOVERNOR_ROLE,
} from '#lib/chain';
import type { EpochPayload } from '#lib/messages';
import type { ProofDocument } from '#lib/proofs';
import type { SettlementChain } from './settlement-chain.js';

/** Public values of the proofs that are read here: see the layouts of the statements. */
const MODEL = 0;
const STATE = 1;
const CORRELATION = 12;

/** An epoch with its proofs, as the oracle takes it. */
export interface ProvenEpoch {
  readonly payload: EpochPayload;
  readonly covariances: readonly ChainProof[];
  readonly pricing: ChainProof;
}

/** @param documents by job, as they were kept */
export function provenEpoch(
  payload: EpochPayload,
  documents: ReadonlyMap<string, ProofDocument>,
): ProvenEpoch {
  const proof = ({ jobId }: { readonly jobId: string }) => chainProof(documents.get(jobId)!);
  return { payload, covariances: payload.clusters.map(proof), pricing: proof(payload.pricing) };
}

/** The model an epoch's proofs are of, with the state they start from. */
export function oracleModel({ payload, covariances, pricing }: ProvenEpoch): OracleModel {
  return {
    clusters: payload.clusters.map(({ markets }, c) => ({
      model: covariances[c].instances[MODEL],
      state: covariances[c].instances[STATE],
      markets: markets.map(marketBytes),
    })),
    correlation: pricing.instances[CORRELATION],
    stateBar: BigInt((payload.barEnd - payload.barMs) / 1000),
    barSeconds: payload.barMs / 1000,
  };
}

/** The call that publishes an epoch as the next one. */
export async function publishCall(
  { client, deployment }: SettlementChain,
  epoch: ProvenEpoch,
): Promise<Call> {
  const [last] = await client.readContract({
    ...{ address: deployment.oracle, abi: ORACLE_ABI, functionName: 'measure' },
  });
  const { payload, covariances, pricing } = epoch;
  // A power of two: exact above one.
  const unit =
    payload.unit >= 1 ? BigInt(payload.unit) * 10n ** 18n : BigInt(Math.round(payload.unit * 1e18));
  const bar = BigInt(payload.barEnd / 1000);
  const args = [{ number: last.number + 1n, bar, unit, covariances, pricing }] as const;
  return {
    to: deployment.oracle,
    data: encodeFunctionData({ abi: ORACLE_ABI, functionName: 'publish', args }),
  };
}

/**
 * The call that proposes or installs a model, where this account governs. Elsewhere the governor makes it, and the chain shows
 * when it has.
 *
 * @returns 'done' where the chain has it, undefined where it is not time yet
 */
export async function modelCall(
  { client, deployment, account }: SettlementChain,
  kind: 'propose-model' | 'install-model',
  model: OracleModel,
): Promise<Call | 'done' | undefined> {
  const oracle = { address: deployment.oracle, abi: ORACLE_ABI } as const;
  const installation = modelInstallation(model);
  const [inForce, [digest, installableAt], governs, { timestamp }] = await Promise.all([
    client.readContract({ ...oracle, functionName: 'model' }),
    client.readContract({ ...oracle, functionName: 'proposals', args: [INSTALL_MODEL] }),
    client.readContract({ ...oracle, functionName: 'hasRole', args: [GOVERNOR_ROLE, account.address] }),
    client.getBlock({ blockTag: 'latest' }),
  ]);
  if (modelInstallation(inForce) === installation) return 'done';
  const proposed = digest === keccak256(installation);
  if (kind === 'propose-model') {
    if (proposed) return 'done';
    const args = [installation] as const;
    return governs
      ? {
          to: deployment.oracle,
          data: encodeFunctionData({ abi: ORACLE_ABI, functionName: 'propose', args }),
        }
      : undefined;
  }
  if (!governs || !proposed || installableAt > timestamp) return undefined;
  return { to: deployment.oracle, data: installation };
}
