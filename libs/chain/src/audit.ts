import type { Address, Hex } from 'viem';
import { loadArtifacts, type Prover } from '#lib/proofs';
import { AuditedChain, label } from './audit-chain.js';
import { contractFailures } from './audit-contracts.js';
import { type AuditedEpoch, EpochAuditor } from './audit-epochs.js';
import { type AuditedTrades, auditJournals } from './audit-journals.js';
import { type AuditedLiquidation, auditLiquidation } from './audit-liquidations.js';
import { chainClient } from './chain-client.js';
import { ChainError } from './errors.js';
import { ORACLE_ABI } from './oracle-abi.js';

export interface Audit {
  readonly chainId: number;
  readonly oracle: Address;
  readonly srs: 'development' | 'ceremony';
  readonly epochs: readonly AuditedEpoch[];
  readonly liquidations: readonly AuditedLiquidation[];
  readonly trades: Omit<AuditedTrades, 'failures'>;
  /** faults of the contracts themselves, and of the state they are in at the end */
  readonly failures: readonly string[];
  /** the first block in which something does not hold; null where everything does, or nothing can be laid to a block */
  readonly firstBreak: { readonly block: number; readonly what: string } | null;
  readonly holds: boolean;
}

/**
 * Everything an oracle has taken, verified again from the transactions' calldata by someone who has a node and this program and trusts
 * neither the oracle nor its publisher: every proof, the chain of states, that returns are those of the price source, the
 * counters of exceedances, the inputs of liquidations, and that keys and contracts are those of this program.
 *
 * @throws {ChainError} where there is no oracle at the address
 */
export async function auditOracle(
  rpcUrl: string,
  oracle: Address,
  prover: Prover,
  onProgress: (line: string) => void = () => undefined,
): Promise<Audit> {
  const client = chainClient(rpcUrl);
  if ((await client.getCode({ address: oracle })) === undefined)
    throw new ChainError(`there is no contract at ${oracle}`);
  const read = <Name extends 'budget' | 'prices' | 'attestor'>(functionName: Name) =>
    client.readContract({ address: oracle, abi: ORACLE_ABI, functionName });
  const [attestor, budget, source] = [await read('attestor'), await read('budget'), await read('prices')];
  const chain = new AuditedChain(client, oracle, attestor, prover, budget, source);
  const failures = await contractFailures(chain);
  const auditor = new EpochAuditor(chain);
  const epochs: AuditedEpoch[] = [];
  const liquidations: AuditedLiquidation[] = [];
  const roots = new Map<number, Hex | null>();
  for (const event of await chain.events()) {
    const { transactionHash: transaction, blockNumber: block } = event;
    if (event.eventName === 'ModelInstalled') auditor.install(event.args.model!);
    else if (event.eventName === 'BindingInstalled') auditor.bind(event.args.binding!);
    else if (event.eventName === 'EpochPublished') {
      const { upper, digest } = event.args;
      const epoch = await auditor.epoch({ transaction, block, upper: upper!, digest: digest! });
      epochs.push(epoch);
      roots.set(epoch.number, epoch.root);
      onProgress(
        `epoch ${epoch.number} ${epoch.bar}: ${epoch.failures.length === 0 ? 'holds' : epoch.failures.join('; ')}`,
      );
    } else if (event.eventName === 'LiquidationAttested') {
      const { plan, digest } = event.args;
      const { proven, published } = auditor;
      const attested = { transaction, block, plan: plan!, digest: digest! };
      const liquidation = await auditLiquidation(chain, { proven, published, roots }, attested);
      liquidations.push(liquidation);
      onProgress(
        `liquidation ${label(liquidation.plan)}: ${liquidation.failures.length === 0 ? liquidation.proves : liquidation.failures.join('; ')}`,
      );
    }
  }
  failures.push(...(await auditor.ending()));
  const { failures: premia, ...trades } = await auditJournals(chain, auditor.published);
  const broken = [
    ...epochs.map(({ block, number, failures: found }) => ({ block, found, name: `epoch ${number}` })),
    ...liquidations.map(({ block, plan, failures: found }) => ({
      ...{ block, found, name: `liquidation ${label(plan)}` },
    })),
  ]
    .filter(({ found }) => found.length > 0)
    .map(({ block, found, name }) => ({ block, what: `${name}: ${found.join('; ')}` }))
    .concat(premia)
    .sort((a, b) => a.block - b.block);
  return {
    chainId: await client.getChainId(),
    oracle,
    srs: loadArtifacts('bar').srsKind,
    epochs,
    liquidations,
    trades,
    failures: [...failures, ...premia.map(({ what }) => what)],
    firstBreak: broken.at(0) ?? null,
    holds: failures.length === 0 && broken.length === 0,
  };
}
