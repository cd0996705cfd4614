// Long because signing, sending, replacing and confirming are steps over one state, and their order is what is promised.
import {
  type Address,
  BaseError,
  type Block,
  type Hex,
  isAddressEqual,
  keccak256,
  parseTransaction,
  type TransactionReceipt,
} from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { messageOf, ZkriskError } from '#lib/errors';
import type { ChainClient } from './chain-client.js';
import { ChainError } from './errors.js';
import { knownReceipt } from './mined-receipt.js';
import { revertReason } from './revert-reason.js';

/** One signed form of a transaction: the same nonce, other fees. */
export interface Attempt {
  readonly hash: Hex;
  readonly raw: Hex;
  readonly maxFeePerGas: string;
  readonly maxPriorityFeePerGas: string;
  /** wall-clock milliseconds */
  readonly at: number;
  /** head of the chain when it was signed: its nonce was not used then */
  readonly afterBlock: number;
}

export type TransactionStatus = 'waiting' | 'sent' | 'mined' | 'confirmed' | 'refused';

/** A transaction from request to confirmation, as it is kept. */
export interface StoredTransaction {
  readonly id: string;
  readonly ordinal: number;
  status: TransactionStatus;
  nonce: number | null;
  attempts: readonly Attempt[];
  /** of the attempt that was mined */
  hash: Hex | null;
  blockNumber: number | null;
  blockHash: Hex | null;
  gasUsed: number | null;
  reason: string | null;
}

/** Where transactions are kept. A write that has returned has survived whatever comes next. */
export interface TransactionStore {
  /** those that are neither confirmed nor refused, in order */
  open(): Promise<StoredTransaction[]>;
  /** highest nonce ever given to one, confirmed ones included; null where none was */
  lastNonce(): Promise<number | null>;
  /** the last ones that were confirmed, oldest first: enough to notice that a node has lost blocks */
  lately(): Promise<StoredTransaction[]>;
  save(transaction: StoredTransaction): Promise<void>;
}

/** A transaction's call. Made when it is sent, from the chain as it is then. */
export interface Call {
  readonly to: Address;
  readonly data: Hex;
}

export interface SenderOptions {
  /** blocks on top of the one a transaction is in, before it counts as confirmed */
  readonly confirmations: number;
  /** milliseconds after which a transaction that is not mined is offered with higher fees */
  readonly replaceAfterMs: number;
  /** wei a gas: no fee above it; while the chain asks for more, it waits */
  readonly highestFeePerGas: bigint;
}

/** A replacement must pay a tenth more to be taken; an eighth leaves room for rounding. */
const RAISE = 1125n;

/**
 * Sends transactions of one account one after the other, so that none is lost and none is done twice:
 *
 * - A transaction is signed and kept before it is sent. Whatever is killed afterwards, the same bytes are offered again.
 * - All attempts at one transaction carry its nonce: the chain takes at most one.
 * - The next nonce is used only when the one before is mined; a block that is taken back makes its transaction `sent` again.
 * - A nonce that somebody else has used is given up only when that is confirmed.
 */
export class TransactionSender {
  constructor(
    private readonly client: ChainClient,
    private readonly account: PrivateKeyAccount,
    private readonly store: TransactionStore,
    /** a transaction's call; undefined: not ready; 'done': another account's transaction has done it; throws if it can never be sent */
    private readonly callOf: (id: string) => Promise<Call | 'done' | undefined>,
    private readonly options: SenderOptions,
  ) {}

  /**
   * Advances every open transaction by one step. Call it again and again.
   *
   * @returns whether anything is still open
   */
  async advance(): Promise<boolean> {
    const open = await this.store.open();
    let pendingBefore = false;
    for (const transaction of open) {
      if (transaction.status === 'sent' || transaction.status === 'mined') await this.follow(transaction);
      if (transaction.status === 'waiting' && !pendingBefore) {
        const unconfirmed = open.some(({ status }) => status === 'mined');
        await this.begin(transaction, unconfirmed);
      }
      // Only one is on its way at a time; a mined one may be followed by the next before it is confirmed.
      if (transaction.status === 'sent' || transaction.status === 'waiting') pendingBefore = true;
    }
    return open.some(({ status }) => status !== 'confirmed' && status !== 'refused');
  }

  /**
   * Whether the chain still has the transactions confirmed lately. A node that comes back from an old state has not: missing ones are
   * offered again, the same bytes. To be called once, at the start.
   */
  async recheck(): Promise<void> {
    for (const transaction of await this.store.lately()) {
      // Another account's: nothing here to offer again.
      if (transaction.attempts.length === 0) continue;
      if ((await this.receipt(transaction.attempts)) !== undefined) continue;
      await this.takeBack(transaction);
    }
  }

  /** Its block is gone: it is on its way again. */
  private takeBack(transaction: StoredTransaction): Promise<void> {
    const block = { hash: null, blockNumber: null, blockHash: null, gasUsed: null };
    return this.store.save(Object.assign(transaction, { status: 'sent', ...block }));
  }

  private async begin(transaction: StoredTransaction, unconfirmed: boolean): Promise<void> {
    let gas: bigint;
    let call: Call;
    try {
      const made = await this.callOf(transaction.id);
      if (made === undefined) return;
      if (made === 'done') {
        await this.store.save(Object.assign(transaction, { status: 'confirmed' }));
        return;
      }
      call = made;
      gas = await this.client.estimateGas({ account: this.account, ...call });
    } catch (error) {
      // A database that cannot be reached, say: nothing is wrong with the transaction.
      if (!(error instanceof BaseError) && !(error instanceof ZkriskError)) throw error;
      const reason = revertReason(error);
      // A reorganisation may be the cause: wait until its predecessors are confirmed.
      if (reason === undefined || unconfirmed) return;
      await this.store.save(Object.assign(transaction, { status: 'refused', reason }));
      return;
    }
    const fees = await this.fees();
    if (fees === undefined) return;
    const last = await this.store.lastNonce();
    const next = await this.client.getTransactionCount({ address: this.account.address, blockTag: 'latest' });
    const nonce = last === null ? next : Math.max(last + 1, next);
    // After a chain that has lost blocks the count may be behind: transactions mined before are offered again first.
    const attempt = await this.sign(call, nonce, (gas * 13n) / 10n, fees);
    await this.store.save(Object.assign(transaction, { status: 'sent', nonce, attempts: [attempt] }));
    await this.offer(attempt);
  }

  private async follow(transaction: StoredTransaction): Promise<void> {
    const receipt = await this.receipt(transaction.attempts);
    if (receipt !== undefined) {
      const head = await this.client.getBlockNumber();
      const status =
        head - receipt.blockNumber < BigInt(this.options.confirmations)
          ? 'mined'
          : receipt.status === 'success'
            ? 'confirmed'
            : 'refused';
      const reason = status === 'refused' ? await this.reasonOf(receipt) : null;
      await this.store.save(
        Object.assign(transaction, {
          status,
          reason,
          hash: receipt.transactionHash,
          blockNumber: Number(receipt.blockNumber),
          blockHash: receipt.blockHash,
          gasUsed: Number(receipt.gasUsed),
        }),
      );
      return;
    }
    if (transaction.status === 'mined') {
      await this.takeBack(transaction);
    }
    if (await this.nonceIsTaken(transaction.nonce!)) {
      // A receipt that is missing proves nothing: it may have come since, or the node may be behind or have lost it. Only who
      // used the nonce does; an attempt of ours given up on less would be done twice.
      const user = await this.userOf(transaction);
      if (transaction.attempts.some(({ hash }) => hash === user)) return;
      await this.store.save(Object.assign(transaction, { status: 'waiting', nonce: null, attempts: [] }));
      return;
    }
    const latest = transaction.attempts.at(-1)!;
    if (Date.now() - latest.at < this.options.replaceAfterMs) {
      await this.offer(latest);
      return;
    }
    await this.replace(transaction, latest);
  }

  /** The same transaction with higher fees. */
  private async replace(transaction: StoredTransaction, latest: Attempt): Promise<void> {
    const fees = await this.fees();
    const raised = (value: string) => (BigInt(value) * RAISE) / 1000n + 1n;
    const maxPriorityFeePerGas = larger(
      fees?.maxPriorityFeePerGas ?? 0n,
      raised(latest.maxPriorityFeePerGas),
    );
    const maxFeePerGas = larger(fees?.maxFeePerGas ?? 0n, raised(latest.maxFeePerGas));
    if (fees === undefined || maxFeePerGas > this.options.highestFeePerGas) {
      await this.offer(latest);
      return;
    }
    const { to, data, gas } = partsOf(latest);
    const attempt = await this.sign({ to, data }, transaction.nonce!, gas, {
      maxFeePerGas,
      maxPriorityFeePerGas,
    });
    await this.store.save(Object.assign(transaction, { attempts: [...transaction.attempts, attempt] }));
    await this.offer(attempt);
  }

  private async sign(
    { to, data }: Call,
    nonce: number,
    gas: bigint,
    fees: { maxFeePerGas: bigint; maxPriorityFeePerGas: bigint },
  ): Promise<Attempt> {
    const chainId = await this.client.getChainId();
    const afterBlock = Number(await this.client.getBlockNumber());
    const raw = await this.account.signTransaction({
      type: 'eip1559',
      chainId,
      to,
      data,
      nonce,
      gas,
      ...fees,
    });
    return {
      hash: keccak256(raw),
      raw,
      maxFeePerGas: String(fees.maxFeePerGas),
      maxPriorityFeePerGas: String(fees.maxPriorityFeePerGas),
      at: Date.now(),
      afterBlock,
    };
  }

  /** A node that has it already, or a chain that has used the nonce, says so with an error: following finds out which. */
  private async offer({ raw }: Attempt): Promise<void> {
    await this.client.sendRawTransaction({ serializedTransaction: raw }).catch((error: unknown) => {
      if (!(error instanceof BaseError)) throw error;
    });
  }

  private async receipt(attempts: readonly Attempt[]): Promise<TransactionReceipt | undefined> {
    for (const { hash } of attempts) {
      const receipt = await knownReceipt(this.client, hash);
      if (receipt !== undefined) return receipt;
    }
    return undefined;
  }

  /** Whether a transaction was confirmed with this nonce, ours or another. */
  private async nonceIsTaken(nonce: number): Promise<boolean> {
    const head = await this.client.getBlockNumber();
    const settled = head - BigInt(this.options.confirmations);
    if (settled < 0n) return false;
    const count = await this.client.getTransactionCount({
      address: this.account.address,
      blockNumber: settled,
    });
    return count > nonce;
  }

  /**
   * The transaction that has used a nonce, searched from where it was still free to the last block that is final.
   *
   * @throws {ChainError} where the node has no such transaction, though it counts it
   */
  private async userOf({ nonce, attempts }: StoredTransaction): Promise<Hex> {
    const { confirmations } = this.options;
    const last = (await this.client.getBlockNumber()) - BigInt(confirmations);
    // A reorganisation may have moved it to below the head of that time.
    const first = BigInt(Math.max(0, attempts[0].afterBlock - confirmations));
    for (let blockNumber = first; blockNumber <= last; blockNumber++) {
      const { transactions } = await this.client.getBlock({ blockNumber, includeTransactions: true });
      const user = transactions.find(
        ({ from, nonce: used }) => used === nonce && isAddressEqual(from, this.account.address),
      );
      if (user !== undefined) return user.hash;
    }
    throw new ChainError(
      `nonce ${nonce} of ${this.account.address} is used, but by no transaction the node has in blocks ${first} to ${last}`,
    );
  }

  /** Twice the base fee and the tip asked; undefined where that is above the highest fee: it is waited out. */
  private async fees(): Promise<{ maxFeePerGas: bigint; maxPriorityFeePerGas: bigint } | undefined> {
    const block: Block = await this.client.getBlock({ blockTag: 'latest' });
    const maxPriorityFeePerGas = await this.client.estimateMaxPriorityFeePerGas().catch(() => 1_000_000_000n);
    const base = block.baseFeePerGas ?? 0n;
    if (base + maxPriorityFeePerGas > this.options.highestFeePerGas) return undefined;
    const generous = 2n * base + maxPriorityFeePerGas;
    return {
      maxFeePerGas: generous > this.options.highestFeePerGas ? this.options.highestFeePerGas : generous,
      maxPriorityFeePerGas,
    };
  }

  private async reasonOf({ transactionHash, blockNumber }: TransactionReceipt): Promise<string> {
    const { to, input, gas } = await this.client.getTransaction({ hash: transactionHash });
    try {
      await this.client.call({ account: this.account, to, data: input, gas, blockNumber: blockNumber - 1n });
      return 'it reverted, but would not have a block earlier';
    } catch (error) {
      return revertReason(error) ?? messageOf(error);
    }
  }
}

function partsOf({ raw }: Attempt): Call & { readonly gas: bigint } {
  const { to, data = '0x', gas } = parseTransaction(raw as `0x02${string}`);
  return { to: to!, data, gas: gas! };
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
