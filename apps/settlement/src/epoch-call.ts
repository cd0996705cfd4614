import { encodeFunctionData, type Hex, keccak256 } from 'viem';
import {
  type Call,
  chainProof,
  encodeBook,
  type ChainProof,
  INSTALL_MODEL,
  marketBytes,
  modelInstallation,
  type OpenedBook,
  ORACLE_ABI,
  type OracleModel,
  PRICE_SOURCE_ABI,
  publicValue,
  GOVERNOR_ROLE,
} from '#lib/chain';
import { poolAmounts } from '#lib/commitment';
import type { BookCommitmentPayload, EpochPayload } from '#lib/messages';
import { type ProofDocument, unitAmount } from '#lib/proofs';
import type { SettlementChain } from './settlement-chain.js';

/** An epoch with its proofs, as the oracle takes it. */
export interface ProvenEpoch {
  readonly payload: EpochPayload;
  /** one for each part of the model */
  readonly bars: readonly ChainProof[];
}

/** @param documents by job, as they were kept */
export function provenEpoch(
  payload: EpochPayload,
  documents: ReadonlyMap<string, ProofDocument>,
): ProvenEpoch {
  return { payload, bars: payload.bars.map(({ jobId }) => chainProof(documents.get(jobId)!)) };
}

/** The model an epoch's proofs are of, with the state they start from. */
export function oracleModel({ payload, bars }: ProvenEpoch): OracleModel {
  return {
    parts: payload.bars.map(({ markets }, p) => ({
      model: publicValue(bars[p], 'bar', 'modelCommitment'),
      state: publicValue(bars[p], 'bar', 'stateCommitment'),
      markets: markets.map(marketBytes),
    })),
    stateBar: BigInt((payload.barEnd - payload.barMs) / 1000),
    barSeconds: payload.barMs / 1000,
    horizonBars: payload.horizonBars,
  };
}

/** A book's commitment in the numbers of the contracts. */
export function openedBook({ digest, sums, pool, journal }: BookCommitmentPayload): OpenedBook {
  return {
    ...{ digest: digest as Hex, sums: sums as Hex, pool: poolAmounts(pool) },
    journal: { root: journal.root as Hex, entries: journal.entries },
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
  const { payload, bars } = epoch;
  const unit = unitAmount(payload.unit);
  const bar = BigInt(payload.barEnd / 1000);
  const markets = payload.bars.flatMap((part) => part.markets);
  const book = encodeBook(openedBook(payload.book), markets);
  // Prices at the beginning of the bar: the oracle compares them with those that the epoch before ended at.
  const before = await client.readContract({
    ...{ address: deployment.prices, abi: PRICE_SOURCE_ABI, functionName: 'pricesAt' },
    args: [markets.map(marketBytes), bar - BigInt(payload.barMs / 1000)],
  });
  const args = [{ number: last.number + 1n, bar, unit, before, bars, book }] as const;
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
