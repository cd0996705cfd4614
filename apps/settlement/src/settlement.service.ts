import { Logger } from '@nestjs/common';
import { encodeFunctionData, type Hex, keccak256, pad, parseEventLogs, toHex } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import {
  type Call,
  chainProof,
  type ChainClient,
  type Deployment,
  fromUnits,
  marketBytes,
  modelProposal,
  ORACLE_ABI,
  type OracleModel,
  PRICE_SOURCE_ABI,
  signedPrices,
  type StoredTransaction,
  TransactionSender,
  type TransactionStore,
} from '#lib/chain';
import { messageOf } from '#lib/errors';
import { ConsumeContext, type EventLog, type Lane, type LaneOwner } from '#lib/events';
import {
  type EpochPayload,
  type Message,
  outgoing,
  type ProofPayload,
  type ReceiptPayload,
  TOPICS,
} from '#lib/messages';
import { CLUSTER_SIZE, fieldElement, type Prover } from '#lib/proofs';
import type { ChainTransactionEntity, DatabaseLease } from '#lib/storage';
import { correlated } from '#lib/runtime';
import type { SettlementConfig } from './settlement.config.js';
import type { SettlementRepository } from './settlement.repository.js';

/** One account on the chain: one process sends. */
export const SETTLEMENT_LANE: Lane = { name: 'settlement', spread: 'single' };

/** Instances of the proofs that are read here: see the layouts of the statements. */
const MODEL = 0;
const STATE = 1;
const CORRELATION = 12;

/** The chain that is settled on. */
export interface SettlementChain {
  readonly client: ChainClient;
  readonly account: PrivateKeyAccount;
  readonly deployment: Deployment;
  readonly rpcUrl: string;
  /** whether it is the process beside this one */
  readonly embedded: boolean;
}

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
  private nothing: bigint | undefined;
  private rechecked = false;

  constructor(
    private readonly config: SettlementConfig,
    private readonly repository: SettlementRepository,
    private readonly log: EventLog,
    readonly chain: SettlementChain,
    private readonly prover: Prover,
  ) {
    this.lease = repository.senderLease();
    const store: TransactionStore = {
      open: () => repository.open(),
      lastNonce: () => repository.lastNonce(),
      lately: () => repository.lately(),
      save: (transaction) => this.save(transaction),
    };
    this.sender = new TransactionSender(chain.client, chain.account, store, (id) => this.callOf(id), {
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
    await this.prover.close();
  }

  async onEpochs(messages: readonly Message<EpochPayload>[], context: ConsumeContext): Promise<void> {
    for (const { payload } of messages) await this.repository.addEpoch(context.manager, payload);
    await this.queue(context);
  }

  async onProofs(messages: readonly Message<ProofPayload>[], context: ConsumeContext): Promise<void> {
    for (const { payload } of messages) {
      const { jobId, subject, status, document, reason } = payload;
      await this.repository.keepProof(context.manager, jobId, { document, reason });
      if (subject.kind === 'liquidation' && status === 'proven')
        await this.repository.addTransaction(context.manager, `attest-${subject.id}`, 'attest', {
          planId: subject.id,
        });
    }
    await this.queue(context);
  }

  /** Epochs are settled in order: each waits for its own proofs and for the epochs before it. */
  private async queue(context: ConsumeContext): Promise<void> {
    for (const { epochId, status, epoch } of await this.repository.pending(context.manager)) {
      if (status === 'settling') continue;
      const { clusters, pricing, chained } = epoch as EpochPayload;
      const jobs = [...clusters, pricing].map(({ jobId }) => jobId);
      const proofs = await this.repository.proofs(context.manager, jobs);
      const failed = jobs.find((job) => proofs.get(job)?.document === null);
      if (failed !== undefined) {
        const reason = `${failed} could not be proven: ${proofs.get(failed)!.reason}`;
        await this.repository.setEpoch(context.manager, epochId, 'failed', { reason });
        continue;
      }
      if (proofs.size < jobs.length) return;
      const add = (kind: ChainTransactionEntity['kind']) =>
        this.repository.addTransaction(context.manager, `${kind}-${epochId}`, kind, { epochId });
      await add('prices');
      if (!chained) {
        await add('propose-model');
        await add('install-model');
      }
      await add('publish');
      await this.repository.setEpoch(context.manager, epochId, 'settling');
    }
  }

  private async advance(): Promise<void> {
    // Who has been given the lane last may not know yet that another one sends.
    if (!(await this.lease.hold())) return;
    if (!this.rechecked) await this.sender.recheck();
    this.rechecked = true;
    await this.sender.advance();
  }

  /** What has become final is told in the transaction that says so. */
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
          // What would follow can only be refused as well.
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

  /** Made from the epoch and its proofs, which are kept, and the chain as it is. */
  private async callOf(id: string): Promise<Call | undefined> {
    const { kind, epochId, planId } = (await this.repository.transaction(id))!;
    const { oracle, prices } = this.chain.deployment;
    const { manager } = this.repository.database;
    if (kind === 'attest') {
      const job = `liquidation-${planId}`;
      const { document } = (await this.repository.proofs(manager, [job])).get(job)!;
      const args = [planDigest(planId!), chainProof(document!)] as const;
      return {
        to: oracle,
        data: encodeFunctionData({ abi: ORACLE_ABI, functionName: 'attestLiquidation', args }),
      };
    }
    const epoch = (await this.repository.epoch(epochId!))!.epoch as EpochPayload;
    const bar = BigInt(epoch.barEnd / 1000);
    const barSeconds = epoch.barMs / 1000;
    if (kind === 'prices') return { to: prices, data: await this.pricesOf(epoch, bar) };
    const jobs = [...epoch.clusters, epoch.pricing].map(({ jobId }) => jobId);
    const proofs = await this.repository.proofs(manager, jobs);
    const documents = jobs.map((job) => chainProof(proofs.get(job)!.document!));
    const covariances = documents.slice(0, -1);
    const pricing = documents.at(-1)!;
    if (kind === 'publish') {
      const [last] = await this.chain.client.readContract({
        address: oracle,
        abi: ORACLE_ABI,
        functionName: 'measure',
      });
      // A power of two: exact above one.
      const unit = epoch.unit >= 1 ? BigInt(epoch.unit) * 10n ** 18n : BigInt(Math.round(epoch.unit * 1e18));
      const args = [{ number: last.number + 1n, bar, unit, covariances, pricing }] as const;
      return { to: oracle, data: encodeFunctionData({ abi: ORACLE_ABI, functionName: 'publish', args }) };
    }
    const model: OracleModel = {
      clusters: epoch.clusters.map(({ markets }, c) => ({
        model: covariances[c].instances[MODEL],
        state: covariances[c].instances[STATE],
        markets: markets.map(marketBytes),
      })),
      correlation: pricing.instances[CORRELATION],
      nothing: await this.commitmentOfNothing(),
      stateBar: bar - BigInt(barSeconds),
      barSeconds,
    };
    if (kind === 'install-model' && !(await this.installable(model))) return undefined;
    const functionName = kind === 'propose-model' ? 'proposeModel' : 'installModel';
    return { to: oracle, data: encodeFunctionData({ abi: ORACLE_ABI, functionName, args: [model] }) };
  }

  /** Whether the oracle's delay after the model's proposal is over. */
  private async installable(model: OracleModel): Promise<boolean> {
    const { client, deployment } = this.chain;
    const [at, { timestamp }] = await Promise.all([
      client.readContract({
        address: deployment.oracle,
        abi: ORACLE_ABI,
        functionName: 'installableAt',
        args: [modelProposal(model)],
      }),
      client.getBlock({ blockTag: 'latest' }),
    ]);
    return at !== 0n && at <= timestamp;
  }

  /** The closing prices of the bar and of the one before, in one call; what is held already is left. */
  private async pricesOf(epoch: EpochPayload, bar: bigint): Promise<Hex> {
    const source = { chainId: this.chain.deployment.chainId, address: this.chain.deployment.prices };
    const at = (of: 'before' | 'after') =>
      epoch.prices.map((price) => ({ market: price.market, price: price[of].toFixed(18) }));
    const updates = [
      { bar: bar - BigInt(epoch.barMs / 1000), prices: at('before') },
      { bar, prices: at('after') },
    ];
    const signed = await Promise.all(
      updates.map((update) => signedPrices(this.chain.account, source, update.bar, update.prices)),
    );
    const calls = signed.map((args) =>
      encodeFunctionData({ abi: PRICE_SOURCE_ABI, functionName: 'submit', args }),
    );
    return encodeFunctionData({ abi: PRICE_SOURCE_ABI, functionName: 'multicall', args: [calls] });
  }

  /** What a cluster that is not there commits to: a row of zeros. */
  private async commitmentOfNothing(): Promise<bigint> {
    this.nothing ??= fieldElement(await this.prover.commit(new Array<bigint>(CLUSTER_SIZE + 1).fill(0n)));
    return this.nothing;
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
  async onChain(): Promise<{ number: number; entropicValueAtRisk: number; fresh: boolean } | undefined> {
    const [{ number, upper, unit }, fresh] = await this.chain.client.readContract({
      address: this.chain.deployment.oracle,
      abi: ORACLE_ABI,
      functionName: 'measure',
    });
    if (number === 0n) return undefined;
    return { number: Number(number), entropicValueAtRisk: inQuote(upper, unit), fresh };
  }
}

/** Percent of the unit of account, in units of 2^−24, as money. */
function inQuote(percent: bigint, unit: bigint): number {
  return (fromUnits(percent) / 100) * (Number(unit) / 1e18);
}

/** A plan's name on the chain: its id, hashed where it is longer than 32 bytes. */
export function planDigest(planId: string): Hex {
  const bytes = toHex(planId);
  return bytes.length <= 66 ? pad(bytes, { dir: 'right', size: 32 }) : keccak256(bytes);
}
