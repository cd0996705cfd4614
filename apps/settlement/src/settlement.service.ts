// Long because an epoch passes its states in one place: proven, prices sent, published, its plans attested.
import { Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { parseEventLogs } from 'viem';
import {
  fromUnits,
  ORACLE_ABI,
  type StoredTransaction,
  TransactionSender,
  type TransactionStore,
} from '#lib/chain';
import { messageOf } from '#lib/errors';
import { ConsumeContext, type EventLog, type Lane, type LaneOwner } from '#lib/events';
import {
  type EpochPayload,
  type InclusionPayload,
  type Message,
  outgoing,
  type ParametersPayload,
  type ProofPayload,
  type ReceiptPayload,
  TOPICS,
} from '#lib/messages';
import type { ChainTransactionEntity, DatabaseLease } from '#lib/storage';
import { correlated } from '#lib/runtime';
import { HeldAnswer } from '#lib/service';
import { pricedPlan } from './price-call.js';
import type { SettlementCalls } from './settlement-calls.js';
import type { SettlementChain } from './settlement-chain.js';
import type { SettlementConfig } from './settlement.config.js';
import type { SettlementRepository } from './settlement.repository.js';

/** How long an answer of the chain is repeated over REST. */
const ON_CHAIN_HELD_MS = 2000;

/** One account on the chain: one process sends. */
export const SETTLEMENT_LANE: Lane = { name: 'settlement', spread: 'single' };

/** Brings epochs and liquidation plans whose proofs have come to the chain, in order. */
export class SettlementService implements LaneOwner {
  private readonly logger = new Logger(SettlementService.name);
  private readonly sender: TransactionSender;
  private timer: NodeJS.Timeout | undefined;
  private working: Promise<void> = Promise.resolve();
  private sending = false;
  private closed = false;
  private readonly lease: DatabaseLease;
  /** since the start */
  readonly counts = { epochs: 0, liquidations: 0, refused: 0 };
  private rechecked = false;
  /** anybody may ask, without a key: the node is asked once for all */
  private readonly reading = new HeldAnswer(() => this.readOnChain(), ON_CHAIN_HELD_MS);

  constructor(
    private readonly config: SettlementConfig,
    private readonly repository: SettlementRepository,
    private readonly log: EventLog,
    readonly chain: SettlementChain,
    private readonly calls: SettlementCalls,
  ) {
    this.lease = repository.senderLease();
    const store: TransactionStore = {
      open: () => repository.open(),
      lastNonce: () => repository.lastNonce(),
      lately: () => repository.lately(),
      save: (transaction) => this.save(transaction),
    };
    this.sender = new TransactionSender(chain.client, chain.account, store, (id) => calls.of(id), {
      confirmations: config.CHAIN_CONFIRMATIONS,
      replaceAfterMs: config.CHAIN_REPLACE_AFTER_SECONDS * 1000,
      highestFeePerGas: BigInt(Math.round(config.CHAIN_HIGHEST_FEE_GWEI * 1e9)),
    });
  }

  /** The account on the chain is ours to send from. */
  restore(): Promise<void> {
    if (this.sending || this.closed) return Promise.resolve();
    this.sending = true;
    this.rechecked = false;
    const turn = () => {
      this.working = this.advance().catch((error: unknown) => {
        this.logger.warn(`the chain cannot be reached: ${messageOf(error).split('\n')[0]}`);
      });
      void this.working.then(() => {
        if (this.sending) this.timer = setTimeout(turn, this.config.CHAIN_POLL_MS);
      });
    };
    turn();
    return Promise.resolve();
  }

  /** Another process sends. */
  async release(): Promise<void> {
    this.sending = false;
    clearTimeout(this.timer);
    await this.working;
    await this.lease.giveUp();
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.release();
  }

  /** Parameters of all versions are kept: a plan is attested with those that were in force on the chain. */
  async onParameters(
    messages: readonly Message<ParametersPayload>[],
    { manager }: ConsumeContext,
  ): Promise<void> {
    for (const { payload } of messages)
      await this.repository.keepParameters(manager, payload.version, payload.parameters);
  }

  async onEpochs(messages: readonly Message<EpochPayload>[], context: ConsumeContext): Promise<void> {
    for (const { payload } of messages) await this.repository.addEpoch(context.manager, payload);
    await this.queue(context);
  }

  async onProofs(messages: readonly Message<ProofPayload>[], context: ConsumeContext): Promise<void> {
    for (const { payload } of messages) {
      const { jobId, subject, status, document, reason } = payload;
      await this.repository.keepProof(context.manager, jobId, { document, reason });
      if (subject.kind === 'liquidation' && status === 'proven') await this.onLiquidation(payload, context);
    }
    await this.queue(context);
  }

  /** A plan is attested with the variances of the epoch whose bar it was opened in. */
  private async onLiquidation(
    { subject, positions, collateral }: ProofPayload,
    { manager }: ConsumeContext,
  ): Promise<void> {
    const epoch = subject.at === null ? null : await this.repository.epochAt(manager, subject.at);
    if (epoch === null || positions === null || collateral === null || epoch.status === 'failed') {
      this.logger.warn(`plan ${subject.id} rests on a bar that is not proven: it is not attested`);
      return;
    }
    await this.repository.keepPlan(manager, subject.id, {
      epochId: epoch.epochId,
      at: subject.at!,
      ...{ positions, collateral },
    });
    await this.attest(manager, subject.id);
  }

  async onInclusions(
    messages: readonly Message<InclusionPayload>[],
    { manager }: ConsumeContext,
  ): Promise<void> {
    for (const { payload } of messages) {
      const { planId, account, inclusion } = payload;
      if (inclusion === null) {
        this.logger.warn(
          `${account} of plan ${planId} is not in the book of the bar before: the plan is not attested`,
        );
        continue;
      }
      await this.repository.keepLeaf(manager, planId, inclusion);
      await this.attest(manager, planId);
    }
  }

  /** A plan is attested once its proof, its account's leaf and its epoch's proofs are there, in whatever order they come. */
  private async attest(manager: EntityManager, planId: string): Promise<void> {
    const [plan, leaf] = [
      await this.repository.plan(planId, manager),
      await this.repository.leaf(planId, manager),
    ];
    if (plan === undefined || leaf === undefined) return;
    const epoch = (await this.repository.epoch(plan.epochId, manager))!;
    if (epoch.status !== 'settling' && epoch.status !== 'settled') return;
    if (Date.parse(leaf.barEnd) !== Number(epoch.barEnd)) {
      this.logger.warn(
        `the leaf of plan ${planId} is of the book of ${leaf.barEnd}, its epoch of another bar: it is not attested`,
      );
      return;
    }
    const job = `liquidation-${planId}`;
    const document = (await this.repository.proofs(manager, [job])).get(job)?.document;
    // A node that does not answer decides nothing here: the call asks it again before it is sent.
    if (
      document?.annex !== undefined &&
      (await this.calls.marginAt(pricedPlan(plan).bar).catch(() => undefined)) === 0n
    ) {
      this.logger.warn(
        `no portfolio margin was registered on the chain when plan ${planId} was made: it is not attested. GET /v1/settlements/awaiting has the governor’s call`,
      );
      return;
    }
    await this.repository.addTransaction(manager, `prices-${planId}`, 'prices', { planId });
    await this.repository.addTransaction(manager, `attest-${planId}`, 'attest', { planId });
  }

  /** Epochs are settled in order: each waits for its own proofs and for the epochs before it. */
  private async queue({ manager }: ConsumeContext): Promise<void> {
    for (const { epochId, status, epoch } of await this.repository.pending(manager)) {
      if (status === 'settling') continue;
      const { bars, chained } = epoch as EpochPayload;
      const jobs = bars.map(({ jobId }) => jobId);
      const proofs = await this.repository.proofs(manager, jobs);
      const failed = jobs.find((job) => proofs.get(job)?.document === null);
      if (failed !== undefined) {
        const reason = `${failed} could not be proven: ${proofs.get(failed)!.reason}`;
        await this.repository.setEpoch(manager, epochId, 'failed', { reason });
        continue;
      }
      if (proofs.size < jobs.length) return;
      const add = (kind: ChainTransactionEntity['kind']) =>
        this.repository.addTransaction(manager, `${kind}-${epochId}`, kind, { epochId });
      await add('prices');
      if (!chained) {
        await add('propose-model');
        await add('install-model');
      }
      await add('publish');
      await this.repository.setEpoch(manager, epochId, 'settling');
      for (const planId of await this.repository.plansOf(manager, epochId))
        await this.attest(manager, planId);
    }
  }

  private async advance(): Promise<void> {
    // Who has been given the lane last may not know yet that another one sends.
    if (!(await this.lease.hold())) return;
    if (!this.rechecked) await this.sender.recheck();
    this.rechecked = true;
    await this.sender.advance();
  }

  /** A final transaction is published in the database transaction that records it. */
  private async save(transaction: StoredTransaction): Promise<void> {
    const { id, status, hash, blockNumber, gasUsed, reason } = transaction;
    if (status !== 'confirmed' && status !== 'refused') {
      await this.repository.save(transaction);
      return;
    }
    const stored = (await this.repository.transaction(id))!;
    const { kind, epochId } = stored;
    const receipt: ReceiptPayload = {
      transactionId: id,
      kind,
      epochId,
      status,
      srs: this.chain.deployment.srs,
      hash,
      blockNumber,
      gasUsed,
      reason,
    };
    const header = { id: `receipt-${id}`, sequence: Number(stored.ordinal), time: Date.now() };
    const number =
      kind === 'publish' && status === 'confirmed' ? await this.epochNumber(transaction) : undefined;
    await this.log.publish([outgoing(TOPICS.receipts, id, header, receipt)], {
      source: 'settlement-sender',
      write: async (manager) => {
        await this.repository.write(manager, transaction);
        if (epochId === null) return;
        if (number !== undefined) await this.repository.setEpoch(manager, epochId, 'settled', { number });
        if (status === 'refused') {
          await this.repository.setEpoch(manager, epochId, 'failed', {
            reason: `${kind} was refused: ${reason}`,
          });
          // Later transactions could only be refused as well.
          await manager.query(
            `update chain_transaction set status = 'refused', reason = $2 where epoch_id = $1 and status = 'waiting'`,
            [epochId, `${id} was refused`],
          );
        }
      },
    });
    if (status === 'refused') this.counts.refused++;
    else if (kind === 'publish') this.counts.epochs++;
    else if (kind === 'attest') this.counts.liquidations++;
    correlated(epochId ?? stored.planId ?? undefined, () => {
      if (status === 'refused') this.logger.error(`${id} was refused: ${reason}`);
      else this.logger.log(`${id}: block ${blockNumber}, ${gasUsed} gas`);
    });
  }

  private async epochNumber({ hash }: StoredTransaction): Promise<number> {
    const { logs } = await this.chain.client.getTransactionReceipt({ hash: hash! });
    const [event] = parseEventLogs({ abi: ORACLE_ABI, eventName: 'EpochPublished', logs });
    return Number(event.args.number);
  }

  /** EVaR by epoch number, as the chain's events say, in quote units. */
  async published(): Promise<Map<number, number>> {
    const events = await this.chain.client.getContractEvents({
      address: this.chain.deployment.oracle,
      abi: ORACLE_ABI,
      eventName: 'EpochPublished',
      fromBlock: 0n,
      strict: true,
    });
    return new Map(events.map(({ args }) => [Number(args.number), inQuote(args.upper, args.unit)]));
  }

  /** Whether any epoch or transaction is still on its way. */
  async outstanding(): Promise<number> {
    const [{ count }] = await this.repository.database.query<{ count: string }[]>(
      `select (select count(*) from settlement_epoch where status in ('proving', 'settling'))
         + (select count(*) from chain_transaction where status in ('waiting', 'sent', 'mined')) as count`,
    );
    return Number(count);
  }

  /** The measure in force on the chain, in quote units. */
  onChain(): Promise<OnChain | undefined> {
    return this.reading.get();
  }

  private async readOnChain(): Promise<OnChain | undefined> {
    const [{ number, upper, unit }, fresh] = await this.chain.client.readContract({
      address: this.chain.deployment.oracle,
      abi: ORACLE_ABI,
      functionName: 'measure',
    });
    if (number === 0n) return undefined;
    return { number: Number(number), entropicValueAtRisk: inQuote(upper, unit), fresh };
  }
}

/** The oracle's newest risk measure. */
interface OnChain {
  readonly number: number;
  readonly entropicValueAtRisk: number;
  readonly fresh: boolean;
}

/** Percent of the unit of account, in units of 2^−24, as money. */
function inQuote(percent: bigint, unit: bigint): number {
  return (fromUnits(percent) / 100) * (Number(unit) / 1e18);
}
