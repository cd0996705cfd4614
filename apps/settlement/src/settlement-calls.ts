import { encodeFunctionData, type Hex, keccak256, pad, toHex } from 'viem';
import {
  ATTESTOR_ABI,
  attestedPortfolio,
  type Call,
  ChainError,
  chainProof,
  digested,
  LINEAR_MARGIN,
  marginDigest,
  marginOnChain,
  marketName,
  modelInstallation,
  ORACLE_ABI,
  type OracleModel,
  type RegisteredMargin,
  withAuditHead,
} from '#lib/chain';
import { poolAmounts } from '#lib/commitment';
import type { EpochPayload, RiskParameters } from '#lib/messages';
import { parseAnnex, parseProof } from '#lib/proofs';
import { modelCall, oracleModel, type ProvenEpoch, provenEpoch, publishCall } from './epoch-call.js';
import { attestedAccount, epochBar } from './attestation-call.js';
import { marginRegistration, registeredMargin } from './margin-record.js';
import { priceCall, type PricedBar, pricedBars, pricedPlan } from './price-call.js';
import type { SettlementChain } from './settlement-chain.js';
import type { SettlementRepository } from './settlement.repository.js';

/** A model that waits for its governor: the two calls to make, the second after the oracle's delay. */
export interface AwaitedModel {
  readonly propose: Hex;
  readonly install: Hex;
  readonly model: OracleModel;
}

/** A portfolio margin that waits for the governor: the call to make, and from when it would be in force. */
export interface AwaitedMargin {
  readonly digest: Hex;
  readonly register: Hex;
  readonly from: bigint;
}

/** Makes the calls of transactions from the epochs and proofs that are kept, and the chain as it is then. */
export class SettlementCalls {
  constructor(
    private readonly chain: SettlementChain,
    private readonly repository: SettlementRepository,
    /** parameters of version 1 */
    private readonly first: RiskParameters,
  ) {}

  /**
   * @returns 'done' where the chain has it by another account's transaction, undefined where it is not time yet
   * @throws {ChainError} for a call that can never be sent
   */
  async of(id: string): Promise<Call | 'done' | undefined> {
    const { kind, epochId, planId } = (await this.repository.transaction(id))!;
    if (kind === 'attest') return this.attestation(planId!);
    if (epochId === null) return this.prices([pricedPlan((await this.repository.plan(planId!))!)]);
    const epoch = (await this.repository.epoch(epochId))!.epoch as EpochPayload;
    if (kind === 'prices') return this.prices(pricedBars(epoch));
    const proven = await this.proven(epoch);
    return kind === 'publish'
      ? this.withAuditHead(await publishCall(this.chain, proven))
      : modelCall(this.chain, kind, oracleModel(proven));
  }

  /** Each epoch carries the end of the audit log's chain: earlier entries can then not be altered unseen. */
  private async withAuditHead(call: Call): Promise<Call> {
    const head = await this.repository.auditHead();
    return head === undefined ? call : { ...call, data: withAuditHead(call.data, head) };
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

  private prices(bars: readonly PricedBar[]): Promise<Call | undefined> {
    return priceCall(this.chain, bars, ({ bar, prices }) =>
      this.repository.reports(
        Number(bar),
        prices.map(({ market }) => market),
      ),
    );
  }

  private async proven(epoch: EpochPayload): Promise<ProvenEpoch> {
    const jobs = epoch.bars.map(({ jobId }) => jobId);
    const proofs = await this.repository.proofs(this.repository.database.manager, jobs);
    return provenEpoch(epoch, new Map([...proofs].map(([job, { document }]) => [job, document!])));
  }

  /**
   * The margin that was in force on the chain, found by its digest among all versions of the parameters.
   *
   * @throws {ChainError} where no portfolio margin was in force, or no version has its digest
   */
  private async marginInForce(time: bigint, markets: readonly string[]): Promise<RegisteredMargin> {
    const { client, deployment } = this.chain;
    const { version, digest } = await marginOnChain(client, deployment.attestor, time);
    if (version === 0n)
      throw new ChainError(
        'no portfolio margin is registered on the chain: such a plan is not attested. GET /v1/settlements/awaiting has the call',
      );
    for (const parameters of [this.first, ...(await this.repository.parameters())]) {
      const made = registeredMargin(parameters, markets);
      if (made !== undefined && marginDigest(digested(made)) === digest) return made;
    }
    throw new ChainError(`no version of the parameters has margin ${version} of the chain, ${digest}`);
  }

  /** Version of the portfolio margin that was in force on the chain; 0 where none was. */
  marginAt(time: bigint): Promise<bigint> {
    const { client, deployment } = this.chain;
    return client.readContract({
      ...{ address: deployment.attestor, abi: ATTESTOR_ABI, functionName: 'marginAt' },
      args: [time],
    });
  }

  /** The margin of the latest parameters for the latest epoch's markets, where the governor has not registered it yet. */
  async awaitedMargin(): Promise<AwaitedMargin | undefined> {
    const [latest] = await this.repository.epochs(1);
    if (latest === undefined) return undefined;
    const markets = (latest.epoch as EpochPayload).bars.flatMap((bar) => bar.markets);
    const made = registeredMargin((await this.repository.latestParameters()) ?? this.first, markets);
    if (made === undefined) return undefined;
    const { client, deployment } = this.chain;
    const [{ timestamp }, delay] = await Promise.all([
      client.getBlock(),
      client.readContract({ address: deployment.oracle, abi: ORACLE_ABI, functionName: 'delay' }),
    ]);
    // A day later than it could be: the governor has that long to send it.
    const from = timestamp + BigInt(delay) + 86_400n;
    const known = await marginOnChain(client, deployment.attestor, from);
    const { digest, call } = marginRegistration(made, from);
    return known.digest === digest ? undefined : { digest, register: call, from };
  }

  /** @returns undefined until the plan's epoch is on the chain */
  private async attestation(planId: string): Promise<Call | undefined> {
    const plan = (await this.repository.plan(planId))!;
    const { number, status, epoch } = (await this.repository.epoch(plan.epochId))!;
    if (status === 'failed')
      throw new ChainError(`${plan.epochId}, which plan ${planId} rests on, is not on the chain`);
    if (number === null) return undefined;
    const inclusion = (await this.repository.leaf(planId))!;
    const job = `liquidation-${planId}`;
    const { document } = (await this.repository.proofs(this.repository.database.manager, [job])).get(job)!;
    const bar = epochBar(number, await this.proven(epoch as EpochPayload));
    const account = attestedAccount(plan, bar, inclusion);
    const { annex } = parseProof(document);
    const portfolio =
      annex === undefined
        ? LINEAR_MARGIN
        : attestedPortfolio(
            parseAnnex(annex),
            await this.marginInForce(account.time, bar.markets.map(marketName)),
            plan.positions.map(({ market }) => market),
            poolAmounts(inclusion.pool),
          );
    const args = [planDigest(planId), bar, account, chainProof(document!), portfolio] as const;
    return {
      to: this.chain.deployment.attestor,
      data: encodeFunctionData({ abi: ATTESTOR_ABI, functionName: 'attestLiquidation', args }),
    };
  }
}

/** A plan's name on the chain: its id, hashed where it is longer than 32 bytes. */
export function planDigest(planId: string): Hex {
  const bytes = toHex(planId);
  return bytes.length <= 66 ? pad(bytes, { dir: 'right', size: 32 }) : keccak256(bytes);
}
